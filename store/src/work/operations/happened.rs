//! What happens to operations, and what has happened, in words that all of this room share.

use domain::operation::{Ending, Event, Jitter, Moment, Operation, OperationId, State, Subject, Terms};
use jiff::Timestamp;

use super::row::Row;

/// Something that happens to an operation.
#[derive(Clone, Debug)]
pub(super) struct Happening {
    pub(super) id: OperationId,
    pub(super) subject: Subject,
    pub(super) event: Event,
    pub(super) finding: Option<Finding>,
}

/// Something that has happened to an operation.
#[derive(Clone, Debug)]
pub(super) struct Happened {
    pub(super) row: Row,
    pub(super) before: Operation,
    pub(super) after: Operation,
    pub(super) finding: Option<Finding>,
}

/// What an attempt found out besides how it went. It is written with it, and behind the same fence.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Finding {
    /// A take-down found that the object is gone, not only that its end was accepted: the row may go.
    Gone,
}

pub(super) fn moment(operation: &Operation, now: Timestamp) -> Moment {
    Moment { now, terms: Terms::of(operation.subject.kind()), jitter: Jitter(rand::random()) }
}

impl Happened {
    /// Whether somebody may have to be armed: it was the head, has ended, and somebody came after it.
    pub(super) fn leaves_its_lane(&self) -> bool {
        self.before.head() && !self.after.open() && self.row.followed
    }

    pub(super) fn was_running(&self) -> bool {
        match self.before.state {
            State::Running { .. } => true,
            State::Waiting(_) | State::Ended(_) => false,
        }
    }

    pub(super) fn runs(&self) -> bool {
        match self.after.state {
            State::Running { .. } => true,
            State::Waiting(_) | State::Ended(_) => false,
        }
    }

    pub(super) fn succeeded(&self) -> bool {
        match &self.after.state {
            State::Ended(ending) => match ending {
                Ending::Succeeded { .. } => true,
                Ending::Failed(_)
                | Ending::Refused { .. }
                | Ending::Superseded { .. }
                | Ending::Cancelled
                | Ending::Quarantined(_) => false,
            },
            State::Waiting(_) | State::Running { .. } => false,
        }
    }

    /// Why it did not succeed, in words.
    pub(super) fn sentence(&self) -> Option<String> {
        let State::Ended(ending) = &self.after.state else { return None };
        match ending {
            Ending::Failed(why) => Some(why.to_string()),
            Ending::Refused { why, .. } => Some(why.to_string()),
            Ending::Quarantined(why) => Some(why.to_string()),
            Ending::Superseded { by } => Some(domain::operation::superseded(*by)),
            Ending::Succeeded { .. } | Ending::Cancelled => None,
        }
    }
}
