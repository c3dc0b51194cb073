//! What becomes of a wish.

use domain::operation::{
    Decision, Gate, Generation, Insertion, Operation, Subject, Thing, Wish, decide, next, next_run,
};
use proptest::prelude::*;

use super::scene::{at, due, gated, id, resource, run, running, shop, time, wish};

const ALONE: Insertion = Insertion { gate: None, heir_of: None, retires: Vec::new() };

fn decided(wished: Subject, lane: &[Operation]) -> Decision {
    decide(&wish(wished, 7), lane, time(1))
}

fn removal() -> Subject {
    Subject::take_down(Thing::Deployment, resource(1))
}

fn refresh() -> Subject {
    Subject::refresh(resource(1))
}

#[test]
fn the_first_wish_is_armed() {
    assert_eq!(decided(shop(), &[]), Decision::Insert(ALONE));
}

#[test]
fn a_wish_joins_what_waits_armed_or_not() {
    assert_eq!(decided(shop(), &[due(1, shop(), 1)]), Decision::Join(id(1)));
    assert_eq!(
        decided(shop(), &[running(1, run(1), 1), gated(2, shop(), Gate::Lane)]),
        Decision::Join(id(2))
    );
}

#[test]
fn a_wish_that_comes_while_one_runs_succeeds_it_also_with_the_same_generation() {
    let insertion = Insertion { gate: Some(Gate::Lane), heir_of: Some(id(1)), ..ALONE };
    assert_eq!(decided(shop(), &[running(1, shop(), 7)]), Decision::Insert(insertion));
}

#[test]
fn a_wish_of_another_kind_queues_behind_the_head_of_its_lane() {
    let behind = Decision::Insert(Insertion { gate: Some(Gate::Lane), ..ALONE });
    assert_eq!(decided(refresh(), &[due(1, shop(), 1)]), behind);
    assert_eq!(decided(refresh(), &[running(1, shop(), 1)]), behind);
}

#[test]
fn other_lanes_and_what_has_ended_are_in_nobodys_way() {
    let other = Subject::apply(Thing::Environment, resource(1));
    let stop = Subject::termination(resource(101), resource(1));
    assert_eq!(decided(shop(), &[running(1, other, 1)]), Decision::Insert(ALONE));
    assert_eq!(decided(stop, &[running(1, run(1), 1)]), Decision::Insert(ALONE), "a stop waits for nothing");
}

#[test]
fn every_run_is_an_operation_of_its_own_behind_the_verdicts_before_it() {
    let lane = [running(1, run(1), 1)];
    let second = Wish { gate: Some(Gate::Verdict), ..wish(run(2), 1) };
    let insertion = Insertion { gate: Some(Gate::Verdict), ..ALONE };
    assert_eq!(decide(&second, &lane, time(1)), Decision::Insert(insertion));
    assert_eq!(decided(run(1), &lane), Decision::Covered { by: id(1) }, "the same run is asked for once");
}

#[test]
fn a_take_down_takes_the_place_of_all_that_waits_and_succeeds_what_runs() {
    let lane = [running(1, shop(), 1), gated(2, run(1), Gate::Lane), gated(3, run(2), Gate::Verdict)];
    let insertion = Insertion { gate: Some(Gate::Lane), heir_of: Some(id(1)), retires: vec![id(2), id(3)] };
    assert_eq!(decided(removal(), &lane), Decision::Insert(insertion));
    let insertion = Insertion { retires: vec![id(1)], ..ALONE };
    assert_eq!(
        decided(removal(), &[due(1, shop(), 1)]),
        Decision::Insert(insertion),
        "it does not sit out a pause"
    );
}

#[test]
fn nothing_is_wished_for_what_is_being_taken_down() {
    for wished in [shop(), refresh(), run(1)] {
        assert_eq!(decided(wished, &[due(1, removal(), 2)]), Decision::Covered { by: id(1) });
    }
    assert_eq!(decided(removal(), &[due(1, removal(), 2)]), Decision::Join(id(1)));
}

