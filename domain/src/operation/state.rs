//! Where an operation stands.

use jiff::Timestamp;

use super::id::{Generation, OperationId, ResourceId};
use super::reason::{Failure, Hold, Obstacle, Poison, Refusal};

/// Where an operation stands. Open or ended; and what is ended stays as it ended.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum State {
    /// Nobody works on it.
    Waiting(Due),
    /// Somebody works on it, or did until a moment ago.
    Running {
        /// When it is lost to whoever claims it next.
        lease_ends_at: Timestamp,
    },
    /// It is over.
    Ended(Ending),
}

/// When a waiting operation may be claimed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Due {
    /// From then on. It is the head of its lane. In the row: `due_at` is set.
    At(Timestamp),
    /// When this gate has opened; nobody knows when. In the row: `due_at` is null.
    After(Gate),
}

/// What a waiting operation stands behind. Each gate has one who opens it, in the transaction that makes it true.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Gate {
    /// Its turn in the lane. Opened by the end of the head.
    Lane,
    /// The verdicts of all runs before. Opened by whoever records the last of them.
    Verdict,
    /// The end of the thing that had the name before. Opened by whoever records that it is gone.
    TakenDown(ResourceId),
}

/// How an operation ended.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Ending {
    /// The engine object has accepted the write.
    Succeeded {
        /// The generation the worker read and wrote: the target, or a later one.
        applied: Generation,
    },
    /// Its deadline came. The rows still ask for it, so the sweep will.
    Failed(Failure),
    /// It cannot be done as things are. It is tried again when something changes.
    Refused {
        /// The generation the worker read.
        refused: Generation,
        /// Why.
        why: Refusal,
    },
    /// This operation does what it was to do.
    Superseded {
        /// Which.
        by: OperationId,
    },
    /// Who wished it, wishes it no more.
    Cancelled,
    /// It was set aside, so that it breaks nothing more.
    Quarantined(Poison),
}

/// What the end of an operation means for its resource, to be written in the same transaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Mark {
    /// Nothing.
    None,
    /// `applied_generation` is at least this.
    Applied(Generation),
    /// `refused_generation` is this: the sweep leaves it alone until something clears it.
    Refused(Generation),
}

impl State {
    /// How rows, metrics and the API call it.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Waiting(_) => "waiting",
            Self::Running { .. } => "running",
            Self::Ended(ending) => ending.name(),
        }
    }
}

impl Gate {
    /// The same in words for people.
    #[must_use]
    pub fn hold(self) -> Hold {
        match self {
            Self::Lane => Hold::Lane,
            Self::Verdict => Hold::Verdict,
            Self::TakenDown(_) => Hold::TakenDown,
        }
    }
}

impl Ending {
    /// How rows, metrics and the API call it.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Succeeded { .. } => "succeeded",
            Self::Failed(_) => "failed",
            Self::Refused { .. } => "refused",
            Self::Superseded { .. } => "superseded",
            Self::Cancelled => "cancelled",
            Self::Quarantined(_) => "quarantined",
        }
    }
}

/// How an attempt went, as the worker says it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Outcome {
    /// The engine object has accepted the write.
    Done {
        /// The generation that was read and written.
        seen: Generation,
    },
    /// Somebody else wrote it first. Again, at once.
    Conflict,
    /// Something does not answer, or is not there yet. Again, later.
    Unreachable(Obstacle),
    /// It will not do. Never again, until something changes.
    Refused {
        /// The generation that was read.
        seen: Generation,
        /// Why.
        why: Refusal,
    },
    /// The attempt hit a defect of ours. Again, later, and not for ever.
    Broke {
        /// The panic or the error.
        message: String,
    },
}
