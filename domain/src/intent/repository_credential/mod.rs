//! A repository credential: how to read private repositories.
//!
//! Write-only: the secret is apart from the specification, which rows keep in clear and answers show.

mod auth;
mod body;
mod coverage;
mod parse;
mod shown;

use serde::{Deserialize, Serialize};

pub use auth::{AppId, CredentialAuth, CredentialSecret, GitHubApi, HostKeys, UserName};
pub use body::{RawBasic, RawBearer, RawGitHubApp, RawHostKeys, RawRepositoryCredential, RawSshKey};
pub use coverage::Coverage;
pub use parse::{RepositoryCredential, parse};
pub use shown::{ShownBasic, ShownBearer, ShownGitHubApp, ShownRepositoryCredential, ShownSshKey};

use crate::secret::{Fact, Whereabouts};
use crate::text::Labels;

/// How to read some repositories, without what must not be shown.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RepositoryCredentialSpec {
    /// Which repositories.
    pub coverage: Coverage,
    /// How we log in.
    pub auth: CredentialAuth,
    /// What lists are filtered by.
    pub labels: Labels,
}

impl RepositoryCredentialSpec {
    /// Where its secret is sent, and what proves that it arrives there.
    ///
    /// The path is not among it: the host gets the secret whatever repository is asked for.
    #[must_use]
    pub fn goes_where(&self) -> Whereabouts {
        let (protocol, host, port) = self.coverage.place();
        let here = Whereabouts::default()
            .with(Fact::Scheme, protocol.scheme())
            .with(Fact::Host, host)
            .with(Fact::Port, port.to_string())
            .with(Fact::Auth, self.auth.name());
        match &self.auth {
            CredentialAuth::Basic { .. } | CredentialAuth::Bearer => here,
            CredentialAuth::SshKey { host_keys: HostKeys::Known } => here,
            CredentialAuth::SshKey { host_keys: HostKeys::Unverified } => {
                here.with(Fact::Verification, "off")
            }
            CredentialAuth::GitHubApp { api, .. } => here.with(Fact::ApiHost, api.as_str()),
        }
    }
}
