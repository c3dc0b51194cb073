//! Who may work on an operation, and for how long.

use domain::operation::{
    Ending, Event, Failure, Gate, Generation, Hold, LEASE, Operation, Outcome, Rejected, State, Terms, Token,
};

use super::scene::{TOKEN, at, at_for, due, due_at, gated, id, run, running, running_with_heir, shop, time};

fn done(token: Token) -> Event {
    Event::Finished { token, outcome: Outcome::Done { seen: Generation(1) } }
}

fn lose(operation: Operation, second: i64) -> Operation {
    operation.transition(Event::LeaseLost, &at(second)).expect("the lease has run out")
}

#[test]
fn a_late_worker_cannot_finish_what_another_has_claimed() {
    let lost = lose(running(1, shop(), 1), 30);
    assert_eq!(lost.clone().transition(done(TOKEN), &at(31)), Err(Rejected::NotRunning));

    let claimed = lost.transition(Event::Claimed, &at(31)).expect("it is due again");
    assert_eq!(claimed.clone().transition(done(TOKEN), &at(32)), Err(Rejected::StaleToken));
    assert_eq!(
        claimed.clone().transition(Event::KeptAlive { token: TOKEN }, &at(32)),
        Err(Rejected::StaleToken)
    );
    assert_eq!(
        claimed.clone().transition(Event::GivenBack { token: TOKEN }, &at(32)),
        Err(Rejected::StaleToken)
    );
    assert!(claimed.transition(done(Token(2)), &at(32)).is_ok());
}

#[test]
fn a_lease_is_lost_only_when_it_has_run_out_and_keeping_alive_pushes_that_out() {
    let running = running(1, shop(), 1);
    assert_eq!(running.clone().transition(Event::LeaseLost, &at(29)), Err(Rejected::TooEarly));
    let kept = running.transition(Event::KeptAlive { token: TOKEN }, &at(20)).expect("it holds");
    assert_eq!(kept.clone().transition(Event::LeaseLost, &at(49)), Err(Rejected::TooEarly));
    assert_eq!(due_at(&lose(kept, 50)), Some(time(50)), "who comes next need not wait");
}

#[test]
fn a_lease_never_outlives_the_deadline() {
    let patience = 15 * 60;
    let claimed = due(1, shop(), 1).transition(Event::Claimed, &at(patience - 1)).expect("it is due");
    assert_eq!(claimed.state, State::Running { lease_ends_at: time(patience) });
    let kept = claimed.transition(Event::KeptAlive { token: TOKEN }, &at(patience)).expect("it holds");
    assert_eq!(kept.state, State::Running { lease_ends_at: time(patience) });
    assert!(LEASE < Terms::of(shop().kind()).patience);
}

#[test]
fn an_operation_cannot_be_claimed_before_it_is_due_nor_after_its_deadline() {
    let later = gated(1, shop(), Gate::Lane).transition(Event::Armed, &at(10)).expect("it is its turn");
    assert_eq!(later.clone().transition(Event::Claimed, &at(9)), Err(Rejected::TooEarly));
    assert!(later.clone().transition(Event::Claimed, &at(10)).is_ok());
    assert_eq!(later.transition(Event::Claimed, &at(10 + 15 * 60)), Err(Rejected::TooLate));
    assert_eq!(gated(1, shop(), Gate::Lane).transition(Event::Claimed, &at(10)), Err(Rejected::Gated));
}

#[test]
fn an_operation_that_is_given_back_is_due_at_once_and_has_lost_no_attempt() {
    let given_back =
        running(1, shop(), 1).transition(Event::GivenBack { token: TOKEN }, &at(5)).expect("it is held");
    assert_eq!((due_at(&given_back), given_back.attempts), (Some(time(5)), 0));
}

