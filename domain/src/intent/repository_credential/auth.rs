//! How we log in to a repository.

use serde::{Deserialize, Serialize};
use url::{Host, Url};

use super::body::{RawBasic, RawBearer, RawGitHubApp, RawHostKeys, RawSshKey};
use crate::field::{Code, Errors, Flaw, Pointer};
use crate::intent::pem::{KeyUse, check_private_key};
use crate::intent::repository_url::Protocol;
use crate::intent::terms::{Terms, Unverified};
use crate::secret::Secret;
use crate::text::{checked_text, line};

/// Passwords and tokens of hosts are shorter by far.
const LONGEST_PASSWORD: usize = 8 * 1024;
const GITHUB_API: &str = "https://api.github.com";

checked_text!(
    /// Who logs in.
    UserName,
    |raw| {
        line(raw, 256)?;
        if raw.is_empty() || raw.contains(':') {
            return Err(Flaw::malformed("give a user name, without `:`"));
        }
        Ok(())
    }
);

/// How we log in, without the secret of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum CredentialAuth {
    /// User name and password.
    Basic {
        /// Who.
        username: UserName,
    },
    /// A bearer token.
    Bearer,
    /// A key for ssh.
    #[serde(rename_all = "camelCase")]
    SshKey {
        /// How the host is known.
        host_keys: HostKeys,
    },
    /// An installed GitHub App.
    #[serde(rename = "github_app")]
    GitHubApp {
        /// The app.
        app: AppId,
        /// Its installation.
        installation: AppId,
        /// Who turns the app's key into tokens.
        api: GitHubApi,
    },
}

/// How an ssh host is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum HostKeys {
    /// By the operator's list of known hosts.
    Known,
    /// By nothing: who is in between reads and writes everything.
    Unverified,
}

/// A number that GitHub gives.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct AppId(i64);

/// Address of the API of GitHub, or of a GitHub Enterprise Server.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct GitHubApi(Url);

/// The secret of it.
#[expect(missing_debug_implementations, reason = "what can be printed will be printed")]
pub enum CredentialSecret {
    /// The password.
    Password(Secret<String>),
    /// The token.
    Token(Secret<String>),
    /// The private key for ssh.
    SshKey(Secret<String>),
    /// The app's private key.
    AppKey(Secret<String>),
}

/// How we log in, and the secret of it if it was given.
pub(super) type Login = (CredentialAuth, Option<CredentialSecret>);

impl CredentialAuth {
    /// As answers call it.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Basic { .. } => "basic",
            Self::Bearer => "bearer",
            Self::SshKey { .. } => "ssh_key",
            Self::GitHubApp { .. } => "github_app",
        }
    }

    /// Where a body has the secret: there it is missed if it must be given.
    #[must_use]
    pub fn secret_field(&self) -> Pointer {
        let (way, field) = match self {
            Self::Basic { .. } => ("basic", "password"),
            Self::Bearer => ("bearer", "token"),
            Self::SshKey { .. } => ("sshKey", "privateKey"),
            Self::GitHubApp { .. } => ("githubApp", "privateKey"),
        };
        Pointer::root().at(way).at(field)
    }

    /// Whether one can log in so where this is spoken.
    pub(super) fn goes_with(&self, protocol: Protocol) -> bool {
        match self {
            Self::Basic { .. } => protocol != Protocol::Ssh,
            Self::Bearer | Self::GitHubApp { .. } => matches!(protocol, Protocol::Https | Protocol::Http),
            Self::SshKey { .. } => protocol == Protocol::Ssh,
        }
    }
}

impl CredentialSecret {
    /// The secret itself, for the one who seals it.
    #[must_use]
    pub fn secret(&self) -> &Secret<String> {
        match self {
            Self::Password(secret) | Self::Token(secret) | Self::SshKey(secret) | Self::AppKey(secret) => {
                secret
            }
        }
    }
}

pub(super) fn basic(errors: &mut Errors, raw: RawBasic) -> Option<Login> {
    let username = errors.at("username", UserName::parse(&raw.username));
    let password = errors.optional("password", raw.password, one_line);
    Some((CredentialAuth::Basic { username: username? }, password?.map(CredentialSecret::Password)))
}

