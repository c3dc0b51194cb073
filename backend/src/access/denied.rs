//! Why a caller is not let in.

/// Why a caller is not let in. What is said helps whoever has a good credential and a mistake; it never says which part of
/// a key is wrong, or whether there is one.
#[derive(Debug, thiserror::Error)]
pub enum Denied {
    /// Nothing was shown.
    #[error("show a token or an API key: `Authorization: Bearer …`")]
    Anonymous,
    /// The header is not one that we read.
    #[error("{0}")]
    Malformed(&'static str),
    /// What was shown is not good.
    #[error("{0}")]
    Refused(&'static str),
    /// The issuer's keys are not known, or too old: nobody can say whether the token is good.
    #[error("the issuer of this token cannot be asked for its keys; try again")]
    IssuerAway,
    /// The database cannot say.
    #[error(transparent)]
    Store(#[from] store::Error),
}

impl Denied {
    /// For `WWW-Authenticate`, as RFC 6750 has it. None: it is not the caller's fault.
    #[must_use]
    pub fn challenge(&self) -> Option<String> {
        const REALM: &str = r#"Bearer realm="argosy""#;
        match self {
            Self::Anonymous => Some(REALM.to_owned()),
            Self::Malformed(why) => {
                Some(format!(r#"{REALM}, error="invalid_request", error_description="{why}""#))
            }
            Self::Refused(why) => {
                Some(format!(r#"{REALM}, error="invalid_token", error_description="{why}""#))
            }
            Self::IssuerAway | Self::Store(_) => None,
        }
    }
}
