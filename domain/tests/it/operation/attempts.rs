//! What comes after an attempt.

use domain::operation::{
    BREAKS, CONFLICTS_AT_ONCE, Ending, Event, Failure, Generation, Mark, Obstacle, Operation, Outcome,
    Poison, Refusal, SHORTEST_PAUSE, State,
};

use super::scene::{TOKEN, at, due_at, id, run, running, running_with_heir, shop, time};

fn finish(operation: Operation, outcome: Outcome, second: i64) -> Operation {
    let token = operation.token;
    operation.transition(Event::Finished { token, outcome }, &at(second)).expect("it is held")
}

fn ending(operation: &Operation) -> &Ending {
    match &operation.state {
        State::Ended(ending) => ending,
        State::Waiting(_) | State::Running { .. } => panic!("it is still open: {operation:?}"),
    }
}

fn busy() -> Outcome {
    Outcome::Unreachable(Obstacle::EngineBusy { message: "429".into() })
}

fn refused(seen: u64) -> Outcome {
    Outcome::Refused { seen: Generation(seen), why: Refusal::Unplaced }
}

#[test]
fn a_success_marks_the_generation_that_was_written() {
    let ended = finish(running(1, shop(), 3), Outcome::Done { seen: Generation(5) }, 1);
    assert_eq!(ended.mark(), Mark::Applied(Generation(5)));
}

#[test]
fn a_success_with_rows_older_than_the_wish_is_none() {
    let again = finish(running(1, shop(), 3), Outcome::Done { seen: Generation(2) }, 1);
    assert_eq!(due_at(&again), Some(time(1)), "at once");
    let again = finish(running(1, shop(), 3), refused(2), 1);
    assert_eq!(due_at(&again), Some(time(1)), "nor is a refusal one");
}

#[test]
fn a_conflict_is_tried_again_at_once_until_it_looks_like_a_quarrel() {
    let mut operation = running(1, shop(), 1);
    for _ in 0..CONFLICTS_AT_ONCE {
        operation = finish(operation, Outcome::Conflict, 1);
        assert_eq!(due_at(&operation), Some(time(1)));
        operation = operation.transition(Event::Claimed, &at(1)).expect("it is due");
    }
    operation = finish(operation, Outcome::Conflict, 1);
    assert_eq!(due_at(&operation), Some(time(1) + SHORTEST_PAUSE));
}

#[test]
fn what_was_unreachable_is_tried_again_later_and_remembers_why() {
    let waits = finish(running(1, shop(), 1), busy(), 1);
    assert_eq!(due_at(&waits), Some(time(1) + SHORTEST_PAUSE));
    assert_eq!(
        (waits.last.clone(), waits.mark()),
        (Some(Obstacle::EngineBusy { message: "429".into() }), Mark::None)
    );
}

#[test]
fn no_attempt_is_planned_after_the_deadline() {
    let last = 15 * 60;
    let failed = finish(running(1, shop(), 1), busy(), last);
    let obstacle = Obstacle::EngineBusy { message: "429".into() };
    assert_eq!(ending(&failed), &Ending::Failed(Failure::Obstructed { obstacle }));
    assert_eq!(failed.mark(), Mark::None, "the sweep will ask for it again");
}

#[test]
fn a_refusal_marks_the_generation_that_was_read() {
    let ended = finish(running(1, shop(), 3), refused(4), 1);
    assert_eq!(ending(&ended).name(), "refused");
    assert_eq!(ended.mark(), Mark::Refused(Generation(4)));
    assert_eq!(finish(running(1, run(1), 1), refused(1), 1).mark(), Mark::None, "nothing sweeps for a run");
}

#[test]
fn whoever_does_not_succeed_hands_over_to_its_heir_and_marks_nothing() {
    let outcomes = [Outcome::Conflict, busy(), refused(1), Outcome::Broke { message: "panic".into() }];
    for outcome in outcomes {
        let ended = finish(running_with_heir(1), outcome, 1);
        assert_eq!((ending(&ended), ended.mark()), (&Ending::Superseded { by: id(2) }, Mark::None));
    }
    let lost = running_with_heir(1).transition(Event::LeaseLost, &at(30)).expect("the lease has run out");
    assert_eq!(ending(&lost), &Ending::Superseded { by: id(2) });
    let given_back =
        running_with_heir(1).transition(Event::GivenBack { token: TOKEN }, &at(1)).expect("it is held");
    assert_eq!(ending(&given_back), &Ending::Superseded { by: id(2) });
}

#[test]
fn whoever_succeeds_has_succeeded_also_with_an_heir() {
    let ended = finish(running_with_heir(1), Outcome::Done { seen: Generation(1) }, 1);
    assert_eq!(ended.mark(), Mark::Applied(Generation(1)));
}

#[test]
fn what_breaks_its_workers_is_set_aside_and_the_sweep_leaves_it_there() {
    let mut operation = running(1, shop(), 1);
    for second in 1..BREAKS {
        let second = i64::from(second) * 40;
        operation = operation.transition(Event::LeaseLost, &at(second)).expect("the lease has run out");
        operation = operation.transition(Event::Claimed, &at(second)).expect("it is due");
    }
    let ended = finish(operation, Outcome::Broke { message: "panic".into() }, 200);
    let obstacle = Obstacle::Broke { message: "panic".into() };
    assert_eq!(ending(&ended), &Ending::Quarantined(Poison::Breaks { times: BREAKS, obstacle }));
    assert_eq!(ended.mark(), Mark::Refused(Generation(1)));
}

#[test]
fn an_orderly_attempt_forgives_what_broke_before() {
    let broke = finish(running(1, shop(), 1), Outcome::Broke { message: "panic".into() }, 1);
    let claimed = broke.transition(Event::Claimed, &at(9)).expect("it is due");
    assert_eq!(finish(claimed, busy(), 10).breaks, 0);
}

#[test]
fn an_operator_can_have_it_tried_now_or_set_it_aside() {
    let waits = finish(running(1, shop(), 1), busy(), 1);
    let requeued = waits.transition(Event::Requeued, &at(1)).expect("it waits");
    assert_eq!((due_at(&requeued), requeued.attempts), (Some(time(1)), 0));
    let aside = Event::Quarantined { message: "it floods the engine".into() };
    let ended = requeued.transition(aside, &at(2)).expect("it is open");
    assert_eq!(ended.mark(), Mark::Refused(Generation(1)));
}
