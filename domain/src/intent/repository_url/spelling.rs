//! Taking an address apart, strictly: nothing is guessed, trimmed or repaired, since others will read the same text.

use url::Host;

use super::path::Segments;
use super::protocol::Protocol;
use crate::field::Flaw;

/// Nobody's repository has a longer address.
const LONGEST: usize = 2048;

/// What an address says, with all that does not matter taken away.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Spelling {
    pub(super) protocol: Protocol,
    pub(super) user: Option<String>,
    pub(super) host: Host,
    pub(super) port: u16,
    pub(super) path: Segments,
}

impl Spelling {
    pub(super) fn parse(raw: &str, protocols: &[Protocol]) -> Result<Self, Flaw> {
        if raw.is_empty() {
            return Err(Flaw::required("give the address of the repository"));
        }
        if raw.len() > LONGEST {
            return Err(Flaw::too_long(LONGEST, "characters"));
        }
        let forbidden =
            |letter: char| letter.is_control() || letter.is_whitespace() || "\\\"'<>^`{|}$;".contains(letter);
        if raw.contains(forbidden) {
            return Err(Flaw::malformed(
                "write it without spaces, quotes, backslashes and control characters",
            ));
        }
        let (protocol, rest) = split_scheme(raw, protocols)?;
        match rest {
            Rest::Url(rest) => Self::url(protocol, rest),
            Rest::Scp(rest) => Self::scp(rest),
        }
    }

    /// What stands behind `scheme://`.
    fn url(protocol: Protocol, rest: &str) -> Result<Self, Flaw> {
        if rest.contains(['?', '#']) {
            return Err(Flaw::malformed("write it without `?` and `#`; a revision has a field of its own"));
        }
        let (authority, path) = rest.split_once('/').unwrap_or((rest, ""));
        let (user, place) = match authority.rsplit_once('@') {
            Some((user, place)) => (Some(user), place),
            None => (None, authority),
        };
        let user = read_user(protocol, user)?;
        let (host, port) = split_port(place)?;
        let host = read_host(host)?;
        let path = Segments::decoded(path)?;
        if protocol == Protocol::Ssh {
            path.refuse_at()?;
        }
        Ok(Self { protocol, user, host, port: port.unwrap_or_else(|| protocol.default_port()), path })
    }

    /// `git@host:path`
    fn scp(rest: &str) -> Result<Self, Flaw> {
        let whole = || Flaw::malformed("write `git@host:path`, `ssh://git@host/path` or `https://host/path`");
        if rest.contains(['%', '?', '#', '[', ']']) {
            return Err(Flaw::malformed("write `ssh://git@host/path` if it needs `%`, `[`, `]`, `?` or `#`"));
        }
        let (user, place) = rest.split_once('@').ok_or_else(whole)?;
        let (host, path) = place.split_once(':').ok_or_else(whole)?;
        let user = read_user(Protocol::Ssh, Some(user))?;
        let path = Segments::decoded(path)?;
        path.refuse_at()?;
        let port = Protocol::Ssh.default_port();
        Ok(Self { protocol: Protocol::Ssh, user, host: read_host(host)?, port, path })
    }

    pub(super) fn without_suffix(mut self) -> Result<Self, Flaw> {
        self.path = self.path.without_suffix()?;
        Ok(self)
    }

    pub(super) fn canonical(&self) -> String {
        let mut text = format!("{}://", self.protocol);
        if let Some(user) = &self.user {
            text.push_str(user);
            text.push('@');
        }
        text.push_str(&self.host.to_string());
        if self.port != self.protocol.default_port() {
            text.push_str(&format!(":{}", self.port));
        }
        text + &self.path.to_string()
    }
}

enum Rest<'a> {
    Url(&'a str),
    Scp(&'a str),
}

fn split_scheme<'a>(raw: &'a str, protocols: &[Protocol]) -> Result<(Protocol, Rest<'a>), Flaw> {
    let found = match raw.split_once("://") {
        Some((scheme, rest)) => Protocol::ALL
            .into_iter()
            .find(|known| known.scheme() == scheme)
            .map(|known| (known, Rest::Url(rest))),
        // `ext::sh -c …` and `C:\…` are no hosts either.
        None if raw.contains('@') && !raw.contains("::") => Some((Protocol::Ssh, Rest::Scp(raw))),
        None => None,
    };
    match found {
        Some((protocol, rest)) if protocols.contains(&protocol) => Ok((protocol, rest)),
        Some(_) | None => Err(Flaw::malformed(format!("begin it with {}", beginnings(protocols)))),
    }
}

fn beginnings(protocols: &[Protocol]) -> String {
    let shown = protocols.iter().filter(|protocol| **protocol != Protocol::Http);
    let mut words: Vec<String> = shown.map(|protocol| format!("`{protocol}://`")).collect();
    if protocols.contains(&Protocol::Ssh) {
        words.push("`git@host:`".to_owned());
    }
    words.join(" or ")
}

fn read_user(protocol: Protocol, user: Option<&str>) -> Result<Option<String>, Flaw> {
    match (protocol, user) {
        (Protocol::Https | Protocol::Http | Protocol::Oci, None) => Ok(None),
        (Protocol::Https | Protocol::Http | Protocol::Oci, Some(_)) => Err(Flaw::malformed(
            "write it without user and password; they belong into a repository credential",
        )),
        // Without a user, Argo CD does not see that it is ssh.
        (Protocol::Ssh, None) => Err(Flaw::malformed("name the user too, as in `ssh://git@host/path`")),
        (Protocol::Ssh, Some(user)) => {
            let inner = |byte: u8| byte.is_ascii_alphanumeric() || b"._-".contains(&byte);
            let good = (1..=64).contains(&user.len()) && !user.starts_with('-') && user.bytes().all(inner);
            if !good {
                return Err(Flaw::malformed(
                    "the user is letters, digits, `.`, `_` and `-`, without a password",
                ));
            }
            Ok(Some(user.to_owned()))
        }
    }
}

fn split_port(place: &str) -> Result<(&str, Option<u16>), Flaw> {
    // A colon inside of brackets belongs to an IPv6 address.
    let bracket = place.rfind(']').map_or(0, |end| end + 1);
    let Some(colon) = place[bracket..].find(':') else { return Ok((place, None)) };
    let (host, port) = (&place[..bracket + colon], &place[bracket + colon + 1..]);
    let digits = !port.is_empty() && port.bytes().all(|byte| byte.is_ascii_digit());
    let number = port.parse::<u16>().ok().filter(|number| digits && *number != 0);
    number
        .map(|number| (host, Some(number)))
        .ok_or_else(|| Flaw::malformed("a port is a number from 1 to 65535"))
}

/// As browsers read it: IDN becomes punycode, every spelling of an IPv4 address becomes that address.
fn read_host(raw: &str) -> Result<Host, Flaw> {
    let flaw = || Flaw::malformed("the host is neither a DNS name nor an IP address");
    if raw.contains('%') {
        return Err(flaw());
    }
    let host = Host::parse(raw).map_err(|_| flaw())?;
    let Host::Domain(name) = host else { return Ok(host) };
    let name = name.strip_suffix('.').unwrap_or(&name);
    let label = |label: &str| {
        let inner = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
        (1..=63).contains(&label.len()) && !label.starts_with('-') && label.bytes().all(inner)
    };
    if name.len() > 253 || !name.split('.').all(label) {
        return Err(flaw());
    }
    // `127.0.0.1.` is an address as well.
    Host::parse(name).map_err(|_| flaw())
}
