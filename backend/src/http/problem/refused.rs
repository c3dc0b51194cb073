//! What a use case refused, as a problem: the one table from reasons to statuses.

use axum::http::StatusCode;

use super::Problem;
use crate::app::{Refused, StoreError, WishRefused};

impl From<Refused> for Problem {
    fn from(refused: Refused) -> Self {
        match refused {
            Refused::Wish(wish) => wish.into(),
            Refused::Store(error) => error.into(),
            Refused::OutcomeUnknown => Self::outcome_unknown(),
        }
    }
}

impl From<WishRefused> for Problem {
    fn from(refused: WishRefused) -> Self {
        let conflict = |code, detail: String| Self::new(StatusCode::CONFLICT, code, detail);
        match refused {
            WishRefused::Absent { noun } => Self::absent(noun),
            WishRefused::Condition { current } => {
                let detail = "it is not what the condition says; read it again, and decide again";
                let problem = Self::new(StatusCode::PRECONDITION_FAILED, "condition_failed", detail);
                match current {
                    Some(current) => problem.more("generation", current.0),
                    None => problem,
                }
            }
            WishRefused::Fields(errors) => Self::fields(errors),
            WishRefused::InUse { by } => {
                conflict("in_use", "others use it: `usedBy` says which; take them away first".to_owned())
                    .more("usedBy", by)
            }
            WishRefused::Deleting => {
                conflict("deleting", "it is being taken down; wait until it is gone".to_owned())
            }
            WishRefused::ReadOnly { lives_in } => {
                conflict("read_only", format!("it is kept as {lives_in}; change it there"))
                    .more("livesIn", lives_in)
            }
            WishRefused::Quota { limit } => {
                let detail = format!(
                    "the tenant has as many {limit} as it may; take some away, or ask an operator for more"
                );
                conflict("quota_exceeded", detail).more("limit", limit)
            }
            WishRefused::KeyReused => {
                let detail = "the Idempotency-Key was used for another request; use a new one";
                Self::new(StatusCode::UNPROCESSABLE_ENTITY, "idempotency_key_reused", detail)
            }
            WishRefused::InProgress => {
                let detail = "a request with the same Idempotency-Key is under way; ask again in a moment";
                conflict("in_progress", detail.to_owned()).retry_after(1)
            }
            WishRefused::State { code: code @ "malformed_name", detail } => {
                Self::new(StatusCode::BAD_REQUEST, code, detail)
            }
            WishRefused::State { code, detail } => conflict(code, detail),
            WishRefused::Forbidden { needs } => Self::forbidden(needs),
        }
    }
}

impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Self {
        match &error {
            StoreError::Unavailable(reason) => {
                tracing::warn!(reason, "a request could not be served: the database is not available");
                Self::unavailable("unavailable", "the service cannot reach its database; try again", 1)
            }
            StoreError::OutcomeUnknown(reason) => {
                tracing::warn!(reason, "the connection was lost while a request was being committed");
                Self::outcome_unknown()
            }
            StoreError::Contended(reason) => {
                tracing::warn!(reason, "a request could not be served: others were in the way");
                Self::unavailable("contended", "others changed the same thing; try again", 1)
            }
            StoreError::Conflict(constraint) => {
                // A constraint nobody gave a meaning to. The caller can do nothing with its name.
                tracing::error!(constraint, "a constraint refused what a use case let pass");
                let detail = "what is stored does not allow it; read it again, and decide again";
                Self::new(StatusCode::CONFLICT, "conflict", detail)
            }
            StoreError::Misconfigured(reason) => {
                tracing::error!(reason, "the database is not set up for a request");
                Self::bug()
            }
            StoreError::Bug(cause) => {
                tracing::error!(error = %error, %cause, "a bug in the store");
                Self::bug()
            }
        }
    }
}

impl Problem {
    /// Nobody knows whether a write was done.
    pub(crate) fn outcome_unknown() -> Self {
        let detail = "nobody knows whether it was done; ask again with the same Idempotency-Key, or read it";
        Self::unavailable("outcome_unknown", detail, 1)
    }
}
