//! What answers say about a repository credential.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Serialize;

use super::RepositoryCredentialSpec;
use super::auth::{CredentialAuth, HostKeys};
use super::body::RawHostKeys;
use super::coverage::Coverage;

/// The body that says the same, without the secret: what answers show, and what a merge patch is applied to.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ShownRepositoryCredential {
    /// Address of the one repository it is for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub repository: Option<String>,
    /// The beginning of the addresses it is for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub prefix: Option<String>,
    /// It is a user name and a password.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub basic: Option<ShownBasic>,
    /// It is a bearer token.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bearer: Option<ShownBearer>,
    /// It is a key for ssh.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ssh_key: Option<ShownSshKey>,
    /// It is an installed GitHub App.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub github_app: Option<ShownGitHubApp>,
    /// Labels that lists are filtered by.
    pub labels: BTreeMap<String, String>,
}

/// A user name and a password, without the password.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ShownBasic {
    /// The user.
    pub username: String,
}

/// A bearer token, without the token.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct ShownBearer {}

/// A key for ssh, without the key.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ShownSshKey {
    /// How the host is known.
    pub host_keys: RawHostKeys,
}

/// An installed GitHub App, without its key.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ShownGitHubApp {
    /// Id of the app.
    pub app_id: i64,
    /// Id of the installation.
    pub installation_id: i64,
    /// Address of the API.
    pub api_url: String,
}

impl From<&RepositoryCredentialSpec> for ShownRepositoryCredential {
    fn from(spec: &RepositoryCredentialSpec) -> Self {
        let labels = spec.labels.iter().map(|(key, value)| (key.to_string(), value.to_string())).collect();
        let mut shown = Self {
            repository: None,
            prefix: None,
            basic: None,
            bearer: None,
            ssh_key: None,
            github_app: None,
            labels,
        };
        match &spec.coverage {
            Coverage::Repository(url) => shown.repository = Some(url.to_string()),
            Coverage::Prefix(prefix) => shown.prefix = Some(prefix.to_string()),
        }
        match &spec.auth {
            CredentialAuth::Basic { username } => {
                shown.basic = Some(ShownBasic { username: username.to_string() });
            }
            CredentialAuth::Bearer => shown.bearer = Some(ShownBearer {}),
            CredentialAuth::SshKey { host_keys } => {
                let host_keys = match host_keys {
                    HostKeys::Known => RawHostKeys::Known,
                    HostKeys::Unverified => RawHostKeys::Unverified,
                };
                shown.ssh_key = Some(ShownSshKey { host_keys });
            }
            CredentialAuth::GitHubApp { app, installation, api } => {
                let (app_id, installation_id) = (app.number(), installation.number());
                let api_url = api.as_str().to_owned();
                shown.github_app = Some(ShownGitHubApp { app_id, installation_id, api_url });
            }
        }
        shown
    }
}