pub(super) fn bearer(errors: &mut Errors, raw: RawBearer) -> Option<Login> {
    let token = errors.optional("token", raw.token, one_line);
    Some((CredentialAuth::Bearer, token?.map(CredentialSecret::Token)))
}

pub(super) fn ssh_key(errors: &mut Errors, raw: RawSshKey, terms: &Terms<'_>) -> Option<Login> {
    let key = errors.optional("privateKey", raw.private_key, |key| {
        check_private_key(&key, KeyUse::Ssh).map(|()| CredentialSecret::SshKey(key))
    });
    let host_keys = match (raw.host_keys.unwrap_or(RawHostKeys::Known), terms.unverified) {
        (RawHostKeys::Known, _) => Ok(HostKeys::Known),
        (RawHostKeys::Unverified, Unverified::Allowed) => Ok(HostKeys::Unverified),
        (RawHostKeys::Unverified, Unverified::Refused) => {
            Err(Flaw::forbidden("the operator does not allow hosts that are not verified"))
        }
    };
    let host_keys = errors.at("hostKeys", host_keys);
    Some((CredentialAuth::SshKey { host_keys: host_keys? }, key?))
}

pub(super) fn github_app(errors: &mut Errors, raw: RawGitHubApp, terms: &Terms<'_>) -> Option<Login> {
    let app = errors.at("appId", AppId::parse(raw.app_id));
    let installation = errors.at("installationId", AppId::parse(raw.installation_id));
    let api = GitHubApi::vetted(raw.api_url.as_deref().unwrap_or(GITHUB_API), terms);
    let api = errors.at("apiUrl", api);
    let key = errors.optional("privateKey", raw.private_key, |key| {
        check_private_key(&key, KeyUse::Signing).map(|()| CredentialSecret::AppKey(key))
    });
    Some((CredentialAuth::GitHubApp { app: app?, installation: installation?, api: api? }, key?))
}

fn one_line(secret: Secret<String>) -> Result<Secret<String>, Flaw> {
    let text = secret.expose();
    if text.is_empty() {
        return Err(Flaw::required("give the secret, or leave the field out to keep the stored one"));
    }
    if text.len() > LONGEST_PASSWORD {
        return Err(Flaw::too_long(LONGEST_PASSWORD, "bytes"));
    }
    if text.chars().any(char::is_control) {
        return Err(Flaw::malformed("write it in one line, without control characters"));
    }
    Ok(secret)
}

impl AppId {
    fn parse(raw: i64) -> Result<Self, Flaw> {
        if raw > 0 {
            Ok(Self(raw))
        } else {
            Err(Flaw::new(Code::OutOfRange, "give the number that GitHub shows"))
        }
    }

    /// As GitHub writes it.
    #[must_use]
    pub fn number(self) -> i64 {
        self.0
    }
}

impl GitHubApi {
    fn vetted(raw: &str, terms: &Terms<'_>) -> Result<Self, Flaw> {
        let api = Self::parse(raw)?;
        let host: Option<Host> = api.0.host().map(|host| host.to_owned());
        let verdict = host.map_or(Ok(()), |host| terms.egress.vet_host(&host));
        verdict.map_err(|denied| Flaw::new(Code::Forbidden, denied.to_string()))?;
        Ok(api)
    }

    fn parse(raw: &str) -> Result<Self, Flaw> {
        let flaw = || Flaw::malformed("give the address of the API as `https://host/api/v3`");
        line(raw, 512)?;
        let url = Url::parse(raw).map_err(|_| flaw())?;
        let plain = url.username().is_empty() && url.password().is_none();
        let bare = url.query().is_none() && url.fragment().is_none();
        if url.scheme() != "https" || url.host().is_none() || !plain || !bare {
            return Err(flaw());
        }
        Ok(Self(url))
    }

    /// The address.
    #[must_use]
    pub fn as_str(&self) -> &str {
        self.0.as_str().trim_end_matches('/')
    }
}

impl TryFrom<String> for GitHubApi {
    type Error = Flaw;

    fn try_from(raw: String) -> Result<Self, Flaw> {
        Self::parse(&raw)
    }
}

impl From<GitHubApi> for String {
    fn from(api: GitHubApi) -> Self {
        api.as_str().to_owned()
    }
}
