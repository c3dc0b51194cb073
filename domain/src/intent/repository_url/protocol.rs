//! How a repository is spoken to.

use std::fmt;

/// The scheme of an address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Protocol {
    /// Git or charts over HTTPS.
    Https,
    /// The same without TLS: only where nothing but this machine may be dialled.
    Http,
    /// Git over ssh, also in the form `git@host:path`.
    Ssh,
    /// A registry of OCI artifacts.
    Oci,
}

impl Protocol {
    /// All there are.
    pub const ALL: [Self; 4] = [Self::Https, Self::Http, Self::Ssh, Self::Oci];

    /// As addresses begin.
    #[must_use]
    pub fn scheme(self) -> &'static str {
        match self {
            Self::Https => "https",
            Self::Http => "http",
            Self::Ssh => "ssh",
            Self::Oci => "oci",
        }
    }

    /// Where it is dialled if nothing is said.
    #[must_use]
    pub fn default_port(self) -> u16 {
        match self {
            Self::Https | Self::Oci => 443,
            Self::Http => 80,
            Self::Ssh => 22,
        }
    }
}

impl fmt::Display for Protocol {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.scheme())
    }
}
