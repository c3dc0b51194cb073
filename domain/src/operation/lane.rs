//! Who is next in a lane.
//!
//! A lane is a queue: at most one operation is its head (due, or running); all others stand behind a gate. So a claim
//! never meets an operation that it must step over, and a sync that was asked for after a change runs after it.

use super::id::{OperationId, ResourceId};
use super::kind::Kind;
use super::record::Operation;
use super::state::{Due, Ending, Gate, State};

/// Who has to be armed now that this operation has ended. The heir of one that was superseded takes its place; else it
/// is whoever came first.
#[must_use]
pub fn next(ended: &Operation, lane: &[Operation]) -> Option<OperationId> {
    let mut queue: Vec<&Operation> = lane.iter().filter(|other| queues(ended, other)).collect();
    if turn(ended, lane).is_some() {
        return None;
    }
    queue.sort_by_key(|other| other.place);
    let heir = match &ended.state {
        State::Ended(Ending::Superseded { by }) => queue.iter().find(|other| other.id == *by),
        State::Ended(
            Ending::Succeeded { .. }
            | Ending::Failed(_)
            | Ending::Refused { .. }
            | Ending::Cancelled
            | Ending::Quarantined(_),
        )
        | State::Waiting(_)
        | State::Running { .. } => None,
    };
    heir.or_else(|| queue.first()).map(|other| other.id)
}

/// What this operation still stands behind when its own gate has opened: nothing, if it is the head of its lane now.
#[must_use]
pub fn turn(operation: &Operation, lane: &[Operation]) -> Option<Gate> {
    let before = |other: &&Operation| {
        other.id != operation.id && other.subject.lane() == operation.subject.lane() && other.head()
    };
    lane.iter().any(|other| before(&other)).then_some(Gate::Lane)
}

/// The sync run whose gate opens, given a deployment's runs without a verdict in the order they were made.
///
/// Only the first of them may start. A run that was cancelled has a verdict, but opens nothing while one before it has
/// none.
#[must_use]
pub fn next_run(undecided: &[ResourceId], lane: &[Operation]) -> Option<OperationId> {
    let first = undecided.first()?;
    let of_run = |other: &&Operation| {
        other.subject.kind() == Kind::SyncRun
            && other.subject.resource() == *first
            && other.state == State::Waiting(Due::After(Gate::Verdict))
    };
    lane.iter().find(of_run).map(|other| other.id)
}

fn queues(ended: &Operation, other: &Operation) -> bool {
    let gated = match other.state {
        State::Waiting(Due::After(Gate::Lane)) => true,
        State::Waiting(Due::At(_) | Due::After(Gate::Verdict | Gate::TakenDown(_)))
        | State::Running { .. }
        | State::Ended(_) => false,
    };
    gated && other.id != ended.id && other.subject.lane() == ended.subject.lane()
}
