//! An environment: a cluster, or some namespaces of one, that a tenant deploys to; and the credentials for it.
//!
//! A kubeconfig is taken apart on entry ([`kubeconfig`]): nothing of it is kept but the server, its CA, and a token or a
//! client certificate. The secret is apart from the specification, which rows keep in clear and answers show.

mod auth;
mod body;
mod check;
mod cluster_host;
mod connection;
pub mod kubeconfig;
mod parse;
mod reach;
mod server;
mod trust;

use serde::{Deserialize, Serialize};

pub use auth::{AuthKind, EnvironmentSecret};
pub use body::{RawEnvironment, ShownEnvironment};
pub use check::{ConnectionReport, ConnectionVerdict, Permission};
pub use parse::{Environment, parse};
pub use reach::Reach;
pub use server::ApiServerUrl;
pub use trust::Trust;

use crate::ids::EnvironmentId;
use crate::secret::{Fact, Whereabouts};
use crate::text::Labels;

/// Where a tenant deploys to, without what must not be shown.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct EnvironmentSpec {
    /// The API server.
    pub server: ApiServerUrl,
    /// By what it is known.
    pub trust: Trust,
    /// What we show it.
    pub auth: AuthKind,
    /// What we may touch there.
    pub reach: Reach,
    /// What lists are filtered by.
    pub labels: Labels,
}

impl EnvironmentSpec {
    /// Where its secret is sent, and what proves that it arrives there.
    #[must_use]
    pub fn goes_where(&self) -> Whereabouts {
        let here = Whereabouts::default()
            .with(Fact::Scheme, "https")
            .with(Fact::Host, self.server.host().to_string())
            .with(Fact::Port, self.server.port().to_string())
            .with(Fact::Path, self.server.path())
            .with(Fact::Auth, self.auth.name());
        match &self.trust {
            Trust::PublicRoots => here,
            Trust::Ca(certificates) => here.with(Fact::Ca, certificates.as_str()),
            Trust::Unverified => here.with(Fact::Verification, "off"),
        }
    }

    /// The `server` of its cluster Secret on an engine.
    #[must_use]
    pub fn engine_server(&self, id: EnvironmentId) -> String {
        id.engine_server(self.server.as_str())
    }
}
