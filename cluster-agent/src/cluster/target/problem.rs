//! Why an environment's API server did not do what it was asked.

use domain::egress::Denied;
use domain::operation::{Generation, Obstacle, Outcome, Refusal};

/// Why an environment's API server did not do what it was asked. A tenant reads it: it repeats nothing of ours, and of
/// the server's no more than fits a line.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Problem {
    /// No answer, or an error of its own: the next try may do better.
    #[error("{0}")]
    Unreachable(String),
    /// The operator does not let us dial it.
    #[error("{0}")]
    Denied(String),
    /// It does not know who we are.
    #[error("it refused the credential ({0})")]
    Credential(u16),
    /// It knows who we are, and does not let us.
    #[error("the credential may not {0}")]
    Permission(String),
    /// It is no API server, or not the one that was meant, or what was stored for it cannot be used.
    #[error("{0}")]
    Unusable(String),
}

impl Problem {
    /// What it means for an attempt that has read this generation of the environment of this name.
    #[must_use]
    pub fn outcome(self, environment: &str, seen: Generation) -> Outcome {
        let environment = environment.to_owned();
        let why = match self {
            // A server that answers nonsense may be one that starts, or a wrong address: it must not be given up.
            Self::Unreachable(message) | Self::Unusable(message) => {
                return Outcome::Unreachable(Obstacle::EnvironmentUnreachable { environment, message });
            }
            Self::Denied(message) => Refusal::Egress { message },
            Self::Credential(status) => Refusal::EnvironmentCredential { environment, status },
            Self::Permission(what) => Refusal::EnvironmentPermission { environment, what },
        };
        Outcome::Refused { seen, why }
    }

    /// The same for who looks at a check: what is wrong, and what to do.
    #[must_use]
    pub fn advice(&self) -> String {
        match self {
            Self::Unreachable(why) => format!("the API server did not answer: {why}"),
            Self::Denied(why) | Self::Unusable(why) => why.clone(),
            Self::Credential(status) => {
                format!(
                    "the API server refused the credential ({status}); give a new one with PUT on the environment"
                )
            }
            Self::Permission(what) => {
                format!(
                    "the credential may not {what}; grant it there, or give another one with PUT on the environment"
                )
            }
        }
    }

    /// What went wrong below HTTP, in our own words.
    pub(super) fn of(error: &reqwest::Error) -> Self {
        if error.is_timeout() {
            return Self::Unreachable("it takes too long".to_owned());
        }
        let mut cause: Option<&(dyn std::error::Error + 'static)> = Some(error);
        while let Some(deeper) = cause {
            if let Some(ours) = deeper.downcast_ref::<Self>() {
                return ours.clone();
            }
            if let Some(tls) = tls_in(deeper) {
                return Self::Unusable(in_words(tls));
            }
            cause = deeper.source();
        }
        if error.is_connect() {
            return Self::Unreachable("no connection".to_owned());
        }
        Self::Unreachable("the connection broke".to_owned())
    }
}

/// An I/O error hides what it wraps from `source`, and may wrap another one.
fn tls_in<'a>(error: &'a (dyn std::error::Error + 'static)) -> Option<&'a rustls::Error> {
    let mut error = error;
    while let Some(wrapped) = error.downcast_ref::<std::io::Error>().and_then(std::io::Error::get_ref) {
        error = wrapped;
    }
    error.downcast_ref()
}

fn in_words(tls: &rustls::Error) -> String {
    use rustls::CertificateError as Bad;
    use rustls::Error::InvalidCertificate as Invalid;
    // Another authority may have the same name.
    if matches!(tls, Invalid(Bad::UnknownIssuer | Bad::BadSignature)) {
        return "its certificate is by an authority that is not known; give the CA of the cluster".to_owned();
    }
    if matches!(tls, Invalid(Bad::NotValidForName | Bad::NotValidForNameContext { .. })) {
        return "its certificate is for another host; give the address that is in it".to_owned();
    }
    if matches!(tls, Invalid(Bad::Expired | Bad::ExpiredContext { .. })) {
        return "its certificate has expired".to_owned();
    }
    format!("TLS: {tls}")
}

impl From<Denied> for Problem {
    fn from(denied: Denied) -> Self {
        Self::Denied(denied.to_string())
    }
}
