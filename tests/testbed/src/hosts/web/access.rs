//! Who may come in, and who came. Secrets are compared and logged as fingerprints, never kept as they are.

use axum::http::{HeaderMap, header};
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use sha2::{Digest, Sha256};

/// What a repository asks of a caller.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Access {
    Public,
    Basic { username: String, password: String },
    Bearer { token: String },
}

impl Access {
    pub fn basic(username: impl Into<String>, password: impl Into<String>) -> Self {
        Self::Basic { username: username.into(), password: password.into() }
    }

    pub fn bearer(token: impl Into<String>) -> Self {
        Self::Bearer { token: token.into() }
    }

    pub(crate) fn admits(&self, offered: &Credential) -> bool {
        match self {
            Self::Public => true,
            Self::Basic { username, password } => *offered == Credential::basic(username, password),
            Self::Bearer { token } => *offered == Credential::bearer(token),
        }
    }

    /// The `WWW-Authenticate` of a refusal: git asks its helpers for a password only when told `Basic`.
    pub(crate) fn challenge(&self) -> &'static str {
        match self {
            Self::Public | Self::Basic { .. } => "Basic realm=\"testbed\", charset=\"UTF-8\"",
            Self::Bearer { .. } => "Bearer realm=\"testbed\"",
        }
    }
}

/// What a caller showed. Compare with [`Credential::basic`] and [`Credential::bearer`] to say which one it was.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Credential {
    None,
    Basic {
        username: String,
        /// Of the password: the first bytes of its SHA-256.
        fingerprint: String,
    },
    Bearer {
        fingerprint: String,
    },
    SshKey {
        /// As `ssh-keygen -l` prints it: `SHA256:…`.
        fingerprint: String,
    },
}

impl Credential {
    pub fn basic(username: &str, password: &str) -> Self {
        Self::Basic { username: username.to_owned(), fingerprint: fingerprint(password) }
    }

    pub fn bearer(token: &str) -> Self {
        Self::Bearer { fingerprint: fingerprint(token) }
    }

    /// Nothing readable counts as nothing shown.
    pub(crate) fn shown_in(headers: &HeaderMap) -> Self {
        Self::read(headers).unwrap_or(Self::None)
    }

    fn read(headers: &HeaderMap) -> Option<Self> {
        let (scheme, rest) = headers.get(header::AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
        if scheme.eq_ignore_ascii_case("bearer") {
            return Some(Self::bearer(rest.trim()));
        }
        if !scheme.eq_ignore_ascii_case("basic") {
            return None;
        }
        let decoded = String::from_utf8(BASE64_STANDARD.decode(rest.trim()).ok()?).ok()?;
        let (username, password) = decoded.split_once(':')?;
        Some(Self::basic(username, password))
    }
}

fn fingerprint(secret: &str) -> String {
    hex::encode(&Sha256::digest(secret)[..8])
}
