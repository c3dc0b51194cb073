//! The beginning of addresses that one credential is for.

use std::fmt;

use serde::{Deserialize, Serialize};
use url::Host;

use super::RepositoryUrl;
use super::protocol::Protocol;
use super::spelling::Spelling;
use crate::egress::Policy;
use crate::field::{Code, Flaw};

/// `https://host/org`: all repositories of that host whose path begins with these whole segments.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct RepositoryPrefix {
    declared: String,
    spelling: Spelling,
}

impl RepositoryPrefix {
    /// Reads a prefix, if its protocol is one of these.
    pub fn parse(raw: &str, protocols: &[Protocol]) -> Result<Self, Flaw> {
        let spelling = Spelling::parse(raw, protocols)?.without_suffix()?;
        Ok(Self { declared: raw.to_owned(), spelling })
    }

    /// Reads a prefix of addresses that we may dial.
    pub fn vetted(raw: &str, protocols: &[Protocol], egress: &Policy) -> Result<Self, Flaw> {
        let prefix = Self::parse(raw, protocols)?;
        let verdict = egress.vet_host(&prefix.spelling.host);
        verdict.map_err(|denied| Flaw::new(Code::Forbidden, denied.to_string()))?;
        Ok(prefix)
    }

    /// To the letter as it was declared.
    #[must_use]
    pub fn declared(&self) -> &str {
        &self.declared
    }

    /// The one spelling of all that mean this prefix.
    #[must_use]
    pub fn canonical(&self) -> String {
        self.spelling.canonical()
    }

    /// Whether this address begins so.
    #[must_use]
    pub fn is_prefix_of(&self, url: &RepositoryUrl) -> bool {
        let (own, other) = (&self.spelling, &url.spelling);
        let same_place = own.protocol == other.protocol
            && own.user == other.user
            && own.host == other.host
            && own.port == other.port;
        same_place && own.path.begin(&other.path)
    }

    /// How many segments it names. Of several that fit an address, the longest is meant.
    #[must_use]
    pub fn depth(&self) -> usize {
        self.spelling.path.len()
    }

    /// How they are spoken to.
    #[must_use]
    pub fn protocol(&self) -> Protocol {
        self.spelling.protocol
    }

    /// Who is dialled.
    #[must_use]
    pub fn host(&self) -> &Host {
        &self.spelling.host
    }

    /// Where it is dialled.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.spelling.port
    }
}

impl fmt::Display for RepositoryPrefix {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.declared)
    }
}

/// What was stored has been through the door, which knew what to let in.
impl TryFrom<String> for RepositoryPrefix {
    type Error = Flaw;

    fn try_from(raw: String) -> Result<Self, Flaw> {
        Self::parse(&raw, &Protocol::ALL)
    }
}

impl From<RepositoryPrefix> for String {
    fn from(prefix: RepositoryPrefix) -> Self {
        prefix.declared
    }
}
