//! Why an operation is not done: typed for programs, with a sentence for people.
//!
//! A sentence says what happened and, where somebody can do something, what. It names nothing a tenant may not know.

use serde::{Deserialize, Serialize};

use super::id::OperationId;

/// Why an attempt came to nothing, when the next one may do better. Nobody has to act.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, thiserror::Error)]
#[serde(tag = "code", rename_all = "snake_case")]
pub enum Obstacle {
    /// Somebody else wrote the same object, or the rows moved on while we read.
    #[error("somebody else changed it at the same time")]
    Contested,
    /// The engine cluster's API server.
    #[error("the engine did not answer: {message}")]
    EngineUnreachable {
        /// What our client said.
        message: String,
    },
    /// The engine answered that it has too much to do, or has an error of its own.
    #[error("the engine could not do it now: {message}")]
    EngineBusy {
        /// What it said.
        message: String,
    },
    /// The API server a tenant deploys to.
    #[error("the API server of environment \"{environment}\" did not answer: {message}")]
    EnvironmentUnreachable {
        /// Its name.
        environment: String,
        /// What our client said.
        message: String,
    },
    /// A Git, Helm or OCI host.
    #[error("the repository {repository} could not be reached: {message}")]
    RepositoryUnreachable {
        /// Its URL without userinfo.
        repository: String,
        /// What our client said.
        message: String,
    },
    /// Something it needs is not there yet, and is on its way.
    #[error("it waits for {what}")]
    NotReady {
        /// What, in words.
        what: String,
    },
    /// The attempt hit a defect of ours.
    #[error("the attempt broke: {message}")]
    Broke {
        /// The panic or the error.
        message: String,
    },
    /// The worker went away without a word.
    #[error("the agent that worked on it vanished")]
    WorkerVanished,
}

/// Why it will not be done until something changes.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, thiserror::Error)]
#[serde(tag = "code", rename_all = "snake_case")]
pub enum Refusal {
    /// 401 from the API server a tenant deploys to.
    #[error(
        "the API server of environment \"{environment}\" refused the token ({status}); rotate it with PUT on the \
         environment"
    )]
    EnvironmentCredential {
        /// Its name.
        environment: String,
        /// The HTTP status.
        status: u16,
    },
    /// 403 from it.
    #[error(
        "the token of environment \"{environment}\" may not {what}; grant it there, or rotate the token with PUT on \
         the environment"
    )]
    EnvironmentPermission {
        /// Its name.
        environment: String,
        /// What it may not, as a verb and a resource.
        what: String,
    },
    /// The repository's host knows the credential no more, or never did.
    #[error(
        "the repository {repository} refused the credential; rotate it with PUT on the repository credential"
    )]
    RepositoryCredential {
        /// Its URL without userinfo.
        repository: String,
    },
    /// A host that the operator's policy does not let us dial.
    #[error("{message}")]
    Egress {
        /// What the policy said; it names the host.
        message: String,
    },
    /// No instance can serve this tenant and environment.
    #[error("no engine is available for it; it is placed as soon as there is one")]
    Unplaced,
    /// What it needs has been refused itself.
    #[error("{what} has to be put right first")]
    Prerequisite {
        /// What, in words.
        what: String,
    },
    /// The engine's API server found the object wrong, or did not let us write it. Ours to mend.
    #[error("the engine did not accept it ({status}): {message}; an operator has to look at it")]
    Engine {
        /// The HTTP status.
        status: u16,
        /// What it said.
        message: String,
    },
}

/// Why it was not done in time.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, thiserror::Error)]
#[serde(tag = "code", rename_all = "snake_case")]
pub enum Failure {
    /// It was tried, and this stood in the way the last time.
    #[error("it was not done in time; the last attempt: {obstacle}")]
    Obstructed {
        /// What stood in the way.
        #[serde(rename = "last_attempt")]
        obstacle: Obstacle,
    },
    /// Nobody took it.
    #[error("it was not done in time: no agent took it; ask the operator whether the engine is stopped")]
    Unclaimed,
    /// It never had its turn.
    #[error("it was not done in time: {gate}")]
    NoTurn {
        /// What it stood behind.
        gate: Hold,
    },
    /// It was taken for the first time so late that the deadline came first.
    #[error("it was not done in time: it was still being worked on")]
    Unfinished,
}

/// What a waiting operation stands behind, in words for people.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, thiserror::Error)]
#[serde(rename_all = "snake_case")]
pub enum Hold {
    /// Another operation on the same engine object.
    #[error("another operation on the same object came first")]
    Lane,
    /// The sync run before this one.
    #[error("a sync run before it has no verdict yet")]
    Verdict,
    /// The thing that had this name before.
    #[error("what had its name before is still being taken down")]
    TakenDown,
}

/// Why it was set aside. Only an operator lets it go on, or a new wish.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, thiserror::Error)]
#[serde(tag = "code", rename_all = "snake_case")]
pub enum Poison {
    /// It broke what worked on it, time and again.
    #[error(
        "it broke {times} attempts and was set aside, the last one: {obstacle}; an operator has to look at it"
    )]
    Breaks {
        /// How often in a row.
        times: u32,
        /// How it broke the last one.
        #[serde(rename = "last_attempt")]
        obstacle: Obstacle,
    },
    /// An operator said so.
    #[error("an operator set it aside: {message}")]
    Operator {
        /// What the operator said.
        message: String,
    },
}

/// The sentence for who holds an operation that another one took over.
#[must_use]
pub fn superseded(by: OperationId) -> String {
    format!("a later change took its place; see operation {by}")
}
