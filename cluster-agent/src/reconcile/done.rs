//! How an attempt went, and what was learned by the way.

use domain::intent::environment::ConnectionReport;
use domain::operation::{Generation, Obstacle, Outcome, Refusal};

use crate::cluster::Unwritten;

/// How an attempt went, and what was learned by the way.
#[derive(Clone, Debug, PartialEq)]
pub struct Done {
    /// How it went.
    pub outcome: Outcome,
    /// What was learned, however it went.
    pub report: Option<Report>,
}

/// What was learned.
#[derive(Clone, Debug, PartialEq)]
pub enum Report {
    /// What an environment's API server said.
    Check(ConnectionReport),
    /// A take-down was accepted.
    TakenDown {
        /// It is gone already. Else the engine is at it, and the watch will see it go.
        gone: bool,
    },
}

impl Done {
    /// It is as this generation of the row wants it.
    pub(super) fn as_wanted(seen: Generation) -> Self {
        Outcome::Done { seen }.into()
    }

    /// The engine has accepted that it goes.
    pub(super) fn taken_down(seen: Generation, gone: bool) -> Self {
        Self { outcome: Outcome::Done { seen }, report: Some(Report::TakenDown { gone }) }
    }

    /// It cannot be done before something else is.
    pub(super) fn not_ready(what: impl Into<String>) -> Self {
        Outcome::Unreachable(Obstacle::NotReady { what: what.into() }).into()
    }

    /// It cannot be done until somebody puts something right.
    pub(super) fn refused(seen: Generation, why: Refusal) -> Self {
        Outcome::Refused { seen, why }.into()
    }

    /// The rows have moved on since they were wished about: read them again.
    pub(super) fn overtaken() -> Self {
        Outcome::Conflict.into()
    }

    /// The engine did not do it.
    pub(super) fn unwritten(error: Unwritten, seen: Generation) -> Self {
        error.outcome(seen).into()
    }

    /// The same, with what an environment's API server said.
    pub(super) fn with_check(mut self, report: ConnectionReport) -> Self {
        self.report = Some(Report::Check(report));
        self
    }
}

impl From<Outcome> for Done {
    fn from(outcome: Outcome) -> Self {
        Self { outcome, report: None }
    }
}

/// What is said where a stored secret cannot be used: none was given yet, or it cannot be unsealed.
pub(super) fn no_secret(of: &str, seen: Generation) -> Done {
    Done::refused(seen, Refusal::Prerequisite { what: format!("the secret of {of}") })
}
