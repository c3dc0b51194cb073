//! What becomes of a wish (it joins an operation that waits, or it is one of its own), and which wishes the sweep finds.

use jiff::Timestamp;

use super::id::{Generation, OperationId};
use super::record::Operation;
use super::state::Gate;
use super::wish::Wish;

/// What becomes of a wish.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Decision {
    /// It joins this operation, which waits. Both callers hold the same one.
    Join(OperationId),
    /// It is an operation of its own.
    Insert(Insertion),
    /// There is nothing to do for it that this operation does not do or undo.
    Covered {
        /// A take-down in the same lane, or the operation of the same run.
        by: OperationId,
    },
}

/// How an operation is put into its lane. All of it happens in one transaction.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Insertion {
    /// What it stands behind; none: it is armed, and the head of its lane.
    pub gate: Option<Gate>,
    /// The running operation it takes over from if that one does not succeed.
    pub heir_of: Option<OperationId>,
    /// Waiting operations that it takes over from at once.
    pub retires: Vec<OperationId>,
}

/// Decides on a wish, given the open operations of its lane.
///
/// A wish that comes while one of its subject *runs* always becomes a successor, also when the generation is no other:
/// the worker may have read the rows before what the wish is about (a credential was rotated, an engine came back).
#[must_use]
pub fn decide(wish: &Wish, lane: &[Operation], now: Timestamp) -> Decision {
    let kind = wish.subject.kind();
    let open: Vec<&Operation> =
        lane.iter().filter(|other| other.open() && other.subject.lane() == wish.subject.lane()).collect();
    let same = |other: &&&Operation| other.subject == wish.subject;

    let last_word =
        open.iter().find(|other| other.subject.kind().ends_all_others() && !kind.ends_all_others());
    let same_run = open.iter().filter(same).find(|_| !kind.coalesces());
    if let Some(by) = last_word.or(same_run) {
        return Decision::Covered { by: by.id };
    }
    let waits = open.iter().filter(same).find(|other| other.waiting());
    if let Some(other) = waits.filter(|other| now < other.deadline_at) {
        return Decision::Join(other.id);
    }

    let retired = |other: &&&Operation| other.waiting() && (kind.ends_all_others() || same(other));
    let runs = open.iter().find(|other| !other.waiting());
    let heir_of = runs.filter(|other| kind.ends_all_others() || same(other));
    let behind_others = open.iter().any(|other| other.head() && !retired(&other));
    let gate = wish.gate.filter(|_| heir_of.is_none());
    Decision::Insert(Insertion {
        gate: gate.or_else(|| behind_others.then_some(Gate::Lane)),
        heir_of: heir_of.map(|other| other.id),
        retires: open.iter().filter(retired).map(|other| other.id).collect(),
    })
}

/// What a row that wishes something knows about itself.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Debt {
    /// Of the wish.
    pub generation: Generation,
    /// Of what the engine has accepted.
    pub applied: Generation,
    /// Of what was refused, or set aside; zero when something has changed since.
    pub refused: Generation,
}

/// Whether an operation for a resource is open.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Underway {
    /// One is.
    Something,
    /// None is.
    Nothing,
}

impl Debt {
    /// The generation an operation should be made for, if one should.
    #[must_use]
    pub fn owes(&self, underway: Underway) -> Option<Generation> {
        match underway {
            Underway::Something => None,
            Underway::Nothing => {
                (self.generation > self.applied.max(self.refused)).then_some(self.generation)
            }
        }
    }
}
