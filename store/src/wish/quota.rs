//! The limits of a tenant, as the ledger names them when one is reached.

use crate::{Answer, Error, Refused};

const LIMITS: [(&str, &str); 5] = [
    ("quota_deployments", "deployments"),
    ("quota_environments", "environments"),
    ("quota_repository_credentials", "repository_credentials"),
    ("quota_api_keys", "api_keys"),
    ("quota_open_operations", "open_operations"),
];

/// What a constraint that does not allow it means: a limit that is reached, or a mistake of ours.
pub(crate) fn refused<T>(constraint: String) -> Answer<T> {
    match LIMITS.iter().find(|(name, _)| *name == constraint) {
        Some((_, limit)) => Ok(Err(Refused::Quota { limit })),
        None => Err(Error::Conflict(constraint)),
    }
}
