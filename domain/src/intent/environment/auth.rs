//! What we show an API server.

use serde::{Deserialize, Serialize};

use crate::field::{Code, Errors, Flaw, Pointer};
use crate::intent::pem::{Certificates, KeyUse, check_private_key};
use crate::secret::Secret;

/// Service account tokens have about one kilobyte, those of some identity providers ten.
const LONGEST_TOKEN: usize = 16 * 1024;

/// What we show an API server, without the secret of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum AuthKind {
    /// A bearer token.
    Token,
    /// A certificate.
    ClientCertificate {
        /// The certificate itself is no secret.
        certificate: Certificates,
    },
}

/// The secret of it.
#[expect(missing_debug_implementations, reason = "what can be printed will be printed")]
pub enum EnvironmentSecret {
    /// The token.
    Token(Secret<String>),
    /// The key of the certificate, in PEM.
    ClientKey(Secret<String>),
}

impl AuthKind {
    /// As answers call it.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Token => "token",
            Self::ClientCertificate { .. } => "client_certificate",
        }
    }

    /// Where a body has the secret: there it is missed if it must be given.
    #[must_use]
    pub fn secret_field(&self) -> Pointer {
        Pointer::root().at(match self {
            Self::Token => "token",
            Self::ClientCertificate { .. } => "clientKey",
        })
    }
}

impl EnvironmentSecret {
    /// The secret itself, for the one who seals it.
    #[must_use]
    pub fn secret(&self) -> &Secret<String> {
        match self {
            Self::Token(secret) | Self::ClientKey(secret) => secret,
        }
    }
}

/// What was given to authenticate with, under the names of the fields it was found in.
pub(super) struct Given {
    pub(super) token: Option<Secret<String>>,
    pub(super) certificate: Option<String>,
    pub(super) key: Option<Secret<String>>,
    pub(super) fields: [&'static str; 3],
}

impl Given {
    /// Without any of them, it is a token that is stored already.
    pub(super) fn parse(self, errors: &mut Errors) -> Option<(AuthKind, Option<EnvironmentSecret>)> {
        let [token_field, certificate_field, key_field] = self.fields;
        match (self.token, self.certificate, self.key) {
            (Some(_), Some(_), _) | (Some(_), _, Some(_)) => {
                errors.note(
                    certificate_field,
                    Flaw::new(Code::Conflict, "give either a token or a client certificate"),
                );
                None
            }
            (None, None, Some(_)) => {
                errors
                    .note(certificate_field, Flaw::required("give the certificate that the key belongs to"));
                None
            }
            (None, None, None) => Some((AuthKind::Token, None)),
            (Some(token), None, None) => {
                let token = errors.at(token_field, checked_token(token))?;
                Some((AuthKind::Token, Some(EnvironmentSecret::Token(token))))
            }
            (None, Some(certificate), key) => {
                let certificate = errors.at(certificate_field, Certificates::parse(&certificate));
                let key = errors.optional(key_field, key, |key| {
                    check_private_key(&key, KeyUse::Signing).map(|()| EnvironmentSecret::ClientKey(key))
                });
                Some((AuthKind::ClientCertificate { certificate: certificate? }, key?))
            }
        }
    }
}

fn checked_token(token: Secret<String>) -> Result<Secret<String>, Flaw> {
    let text = token.expose();
    if text.is_empty() {
        return Err(Flaw::required("give the token"));
    }
    if text.len() > LONGEST_TOKEN {
        return Err(Flaw::too_long(LONGEST_TOKEN, "characters"));
    }
    if !text.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err(Flaw::malformed("a token has no spaces, line ends or letters beyond ASCII"));
    }
    Ok(token)
}