#[test]
fn a_change_that_joins_starts_the_attempts_anew_and_pushes_the_deadline_out_up_to_the_cap() {
    let tried = lose(running(1, shop(), 1), 30);
    let joined = tried.transition(Event::Joined { target: Generation(4) }, &at(100)).expect("it waits");
    assert_eq!((joined.target, joined.attempts, joined.breaks, &joined.last), (Generation(4), 0, 0, &None));
    assert_eq!((due_at(&joined), joined.deadline_at), (Some(time(100)), time(100 + 15 * 60)));

    let mut joined = joined;
    for minute in 2..60 {
        joined =
            joined.transition(Event::Joined { target: Generation(5) }, &at(minute * 60)).expect("it waits");
    }
    assert_eq!(joined.deadline_at, time(60 * 60));
}

#[test]
fn a_change_that_joins_what_stands_behind_a_gate_does_not_open_it() {
    let joined = gated(1, shop(), Gate::Lane).transition(Event::Joined { target: Generation(2) }, &at(5));
    assert_eq!(joined.map(|joined| due_at(&joined)), Ok(None));
}

#[test]
fn each_gate_opens_by_its_own_key_only() {
    let verdict = gated(1, run(1), Gate::Verdict);
    assert_eq!(verdict.clone().transition(Event::Armed, &at_for(5, run(1))), Err(Rejected::Gated));
    let behind = verdict.transition(Event::Opened { behind: Some(Gate::Lane) }, &at_for(5, run(1)));
    assert_eq!(behind.as_ref().map(due_at), Ok(None));
    let armed =
        behind.expect("it moved up").transition(Event::Armed, &at_for(6, run(1))).expect("it is its turn");
    assert_eq!(
        (due_at(&armed), armed.deadline_at),
        (Some(time(6)), time(6 + 3600)),
        "patience begins with the turn"
    );
    let opened = Event::Opened { behind: None };
    assert_eq!(gated(1, shop(), Gate::Lane).transition(opened, &at(5)), Err(Rejected::NotGated));
}

#[test]
fn what_never_had_its_turn_says_so_at_its_deadline() {
    let waits = gated(1, run(1), Gate::Verdict);
    let day = 24 * 3600;
    assert_eq!(waits.clone().transition(Event::Expired, &at_for(day - 1, run(1))), Err(Rejected::TooEarly));
    let failed = waits.transition(Event::Expired, &at_for(day, run(1))).expect("its deadline has come");
    assert_eq!(failed.state, State::Ended(Ending::Failed(Failure::NoTurn { gate: Hold::Verdict })));
    let unclaimed =
        due(1, shop(), 1).transition(Event::Expired, &at(15 * 60)).expect("its deadline has come");
    assert_eq!(unclaimed.state, State::Ended(Ending::Failed(Failure::Unclaimed)));
}

#[test]
fn only_what_cannot_be_shared_can_be_cancelled_and_only_before_it_starts() {
    let ended = due(1, run(1), 1).transition(Event::Cancelled, &at(1)).expect("nobody shares a run");
    assert_eq!(ended.state, State::Ended(Ending::Cancelled));
    assert_eq!(due(1, shop(), 1).transition(Event::Cancelled, &at(1)), Err(Rejected::Shared));
    assert_eq!(running(1, run(1), 1).transition(Event::Cancelled, &at(1)), Err(Rejected::Running));
}

#[test]
fn what_has_ended_stays_as_it_ended() {
    let ended = running_with_heir(1).transition(done(TOKEN), &at(1)).expect("it is held");
    let events = [
        Event::Joined { target: Generation(9) },
        Event::Followed { heir: id(3) },
        Event::Retired { by: id(3) },
        Event::Armed,
        Event::Opened { behind: None },
        Event::Claimed,
        Event::KeptAlive { token: TOKEN },
        Event::GivenBack { token: TOKEN },
        done(TOKEN),
        Event::LeaseLost,
        Event::Expired,
        Event::Cancelled,
        Event::Requeued,
        Event::Quarantined { message: String::new() },
    ];
    for event in events {
        let far = at(i64::from(u32::MAX));
        assert_eq!(ended.clone().transition(event.clone(), &far), Err(Rejected::Ended), "{event:?}");
    }
}
