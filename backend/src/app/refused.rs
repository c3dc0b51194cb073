//! Why a use case did not do what was asked.

use domain::field::FieldError;

/// What a use case answers.
pub type Answer<T> = Result<T, Refused>;

/// Why a wish was not done.
#[derive(Debug, thiserror::Error)]
pub enum Refused {
    /// The wish, or what the rows say against it.
    #[error(transparent)]
    Wish(#[from] store::Refused),
    /// The database.
    #[error(transparent)]
    Store(store::Error),
    /// The connection was lost while the wish was being committed: it is done whole, or not at all.
    #[error("nobody knows whether it was done")]
    OutcomeUnknown,
}

impl From<store::Error> for Refused {
    fn from(error: store::Error) -> Self {
        match error {
            store::Error::OutcomeUnknown(_) => Self::OutcomeUnknown,
            store::Error::Unavailable(_)
            | store::Error::Contended(_)
            | store::Error::Conflict(_)
            | store::Error::Misconfigured(_)
            | store::Error::Bug(_) => Self::Store(error),
        }
    }
}

impl From<Vec<FieldError>> for Refused {
    fn from(errors: Vec<FieldError>) -> Self {
        Self::Wish(store::Refused::Fields(errors))
    }
}
