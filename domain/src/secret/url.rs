//! An address that may carry a password, and cannot be shown by accident.
//!
//! It is parsed late on purpose: an argument parser that rejects a value repeats it in its message, and that
//! message ends in a log. So every text is accepted here, and [`SecretUrl::parse`] complains without quoting it.

use std::fmt;

use url::Url;

/// An address as it was given. Its `Debug` and `Display` show everything but the password.
#[derive(Clone, PartialEq, Eq)]
pub struct SecretUrl(String);

/// Why a text is no address. Says nothing of the text itself, which may hold a password.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("not a URL of the form postgres://user@host:5432/database ({0})")]
pub struct InvalidUrl(String);

impl SecretUrl {
    /// The address with its password, for the one who dials.
    pub fn parse(&self) -> Result<Url, InvalidUrl> {
        let url = Url::parse(&self.0).map_err(|error| InvalidUrl(error.to_string()))?;
        match url.scheme() {
            "postgres" | "postgresql" => Ok(url),
            _ => Err(InvalidUrl("the scheme is not postgres".to_owned())),
        }
    }

    /// The same address with another password: how a password file beats what the address says.
    pub fn with_password(&self, password: &str) -> Result<Self, InvalidUrl> {
        let mut url = self.parse()?;
        url.set_password(Some(password))
            .map_err(|()| InvalidUrl("it has no host to log in to".to_owned()))?;
        Ok(Self(url.into()))
    }

    fn redacted(&self) -> String {
        let Ok(mut url) = self.parse() else {
            return "(not a URL; hidden, it may hold a password)".to_owned();
        };
        if url.password().is_some() && url.set_password(Some("***")).is_err() {
            return "(hidden)".to_owned();
        }
        let pairs: Vec<(String, String)> = url.query_pairs().into_owned().collect();
        if !pairs.is_empty() {
            let shown =
                pairs.iter().map(|(key, value)| (key, if key.contains("password") { "***" } else { value }));
            url.query_pairs_mut().clear().extend_pairs(shown);
        }
        url.into()
    }
}

impl From<String> for SecretUrl {
    fn from(raw: String) -> Self {
        Self(raw)
    }
}

impl fmt::Debug for SecretUrl {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.redacted())
    }
}

impl fmt::Display for SecretUrl {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.redacted())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(raw: &str) -> String {
        let url = SecretUrl::from(raw.to_owned());
        assert_eq!(format!("{url}"), format!("{url:?}"));
        url.to_string()
    }

    #[test]
    fn a_password_is_never_shown() {
        assert_eq!(shown("postgres://me:hunter2@db:5432/argosy"), "postgres://me:***@db:5432/argosy");
        assert_eq!(shown("postgres://db/argosy?password=hunter2"), "postgres://db/argosy?password=***");
        assert_eq!(
            shown("postgres://db/argosy?sslmode=require&sslpassword=hunter2"),
            "postgres://db/argosy?sslmode=require&sslpassword=***"
        );
        assert!(!shown("hunter2 is not a url").contains("hunter2"));
        assert!(!shown("mysql://me:hunter2@db").contains("hunter2"));
    }

    #[test]
    fn an_address_without_password_is_shown_as_it_is() {
        assert_eq!(shown("postgres://me@db/argosy"), "postgres://me@db/argosy");
    }

    #[test]
    fn a_refusal_does_not_repeat_the_text() {
        let error = SecretUrl::from("hunter2@nowhere".to_owned()).parse().unwrap_err();
        assert!(!error.to_string().contains("hunter2"), "{error}");
    }

    #[test]
    fn a_password_with_odd_characters_survives_the_address() {
        let url = SecretUrl::from("postgres://me@db/argosy".to_owned()).with_password("a/b:c@d e").unwrap();
        let parsed = url.parse().unwrap();
        assert_eq!(parsed.host_str(), Some("db"));
        assert_eq!(parsed.password(), Some("a%2Fb%3Ac%40d%20e"));
    }
}
