//! Operations in the states that tests begin with.

use domain::operation::{
    Due, Event, Gate, Generation, Jitter, Moment, Operation, OperationId, Place, ResourceId, State, Subject,
    Terms, Thing, Token, Wish,
};
use jiff::Timestamp;
use uuid::Uuid;

pub(super) const TOKEN: Token = Token(1);

pub(super) fn time(second: i64) -> Timestamp {
    Timestamp::from_second(second).expect("it is a time")
}

/// So many seconds after the operation was made.
pub(super) fn at(second: i64) -> Moment {
    at_for(second, shop())
}

pub(super) fn at_for(second: i64, subject: Subject) -> Moment {
    Moment { now: time(second), terms: Terms::of(subject.kind()), jitter: Jitter(0) }
}

pub(super) fn id(number: u128) -> OperationId {
    OperationId(Uuid::from_u128(number))
}

pub(super) fn resource(number: u128) -> ResourceId {
    ResourceId(Uuid::from_u128(number))
}

pub(super) fn shop() -> Subject {
    Subject::apply(Thing::Deployment, resource(1))
}

pub(super) fn run(number: u128) -> Subject {
    Subject::sync_run(resource(100 + number), resource(1))
}

pub(super) fn wish(subject: Subject, target: u64) -> Wish {
    Wish { subject, target: Generation(target), gate: None }
}

pub(super) fn due(number: u64, subject: Subject, target: u64) -> Operation {
    Operation::new(id(number.into()), Place(number), &wish(subject, target), None, &at_for(0, subject))
}

pub(super) fn gated(number: u64, subject: Subject, gate: Gate) -> Operation {
    Operation::new(id(number.into()), Place(number), &wish(subject, 1), Some(gate), &at_for(0, subject))
}

pub(super) fn running(number: u64, subject: Subject, target: u64) -> Operation {
    let waiting = due(number, subject, target);
    waiting.transition(Event::Claimed, &at_for(0, subject)).expect("it is due")
}

/// Running, with somebody to take over.
pub(super) fn running_with_heir(target: u64) -> Operation {
    let running = running(1, shop(), target);
    running.transition(Event::Followed { heir: id(2) }, &at(0)).expect("it runs")
}

pub(super) fn due_at(operation: &Operation) -> Option<Timestamp> {
    match operation.state {
        State::Waiting(Due::At(time)) => Some(time),
        State::Waiting(Due::After(_)) | State::Running { .. } | State::Ended(_) => None,
    }
}
