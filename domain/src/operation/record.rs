//! An operation, and what may happen to it.

use jiff::Timestamp;

use super::id::{Generation, OperationId, Place, Token};
use super::reason::{Obstacle, Poison};
use super::state::{Due, Ending, Gate, Mark, Outcome, State};
use super::subject::Subject;
use super::terms::Moment;
use super::wish::Wish;

/// "This engine object must be brought to this generation or a later one", and how that is going.
///
/// It never says what to do: whoever claims it reads the rows as they are then.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Operation {
    /// What callers hold.
    pub id: OperationId,
    /// Among the operations of its lane.
    pub place: Place,
    /// What it is about.
    pub subject: Subject,
    /// It has succeeded when the engine object is at this generation, or at a later one.
    pub target: Generation,
    /// By the clock of the database.
    pub made_at: Timestamp,
    /// It has ended by then.
    pub deadline_at: Timestamp,
    /// Claims since the wish last changed. A claim that was given back does not count.
    pub attempts: u32,
    /// How many of the last attempts in a row broke their worker.
    pub breaks: u32,
    /// Of the last claim.
    pub token: Token,
    /// While it runs: who takes over if it does not succeed.
    pub heir: Option<OperationId>,
    /// What stood in the way of the last attempt.
    pub last: Option<Obstacle>,
    /// Where it stands.
    pub state: State,
}

/// What happens to an operation.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Event {
    /// A change of the same subject came while it waited.
    Joined {
        /// The generation of the change.
        target: Generation,
    },
    /// A change came while it ran, and another operation was made for it.
    Followed {
        /// Which.
        heir: OperationId,
    },
    /// It waits, and an operation that was just made takes its place.
    Retired {
        /// Which.
        by: OperationId,
    },
    /// Its turn in the lane has come.
    Armed,
    /// The gate it stood behind, other than its turn, has opened.
    Opened {
        /// What it stands behind now, see [`super::turn`].
        behind: Option<Gate>,
    },
    /// A worker took it.
    Claimed,
    /// The worker is still at it.
    KeptAlive {
        /// Of its claim.
        token: Token,
    },
    /// The worker stops, and has not done it.
    GivenBack {
        /// Of its claim.
        token: Token,
    },
    /// The worker says how it went.
    Finished {
        /// Of its claim.
        token: Token,
        /// How it went.
        outcome: Outcome,
    },
    /// The lease ran out.
    LeaseLost,
    /// The deadline came.
    Expired,
    /// Who wished it, wishes it no more.
    Cancelled,
    /// An operator wants it tried now.
    Requeued,
    /// An operator sets it aside.
    Quarantined {
        /// Why, in the operator's words.
        message: String,
    },
}

/// Why an event does not happen to an operation. It changes nothing then.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
pub enum Rejected {
    /// What is over stays as it ended.
    #[error("the operation has ended")]
    Ended,
    /// Somebody works on it.
    #[error("somebody is working on the operation")]
    Running,
    /// Nobody works on it.
    #[error("nobody is working on the operation")]
    NotRunning,
    /// The lease was lost, and somebody else has it now.
    #[error("the claim is not the operation's last one")]
    StaleToken,
    /// It stands behind a gate.
    #[error("it is not the operation's turn")]
    Gated,
    /// It stands behind another gate, or behind none.
    #[error("the operation does not stand behind this gate")]
    NotGated,
    /// It is not due, its lease holds, or its deadline has not come.
    #[error("it is too early")]
    TooEarly,
    /// Its deadline has come: it can only end.
    #[error("the operation's deadline has come")]
    TooLate,
    /// Others may hold the same operation, and the rows may ask for it.
    #[error("others may wait for the same operation; change what it is about instead")]
    Shared,
}

impl Operation {
    /// A new operation for a wish, behind a gate or to be claimed from now on.
    #[must_use]
    pub fn new(id: OperationId, place: Place, wish: &Wish, gate: Option<Gate>, moment: &Moment) -> Self {
        let made_at = moment.now;
        let (due, deadline_at) = match gate {
            Some(gate) => (Due::After(gate), moment.last_call(made_at)),
            None => (Due::At(made_at), moment.deadline(made_at)),
        };
        Self {
            id,
            place,
            subject: wish.subject,
            target: wish.target,
            made_at,
            deadline_at,
            attempts: 0,
            breaks: 0,
            token: Token::default(),
            heir: None,
            last: None,
            state: State::Waiting(due),
        }
    }

    /// Whether it is neither over nor forgotten.
    #[must_use]
    pub fn open(&self) -> bool {
        match self.state {
            State::Waiting(_) | State::Running { .. } => true,
            State::Ended(_) => false,
        }
    }

    /// Whether nobody works on it.
    #[must_use]
    pub fn waiting(&self) -> bool {
        match self.state {
            State::Waiting(_) => true,
            State::Running { .. } | State::Ended(_) => false,
        }
    }

    /// Whether it is the one of its lane that runs, or may be claimed.
    #[must_use]
    pub fn head(&self) -> bool {
        match self.state {
            State::Waiting(Due::At(_)) | State::Running { .. } => true,
            State::Waiting(Due::After(_)) | State::Ended(_) => false,
        }
    }

    /// What its end means for the resource.
    #[must_use]
    pub fn mark(&self) -> Mark {
        let State::Ended(ending) = &self.state else { return Mark::None };
        if !self.subject.kind().owed_by_rows() {
            return Mark::None;
        }
        match ending {
            Ending::Succeeded { applied } => Mark::Applied(*applied),
            Ending::Refused { refused, .. } => Mark::Refused(*refused),
            // Or the sweep would bring back tomorrow what was set aside today.
            Ending::Quarantined(Poison::Breaks { .. } | Poison::Operator { .. }) => {
                Mark::Refused(self.target)
            }
            Ending::Failed(_) | Ending::Superseded { .. } | Ending::Cancelled => Mark::None,
        }
    }
}
