//! What went wrong, as what the caller can do about it.

/// An error of the store. The variants are what a caller can do, not where it came from.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The database cannot be reached, or is too busy to answer. Try again later.
    #[error("the database is not available: {0}")]
    Unavailable(String),
    /// The connection was lost while the transaction was being committed: all of it is true, or nothing. Whoever must know
    /// looks, or asks again under the same idempotency key.
    #[error("nobody knows whether it was committed: {0}")]
    OutcomeUnknown(String),
    /// Somebody else was in the way for a moment (a lock, a deadlock, a serialization failure). Try again now.
    #[error("another transaction was in the way: {0}")]
    Contended(String),
    /// The rows do not allow it. The name is that of the constraint, and the use case knows what it means.
    #[error("the constraint {0} does not allow it")]
    Conflict(String),
    /// Our role or settings are not what they should be. An operator must act; trying again is pointless.
    #[error("the database is not set up for this: {0}")]
    Misconfigured(String),
    /// A mistake of ours: a statement that cannot work, a row that cannot be read.
    #[error("a bug in the store")]
    Bug(#[source] sqlx::Error),
}

/// What to do next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Disposition {
    /// Try again with backoff.
    RetryLater,
    /// Try again at once.
    RetryNow,
    /// Tell the caller that the state does not allow it.
    Conflict,
    /// Give up: a person must act.
    Terminal,
}

impl Error {
    /// What to do next.
    pub const fn disposition(&self) -> Disposition {
        match self {
            Self::Unavailable(_) | Self::OutcomeUnknown(_) => Disposition::RetryLater,
            Self::Contended(_) => Disposition::RetryNow,
            Self::Conflict(_) => Disposition::Conflict,
            Self::Misconfigured(_) | Self::Bug(_) => Disposition::Terminal,
        }
    }
}

impl Error {
    /// A row says what its constraints should have kept out.
    pub(crate) fn unreadable(what: &str) -> Self {
        Self::Bug(sqlx::Error::Decode(format!("{what} that cannot be read").into()))
    }
}

/// The connection is gone, whatever we asked: before the first statement of a transaction, asking again is safe.
pub(crate) fn dead_connection(error: &sqlx::Error) -> bool {
    match error.as_database_error().and_then(|error| error.code()).as_deref() {
        // 57P01..05: the server ended this session. 25P03: it was idle in a transaction for too long.
        Some(code) => code.starts_with("57P") || code == "25P03" || code.starts_with("08"),
        None => matches!(error, sqlx::Error::Io(_) | sqlx::Error::Protocol(_) | sqlx::Error::WorkerCrashed),
    }
}

impl From<sqlx::Error> for Error {
    fn from(error: sqlx::Error) -> Self {
        let Some(database) = error.as_database_error() else { return without_answer(error) };
        let said = database.message().to_owned();
        match database.code().as_deref().unwrap_or_default() {
            "23505" | "23503" | "23514" | "23P01" | "23502" => {
                Self::Conflict(database.constraint().map_or(said, ToOwned::to_owned))
            }
            "40001" | "40P01" | "55P03" => Self::Contended(said),
            // Wrong role, password, database or right.
            "28000" | "28P01" | "3D000" | "42501" => Self::Misconfigured(said),
            // A statement timeout is an overloaded database until shown otherwise.
            "57014" => Self::Unavailable(said),
            code if ["08", "53", "57", "58", "25P03"].iter().any(|class| code.starts_with(class)) => {
                Self::Unavailable(said)
            }
            _ => Self::Bug(error),
        }
    }
}

#[expect(clippy::wildcard_enum_match_arm, reason = "sqlx may add errors at any time; unknown ones are bugs")]
fn without_answer(error: sqlx::Error) -> Error {
    match error {
        sqlx::Error::PoolTimedOut => Error::Unavailable("no connection became free in time".to_owned()),
        sqlx::Error::PoolClosed => Error::Unavailable("this process is shutting down".to_owned()),
        sqlx::Error::Io(error) => Error::Unavailable(error.to_string()),
        sqlx::Error::Protocol(said) => Error::Unavailable(said),
        sqlx::Error::WorkerCrashed | sqlx::Error::BeginFailed => Error::Unavailable(error.to_string()),
        sqlx::Error::Tls(error) => Error::Misconfigured(format!("TLS: {error}")),
        sqlx::Error::Configuration(error) => Error::Misconfigured(error.to_string()),
        error => Error::Bug(error),
    }
}
