//! Who asks.

use domain::intent::repository_credential::{CredentialAuth, CredentialSecret};

/// Who asks.
#[derive(Clone, Copy)]
pub struct Login<'a> {
    /// How.
    pub auth: &'a CredentialAuth,
    /// With what.
    pub secret: &'a CredentialSecret,
}

impl std::fmt::Debug for Login<'_> {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "Login({})", self.auth.name())
    }
}
