//! The policy itself: a profile, what it allows besides, and what it denies whatever else is said.

use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

use url::Host;

use super::{Range, Rule};

/// What is allowed before the lists are read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Profile {
    /// The internet, and nothing behind anybody's wall. For production.
    #[default]
    Public,
    /// Only what the allow list names.
    ListedOnly,
    /// Only this machine, and a name is refused before it is resolved. For the sandbox and the tests, so that what
    /// they generate never dials out. The allow list is not read: nothing may widen it by mistake.
    LoopbackOnly,
}

/// Where we may dial.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Policy {
    /// What is allowed before the lists are read.
    pub profile: Profile,
    /// What is allowed besides.
    pub allow: Vec<Rule>,
    /// What is denied; beats everything.
    pub deny: Vec<Rule>,
}

/// Why we may not dial. The text is for the operator and for a tenant alike: it names no rule of the operator's.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Denied {
    /// A deny rule names it.
    #[error("{0} is on the operator's deny list")]
    Listed(String),
    /// The profile allows only what is listed, and this is not.
    #[error("{0} is not on the operator's allow list")]
    NotListed(String),
    /// It is in a range that nobody may dial without the operator's word.
    #[error("{place} is {range}; the operator must allow it first")]
    Range {
        /// What was to be dialled.
        place: String,
        /// What kind of place that is.
        range: Range,
    },
    /// The profile allows only this machine.
    #[error("{0} is not this machine, and the egress profile is loopback-only")]
    NotLoopback(String),
}

impl Policy {
    /// May this host be asked for at all? Before DNS. An address is judged for good here, a name again after DNS.
    pub fn vet_host(&self, host: &Host<impl AsRef<str>>) -> Result<(), Denied> {
        let name = match host {
            Host::Ipv4(address) => return self.vet_address(host, (*address).into()),
            Host::Ipv6(address) => return self.vet_address(host, (*address).into()),
            Host::Domain(name) => plain(name.as_ref()),
        };
        if self.deny.iter().any(|rule| rule.names(&name)) {
            return Err(Denied::Listed(name));
        }
        let own = loopback_name(&name);
        match self.profile {
            Profile::LoopbackOnly if own => Ok(()),
            Profile::LoopbackOnly => Err(Denied::NotLoopback(name)),
            Profile::Public if own => Err(Denied::Range { place: name, range: Range::Loopback }),
            Profile::Public if name == "metadata.google.internal" && !self.allows_name(&name) => {
                Err(Denied::Range { place: name, range: Range::Metadata })
            }
            Profile::Public => Ok(()),
            // A network on the allow list may hold what the name resolves to: then only the address can tell.
            Profile::ListedOnly if self.allows_name(&name) || self.allows_any_network() => Ok(()),
            Profile::ListedOnly => Err(Denied::NotListed(name)),
        }
    }

    /// May this address be dialled for this host? After DNS, for each address.
    ///
    /// An allowed *name* may lead behind a wall (private ranges), since that is what operators list names for. It may
    /// never lead to loopback, link-local or metadata: whoever holds the name's DNS would choose. Those need their
    /// network on the list.
    pub fn vet_address(&self, host: &Host<impl AsRef<str>>, address: IpAddr) -> Result<(), Denied> {
        let name = match host {
            Host::Domain(name) => Some(plain(name.as_ref())),
            Host::Ipv4(_) | Host::Ipv6(_) => None,
        };
        let canonical = address.to_canonical();
        let place =
            || name.as_ref().map_or_else(|| canonical.to_string(), |name| format!("{name} ({canonical})"));
        let range = Range::of(address);
        let named =
            |rules: &[Rule]| name.as_ref().is_some_and(|name| rules.iter().any(|rule| rule.names(name)));
        let held = |rules: &[Rule]| rules.iter().any(|rule| rule.holds(address) || rule.holds(canonical));

        if named(&self.deny) || held(&self.deny) {
            return Err(Denied::Listed(place()));
        }
        match self.profile {
            Profile::LoopbackOnly if range == Range::Loopback => return Ok(()),
            Profile::LoopbackOnly => return Err(Denied::NotLoopback(place())),
            Profile::Public | Profile::ListedOnly if held(&self.allow) => return Ok(()),
            Profile::Public | Profile::ListedOnly => {}
        }
        match (range, self.profile) {
            (Range::Public | Range::Private, _) if named(&self.allow) => Ok(()),
            (Range::Public, Profile::Public) => Ok(()),
            (Range::Public, Profile::ListedOnly | Profile::LoopbackOnly) => Err(Denied::NotListed(place())),
            (Range::Loopback | Range::LinkLocal | Range::Metadata | Range::Private | Range::Reserved, _) => {
                Err(Denied::Range { place: place(), range })
            }
        }
    }

    /// May we dial a place that the *operator* configured, like an engine cluster? The lists guard against tenants and
    /// do not apply; that the sandbox stays on this machine does.
    pub fn vet_operators_own(&self, host: &Host<impl AsRef<str>>) -> Result<(), Denied> {
        match self.profile {
            Profile::LoopbackOnly => self.vet_host(host),
            Profile::Public | Profile::ListedOnly => Ok(()),
        }
    }

    fn allows_name(&self, name: &str) -> bool {
        self.allow.iter().any(|rule| rule.names(name))
    }

    fn allows_any_network(&self) -> bool {
        self.allow.iter().any(|rule| matches!(rule, Rule::Network(_)))
    }
}

fn plain(name: &str) -> String {
    name.trim_end_matches('.').to_ascii_lowercase()
}

/// RFC 6761: these names are this machine, whatever a resolver says.
fn loopback_name(name: &str) -> bool {
    name == "localhost" || name.ends_with(".localhost")
}

/// A profile nobody knows.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("`{0}` is none of public, listed-only, loopback-only")]
pub struct UnknownProfile(String);

impl FromStr for Profile {
    type Err = UnknownProfile;

    fn from_str(raw: &str) -> Result<Self, UnknownProfile> {
        match raw {
            "public" => Ok(Self::Public),
            "listed-only" => Ok(Self::ListedOnly),
            "loopback-only" => Ok(Self::LoopbackOnly),
            _ => Err(UnknownProfile(raw.to_owned())),
        }
    }
}

impl fmt::Display for Profile {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(match self {
            Self::Public => "public",
            Self::ListedOnly => "listed-only",
            Self::LoopbackOnly => "loopback-only",
        })
    }
}