#[test]
fn what_waits_past_its_deadline_is_replaced_rather_than_joined() {
    let late = decide(&wish(shop(), 7), &[due(1, shop(), 1)], at(15 * 60).now);
    assert_eq!(late, Decision::Insert(Insertion { retires: vec![id(1)], ..ALONE }));
}

#[test]
fn the_heir_comes_before_the_queue_and_the_queue_in_order() {
    let lane =
        [gated(9, shop(), Gate::Lane), gated(5, refresh(), Gate::Lane), gated(3, run(2), Gate::Verdict)];
    let first = running(1, shop(), 1);
    let superseded = gated(1, shop(), Gate::Lane)
        .transition(domain::operation::Event::Retired { by: id(9) }, &at(1))
        .expect("it waits");
    assert_eq!(next(&superseded, &lane), Some(id(9)));
    assert_eq!(next(&first, &lane), Some(id(5)));
    assert_eq!(
        next(&superseded, &[due(2, run(1), 1), gated(9, shop(), Gate::Lane)]),
        None,
        "there is a head"
    );
}

#[test]
fn only_the_first_run_without_a_verdict_may_start() {
    let lane = [gated(3, run(3), Gate::Verdict)];
    assert_eq!(next_run(&[resource(101), resource(103)], &lane), None);
    assert_eq!(next_run(&[resource(103)], &lane), Some(id(3)));
}

fn any_row() -> impl Strategy<Value = Operation> {
    let subject = prop::sample::select(vec![shop(), refresh(), run(1), run(2), removal()]);
    (subject, 0_u8..3, 1_u64..9).prop_map(|(subject, state, number)| match state {
        0 => due(number, subject, number),
        1 => running(number, subject, number),
        _ => gated(number, subject, Gate::Lane),
    })
}

proptest! {
    #[test]
    fn a_decision_leaves_one_head_and_one_waiting(lane in prop::collection::vec(any_row(), 0..4), row in any_row()) {
        let lane = lawful(lane);
        match decide(&wish(row.subject, 9), &lane, time(1)) {
            Decision::Join(other) => {
                let other = find(&lane, other);
                prop_assert!(other.waiting() && other.subject == row.subject);
            }
            Decision::Covered { by } => {
                let kind = find(&lane, by).subject.kind();
                prop_assert!(kind.ends_all_others() || !kind.coalesces());
            }
            Decision::Insert(insertion) => {
                let stays = |other: &&Operation| !insertion.retires.contains(&other.id);
                let left: Vec<_> = lane.iter().filter(stays).collect();
                prop_assert!(insertion.gate.is_some() || !left.iter().any(|other| other.head()));
                prop_assert!(insertion.gate.is_none() || left.iter().any(|other| other.head()));
                prop_assert!(!left.iter().any(|other| other.waiting() && other.subject == row.subject));
                prop_assert!(insertion.retires.iter().all(|other| find(&lane, *other).waiting()));
                let before = insertion.heir_of.map(|before| find(&lane, before));
                prop_assert!(before.is_none_or(|before| !before.waiting() && before.target <= Generation(9)));
            }
        }
    }
}

fn find(lane: &[Operation], id: domain::operation::OperationId) -> &Operation {
    lane.iter().find(|other| other.id == id).expect("it names a row of the lane")
}

/// Drops what the database would not have let in; with nobody at its head, a lane has nobody in it.
fn lawful(rows: Vec<Operation>) -> Vec<Operation> {
    let mut lane: Vec<Operation> = Vec::new();
    for row in rows {
        let twin = |other: &Operation| {
            other.id == row.id
                || other.head() && row.head()
                || other.subject == row.subject && other.waiting() == row.waiting()
        };
        if !lane.iter().any(twin) {
            lane.push(row);
        }
    }
    if lane.iter().any(Operation::head) { lane } else { Vec::new() }
}
