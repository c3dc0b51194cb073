//! Why the engine cluster did not do what it was asked, and what that means for an operation.

use domain::operation::{Generation, Obstacle, Outcome, Refusal};
use serde_json::Value;

use super::answer::Answer;
use super::key::Kind;

/// The most we repeat of what an API server says.
const LONGEST: usize = 400;

/// Why the engine cluster did not do what it was asked.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unwritten {
    /// Somebody else wrote it after we looked, or the rows we read are older than what is there.
    #[error("somebody else changed it at the same time")]
    Contested,
    /// No answer, or none for us: the network, a timeout, our identity, a kind that is not installed.
    #[error("{0}")]
    Unreachable(String),
    /// It answered that it has too much to do, or has an error of its own.
    #[error("{0}")]
    Busy(String),
    /// The object is on its way out; another one can be made when it is gone.
    #[error("{what} is still being removed")]
    Leaving {
        /// Which.
        what: String,
    },
    /// Something has our name there that we did not make.
    #[error("{what} was not made by Argosy")]
    Foreign {
        /// Which.
        what: String,
    },
    /// There is no such object.
    #[error("there is no such object")]
    Absent,
    /// It found the object wrong, or does not let us.
    #[error("{status}: {message}")]
    Refused {
        /// The HTTP status.
        status: u16,
        /// What it said.
        message: String,
    },
}

impl Unwritten {
    /// What it means for an attempt that has read this generation.
    #[must_use]
    pub fn outcome(self, seen: Generation) -> Outcome {
        match self {
            // It went away between look and act: look again.
            Self::Contested | Self::Absent => Outcome::Conflict,
            Self::Unreachable(message) => Outcome::Unreachable(Obstacle::EngineUnreachable { message }),
            Self::Busy(message) => Outcome::Unreachable(Obstacle::EngineBusy { message }),
            Self::Leaving { what } => Outcome::Unreachable(Obstacle::NotReady {
                what: format!("{what} to be gone from the engine"),
            }),
            Self::Foreign { what } => Outcome::Refused {
                seen,
                why: Refusal::Engine { status: 409, message: format!("{what} is there, and not ours") },
            },
            Self::Refused { status, message } => {
                Outcome::Refused { seen, why: Refusal::Engine { status, message } }
            }
        }
    }

    /// Reads an answer that is not what was asked for.
    pub(super) fn of(answer: &Answer, kind: Kind) -> Self {
        let status = answer.status;
        let said = said(answer, kind);
        match status {
            409 => Self::Contested,
            401 => Self::Unreachable(format!("it does not accept the agent's identity (401): {said}")),
            // Only what names an object can be absent; the rest is the namespace or the kind, and may come.
            404 => Self::Absent,
            // What does not fit the kind's schema it calls an error of its own.
            500 if shapeless(answer) => Self::Refused { status, message: said },
            408 | 429 => Self::Busy(format!("{status}: {said}")),
            500.. => Self::Busy(format!("{status}: {said}")),
            300..=399 => Self::Unreachable(format!("what answers there is no API server ({status})")),
            _ => Self::Refused { status, message: said },
        }
    }
}

fn shapeless(answer: &Answer) -> bool {
    answer.body["message"]
        .as_str()
        .is_some_and(|said| said.starts_with("failed to create typed patch object"))
}

/// In the API server's words. About a Secret only which field it was: its words may repeat values.
fn said(answer: &Answer, kind: Kind) -> String {
    let text = |pointer: &str| answer.body.pointer(pointer).and_then(Value::as_str).unwrap_or_default();
    let message = match kind {
        Kind::Application | Kind::AppProject => text("/message").to_owned(),
        Kind::Secret => {
            let causes = answer.body.pointer("/details/causes").and_then(Value::as_array);
            let fields = causes.into_iter().flatten().filter_map(|cause| cause["field"].as_str());
            let fields: Vec<_> = fields.collect();
            if fields.is_empty() {
                text("/reason").to_owned()
            } else {
                format!("{} at {}", text("/reason"), fields.join(", "))
            }
        }
    };
    let message = if message.is_empty() { "without a reason".to_owned() } else { message };
    message.chars().filter(|letter| !letter.is_control()).take(LONGEST).collect()
}
