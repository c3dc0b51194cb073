//! What may be known of a secret.

use jiff::Timestamp;
use serde::Deserialize;

/// What may be known of a secret: enough to see whether and by whom it was changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SecretMark {
    /// The same as long as the secret is.
    pub fingerprint: String,
    /// Who gave it.
    pub set_by: String,
    /// When.
    pub set_at: Timestamp,
}

/// The columns of it.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct MarkRow {
    secret_fingerprint: Option<String>,
    secret_set_by: Option<String>,
    secret_set_at: Option<Timestamp>,
}

impl MarkRow {
    /// None: there is no secret.
    pub(crate) fn mark(self) -> Option<SecretMark> {
        Some(SecretMark {
            fingerprint: self.secret_fingerprint?,
            set_by: self.secret_set_by?,
            set_at: self.secret_set_at?,
        })
    }
}
