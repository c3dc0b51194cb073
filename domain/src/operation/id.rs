//! What an operation is told apart and ordered by.

use std::fmt;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// An operation. Callers hold it while it is worked on, and ask with it how it ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct OperationId(pub Uuid);

/// What an operation is about, as the queue sees it: the id of a row. The kind says which table.
///
/// A thing that is written to several instances (a tenant's project, a repository's Secret) has a row for each, and
/// that row's id is meant here.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ResourceId(pub Uuid);

/// How often a wish for a resource has changed. An operation brings its resource to a generation, or to a later one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Generation(pub u64);

/// The fence: how often an operation was claimed. Whoever holds an older number than the row has lost it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Token(pub u64);

/// The order in which the operations of one lane were made. The database gives it, under the lock of the resource.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Place(pub u64);

impl Generation {
    /// Of what is wished for the first time, and of what is wished only once: a sync run, a termination.
    pub const FIRST: Self = Self(1);
}

impl Token {
    /// What the next claim gets.
    #[must_use]
    pub fn next(self) -> Self {
        Self(self.0.saturating_add(1))
    }
}

impl fmt::Display for OperationId {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(out)
    }
}

impl fmt::Display for ResourceId {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(out)
    }
}

impl fmt::Display for Generation {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(out)
    }
}
