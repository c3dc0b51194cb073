//! One line of the operator's allow or deny list: a network or a host.

use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

use ipnet::IpNet;

/// A network (`10.1.0.0/16`, `192.0.2.7`), a host (`git.example.com`) or all hosts below a domain (`*.example.com`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Rule {
    /// Addresses.
    Network(IpNet),
    /// Exactly this name, lower-case, without a trailing dot.
    Host(String),
    /// Every name that ends in this domain, but not the domain itself.
    Below(String),
}

/// Why a text is no rule.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("`{0}` is neither a network (10.1.0.0/16), a host (git.example.com) nor a domain (*.example.com)")]
pub struct InvalidRule(String);

impl Rule {
    pub(super) fn names(&self, host: &str) -> bool {
        match self {
            Self::Network(_) => false,
            Self::Host(name) => name == host,
            Self::Below(domain) => host.strip_suffix(domain.as_str()).is_some_and(|rest| rest.ends_with('.')),
        }
    }

    pub(super) fn holds(&self, address: IpAddr) -> bool {
        match self {
            Self::Network(network) => network.contains(&address),
            Self::Host(_) | Self::Below(_) => false,
        }
    }
}

impl FromStr for Rule {
    type Err = InvalidRule;

    fn from_str(raw: &str) -> Result<Self, InvalidRule> {
        let invalid = || InvalidRule(raw.to_owned());
        if let Ok(network) = raw.parse::<IpNet>() {
            return Ok(Self::Network(network.trunc()));
        }
        if let Ok(address) = raw.parse::<IpAddr>() {
            return Ok(Self::Network(address.into()));
        }
        let (below, name) = raw.strip_prefix("*.").map_or((false, raw), |name| (true, name));
        let name = name.trim_end_matches('.').to_ascii_lowercase();
        let label = |label: &str| {
            !label.is_empty() && label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
        };
        // A name of digits only is how people misspell an address; it must not silently match nothing.
        let numeric = name.bytes().all(|b| b.is_ascii_digit() || b == b'.');
        if numeric || !name.split('.').all(label) {
            return Err(invalid());
        }
        Ok(if below { Self::Below(name) } else { Self::Host(name) })
    }
}

impl fmt::Display for Rule {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Network(network) => write!(out, "{network}"),
            Self::Host(name) => out.write_str(name),
            Self::Below(domain) => write!(out, "*.{domain}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rules_read_as_they_are_written() {
        for (raw, canonical) in [
            ("10.1.2.3/16", "10.1.0.0/16"),
            ("192.0.2.7", "192.0.2.7/32"),
            ("fd00::/8", "fd00::/8"),
            ("Git.Example.com.", "git.example.com"),
            ("*.example.com", "*.example.com"),
        ] {
            assert_eq!(raw.parse::<Rule>().unwrap().to_string(), canonical, "{raw}");
        }
    }

    #[test]
    fn nonsense_is_refused_instead_of_matching_nothing() {
        for raw in
            ["", "*", "*.", "10.0.0/8", "10.0.0", "a..b", "https://git.example.com", "git.example.com:443"]
        {
            assert!(raw.parse::<Rule>().is_err(), "{raw}");
        }
    }

    #[test]
    fn a_domain_rule_needs_a_whole_label() {
        let rule: Rule = "*.example.com".parse().unwrap();
        assert!(rule.names("git.example.com") && rule.names("a.b.example.com"));
        assert!(!rule.names("example.com") && !rule.names("badexample.com"));
    }
}
