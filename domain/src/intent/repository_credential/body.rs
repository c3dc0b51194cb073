//! What a body may say about a repository credential.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::secret::Secret;

/// How to read private repositories: which ones, and exactly one way to log in.
#[derive(Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[expect(missing_debug_implementations, reason = "it has secrets in it")]
pub struct RawRepositoryCredential {
    /// Address of the one repository it is for.
    pub repository: Option<String>,
    /// The beginning of the addresses it is for: `https://host/org` is for all repositories of `org`.
    pub prefix: Option<String>,
    /// User name and password, or a personal access token as password.
    pub basic: Option<RawBasic>,
    /// A bearer token.
    pub bearer: Option<RawBearer>,
    /// A key for ssh.
    pub ssh_key: Option<RawSshKey>,
    /// An installed GitHub App.
    pub github_app: Option<RawGitHubApp>,
    /// Labels that lists are filtered by.
    #[serde(default)]
    pub labels: BTreeMap<String, String>,
}

/// User name and password.
#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[expect(missing_debug_implementations, reason = "it has secrets in it")]
pub struct RawBasic {
    /// The user; hosts that want only a token take any.
    pub username: String,
    /// The password. Never shown again; a change that does not give it keeps the stored one, if it goes to the same place.
    pub password: Option<Secret<String>>,
}

/// A bearer token.
#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[expect(missing_debug_implementations, reason = "it has secrets in it")]
pub struct RawBearer {
    /// The token. Never shown again.
    pub token: Option<Secret<String>>,
}

/// A key for ssh.
#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[expect(missing_debug_implementations, reason = "it has secrets in it")]
pub struct RawSshKey {
    /// The private key, without a passphrase. Never shown again.
    pub private_key: Option<Secret<String>>,
    /// How the host is known; `known` if it is absent.
    pub host_keys: Option<RawHostKeys>,
}

/// How an ssh host is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum RawHostKeys {
    /// Its key is one that the operator knows.
    Known,
    /// By nothing. Only if the operator allows it.
    Unverified,
}

/// An installed GitHub App.
#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[expect(missing_debug_implementations, reason = "it has secrets in it")]
pub struct RawGitHubApp {
    /// Id of the app.
    pub app_id: i64,
    /// Id of the installation.
    pub installation_id: i64,
    /// The app's private key, in PEM. Never shown again.
    pub private_key: Option<Secret<String>>,
    /// Address of the API of a GitHub Enterprise Server: `https://host/api/v3`.
    pub api_url: Option<String>,
}
