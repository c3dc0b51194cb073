//! The address of an API server.

use serde::{Deserialize, Serialize};
use url::{Host, Url};

use super::cluster_host::refuse_cluster_names;
use crate::egress::Policy;
use crate::field::{Code, Flaw};

const LONGEST: usize = 1024;

/// The address of an API server, in the one spelling there is of it: small letters, no default port, no slash at the end.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ApiServerUrl {
    text: String,
    host: Host,
    port: u16,
    path: String,
}

impl ApiServerUrl {
    /// Reads the address of a server that we, and the engines, may dial.
    pub fn vetted(raw: &str, egress: &Policy) -> Result<Self, Flaw> {
        let url = Self::parse(raw)?;
        url.vet(egress)?;
        Ok(url)
    }

    /// Whether we may dial it.
    pub fn vet(&self, egress: &Policy) -> Result<(), Flaw> {
        egress.vet_host(&self.host).map_err(|denied| Flaw::new(Code::Forbidden, denied.to_string()))
    }

    fn parse(raw: &str) -> Result<Self, Flaw> {
        if raw.len() > LONGEST {
            return Err(Flaw::too_long(LONGEST, "characters"));
        }
        // What a URL parser would silently drop or turn.
        if raw.contains(|letter: char| {
            !letter.is_ascii_graphic() && !letter.is_alphanumeric() || letter == '\\'
        }) {
            return Err(Flaw::malformed("write it without spaces, backslashes and control characters"));
        }
        let form = || Flaw::malformed("give the address as `https://host:port`");
        if !raw.get(..8).is_some_and(|start| start.eq_ignore_ascii_case("https://")) {
            return Err(form());
        }
        let url = Url::parse(raw).map_err(|_| form())?;
        if raw.contains(['?', '#', '&']) {
            return Err(Flaw::malformed("write it without `?`, `&` and `#`"));
        }
        if raw.contains('@') {
            return Err(Flaw::malformed("write it without user and password"));
        }
        let host = plain_host(&url).ok_or_else(form)?;
        refuse_cluster_names(&host)?;
        let port = url.port().unwrap_or(443);
        let path = url.path().trim_end_matches('/').to_owned();
        if path.contains("//") || path.contains("%2f") || path.contains("%2F") {
            return Err(Flaw::malformed("write its path without empty segments and encoded slashes"));
        }
        let shown_port = if port == 443 { String::new() } else { format!(":{port}") };
        Ok(Self { text: format!("https://{host}{shown_port}{path}"), host, port, path })
    }

    /// The one spelling.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Who is dialled.
    #[must_use]
    pub fn host(&self) -> &Host {
        &self.host
    }

    /// Where it is dialled.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port
    }

    /// What stands behind the host: one host can be the door to several clusters.
    #[must_use]
    pub fn path(&self) -> &str {
        &self.path
    }

    /// Whether a text is another spelling of this address.
    pub(super) fn is_spelled(&self, raw: &str) -> bool {
        Self::parse(raw).is_ok_and(|other| other == *self)
    }
}

/// Without the dot at the end that changes nothing but the spelling.
fn plain_host(url: &Url) -> Option<Host> {
    match url.host()?.to_owned() {
        Host::Domain(name) => {
            let name = name.strip_suffix('.').unwrap_or(&name);
            let label = |label: &str| {
                let inner = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
                (1..=63).contains(&label.len()) && label.bytes().all(inner)
            };
            let good = name.len() <= 253 && name.split('.').all(label);
            good.then(|| Host::parse(name).ok()).flatten()
        }
        address @ (Host::Ipv4(_) | Host::Ipv6(_)) => Some(address),
    }
}

/// What was stored has been vetted, and is vetted again before it is dialled.
impl TryFrom<String> for ApiServerUrl {
    type Error = Flaw;

    fn try_from(raw: String) -> Result<Self, Flaw> {
        Self::parse(&raw)
    }
}

impl From<ApiServerUrl> for String {
    fn from(url: ApiServerUrl) -> Self {
        url.text
    }
}
