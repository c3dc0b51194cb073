//! Addresses of repositories: of Git, of Helm charts, of OCI artifacts.
//!
//! The declared spelling is kept to the letter; it is what engines are given. [`RepositoryUrl::canonical`] is the one
//! spelling of all that mean the same repository. [`RepositoryUrl::engine_key`] is coarser still: what a repo-server may
//! take for one repository (LAWS, "The leak").

mod path;
mod prefix;
mod protocol;
mod spelling;

use std::fmt;

use serde::{Deserialize, Serialize};
use url::Host;

pub use prefix::RepositoryPrefix;
pub use protocol::Protocol;
use spelling::Spelling;

use crate::egress::Policy;
use crate::field::{Code, Flaw};

/// The address of one repository. Equal ones are spelled alike; ask [`RepositoryUrl::same`] whether two mean the same.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct RepositoryUrl {
    declared: String,
    spelling: Spelling,
}

impl RepositoryUrl {
    /// Reads an address, if its protocol is one of these.
    pub fn parse(raw: &str, protocols: &[Protocol]) -> Result<Self, Flaw> {
        let spelling = Spelling::parse(raw, protocols)?.without_suffix()?;
        if spelling.path.is_empty() && spelling.protocol == Protocol::Ssh {
            return Err(whole());
        }
        Ok(Self { declared: raw.to_owned(), spelling })
    }

    /// Only charts may be at the root of a host.
    pub(in crate::intent) fn with_path(self) -> Result<Self, Flaw> {
        if self.spelling.path.is_empty() { Err(whole()) } else { Ok(self) }
    }

    /// Reads an address that must also be one that we may dial.
    pub fn vetted(raw: &str, protocols: &[Protocol], egress: &Policy) -> Result<Self, Flaw> {
        let url = Self::parse(raw, protocols)?;
        url.vet(egress)?;
        Ok(url)
    }

    /// Whether we may dial it.
    pub fn vet(&self, egress: &Policy) -> Result<(), Flaw> {
        egress.vet_host(self.host()).map_err(|denied| Flaw::new(Code::Forbidden, denied.to_string()))
    }

    /// To the letter as it was declared.
    #[must_use]
    pub fn declared(&self) -> &str {
        &self.declared
    }

    /// The one spelling of all that mean this repository.
    #[must_use]
    pub fn canonical(&self) -> String {
        self.spelling.canonical()
    }

    /// Whether both mean the same repository.
    #[must_use]
    pub fn same(&self, other: &Self) -> bool {
        self.spelling == other.spelling
    }

    /// What a repo-server may take for one repository: it does not tell small letters from capitals, so that two
    /// repositories of one host can be one to it. Of addresses with a path, which all of Git have, Argo CD's own key is
    /// never coarser.
    #[must_use]
    pub fn engine_key(&self) -> String {
        self.canonical().to_ascii_lowercase()
    }

    /// How it is spoken to.
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

    /// As whom, over ssh.
    #[must_use]
    pub fn user(&self) -> Option<&str> {
        self.spelling.user.as_deref()
    }
}

fn whole() -> Flaw {
    Flaw::malformed("give the whole address, with the path of the repository")
}

impl fmt::Display for RepositoryUrl {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.declared)
    }
}

/// What was stored has been through the door, which knew what to let in.
impl TryFrom<String> for RepositoryUrl {
    type Error = Flaw;

    fn try_from(raw: String) -> Result<Self, Flaw> {
        Self::parse(&raw, &Protocol::ALL)
    }
}

impl From<RepositoryUrl> for String {
    fn from(url: RepositoryUrl) -> Self {
        url.declared
    }
}
