//! Why a wish was not done though the database is well: what the rows, or the wish itself, say against it.

use domain::field::FieldError;
use domain::ids::Generation;
use uuid::Uuid;

/// Why a wish was not done. Nothing was written.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// It does not exist, or not for this caller. Which of the two nobody can tell.
    #[error("there is no such {noun}")]
    Absent {
        /// What does not exist.
        noun: &'static str,
    },
    /// Its condition does not hold.
    #[error("it is at generation {}", current.map_or(0, |generation| generation.0))]
    Condition {
        /// The generation it is at, if it exists.
        current: Option<Generation>,
    },
    /// What the body says does not hold with what is stored: an environment that does not exist, a secret that is missing.
    #[error("{} fields are wrong", .0.len())]
    Fields(Vec<FieldError>),
    /// Others use it.
    #[error("{} others use it", by.len())]
    InUse {
        /// Their names, as `deployment shop`; at most a hundred.
        by: Vec<String>,
    },
    /// It is being taken down.
    #[error("it is being taken down")]
    Deleting,
    /// It lives somewhere else and is only shown here.
    #[error("it is kept at {lives_in}")]
    ReadOnly {
        /// The object that it is made from.
        lives_in: String,
    },
    /// The tenant has as many as it may.
    #[error("the tenant's limit of {limit} is reached")]
    Quota {
        /// What is limited, as in `deployments`.
        limit: &'static str,
    },
    /// The idempotency key was used for something else.
    #[error("the idempotency key was used for another request")]
    KeyReused,
    /// A request with the same idempotency key is still under way.
    #[error("a request with the same idempotency key is under way")]
    InProgress,
    /// The state it is in does not allow it. The code is for programs.
    #[error("{detail}")]
    State {
        /// For programs, as in `last_owner`.
        code: &'static str,
        /// For people; says what to do.
        detail: String,
    },
    /// The caller's role does not allow it.
    #[error("it needs the role {needs}")]
    Forbidden {
        /// The role that would.
        needs: &'static str,
    },
}

impl Refused {
    /// One flaw of one field.
    #[must_use]
    pub fn field(error: FieldError) -> Self {
        Self::Fields(vec![error])
    }
}

/// A row somebody else names in an answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Named {
    /// Its id.
    pub id: Uuid,
    /// Its name.
    pub name: String,
}

/// What a wish came to: done, or refused; errors of the database are apart.
pub type Answer<T> = crate::Result<Result<T, Refused>>;
