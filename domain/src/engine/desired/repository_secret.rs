//! A repository credential as repository Secrets: one for each address that it is used for.
//!
//! Always for one project. `repo-creds`, which are for a prefix, would be for everybody's.

use std::collections::BTreeSet;

use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use super::manifest::SecretManifest;
use super::source::chart_repository;
use crate::engine::facts::CredentialFacts;
use crate::engine::marks::Owner;
use crate::intent::repository_credential::{CredentialAuth, CredentialSecret, HostKeys};
use crate::intent::repository_url::{Protocol, RepositoryUrl};

const GITHUB_API: &str = "https://api.github.com";

/// An address as Argo CD spells it, and what it is to it.
type Spelled<'a> = (&'a str, &'static str);

/// The repository Secrets of a credential, to be applied; others that its labels name are to go. None: it has not the
/// secret that its specification asks for, and what is there stays.
#[must_use]
pub fn repository_secrets(facts: &CredentialFacts) -> Option<Vec<SecretManifest>> {
    let login = Login::of(&facts.spec.auth, facts.secret.as_ref()?)?;
    let spelled: BTreeSet<Spelled<'_>> = facts.urls.iter().flat_map(spellings).collect();
    let alone = spelled.len() == 1;
    Some(spelled.into_iter().map(|one| secret(facts, &login, one, alone)).collect())
}

/// A registry has charts and artifacts, which Argo CD tells apart by the spelling.
fn spellings(url: &RepositoryUrl) -> Vec<Spelled<'_>> {
    match url.protocol() {
        Protocol::Https | Protocol::Http | Protocol::Ssh => vec![(url.declared(), "git")],
        Protocol::Oci => vec![(url.declared(), "oci"), (chart_repository(url), "helm")],
    }
}

fn secret(facts: &CredentialFacts, login: &Login, (url, sort): Spelled<'_>, alone: bool) -> SecretManifest {
    let whole = facts.credential.repository_secret_name();
    let name = if alone { whole.clone() } else { format!("{whole}-{}", short(url)) };
    let owner = Owner { tenant: facts.tenant, resource: facts.credential.0 };
    let place = (facts.seat.namespace.as_str(), name);
    let mut manifest = SecretManifest::new(place, "repository", owner, facts.generation)
        .with("type", sort)
        .with("url", url)
        .with("project", facts.tenant.project_name());
    if sort == "helm" {
        manifest = manifest.with("name", whole).with("enableOCI", "true");
    }
    login.0.iter().fold(manifest, |manifest, (key, value)| manifest.with(key, value.as_str()))
}

/// Eight letters by which addresses of one credential are told apart.
fn short(url: &str) -> String {
    Sha256::digest(url.as_bytes()).iter().take(4).map(|byte| format!("{byte:02x}")).collect()
}

/// What Argo CD has to know to log in, under its own names.
struct Login(Vec<(&'static str, Zeroizing<String>)>);

impl Login {
    fn of(auth: &CredentialAuth, secret: &CredentialSecret) -> Option<Self> {
        let copy = |text: &str| Zeroizing::new(text.to_owned());
        let entries = match (auth, secret) {
            (CredentialAuth::Basic { username }, CredentialSecret::Password(password)) => {
                vec![("username", copy(username.as_str())), ("password", copy(password.expose()))]
            }
            (CredentialAuth::Bearer, CredentialSecret::Token(token)) => {
                vec![("bearerToken", copy(token.expose()))]
            }
            (CredentialAuth::SshKey { host_keys }, CredentialSecret::SshKey(key)) => {
                let mut entries = vec![("sshPrivateKey", with_line_end(key.expose()))];
                match host_keys {
                    HostKeys::Known => {}
                    HostKeys::Unverified => entries.push(("insecureIgnoreHostKey", copy("true"))),
                }
                entries
            }
            (CredentialAuth::GitHubApp { app, installation, api }, CredentialSecret::AppKey(key)) => {
                let mut entries = vec![
                    ("githubAppID", copy(&app.number().to_string())),
                    ("githubAppInstallationID", copy(&installation.number().to_string())),
                    ("githubAppPrivateKey", with_line_end(key.expose())),
                ];
                if api.as_str() != GITHUB_API {
                    entries.push(("githubAppEnterpriseBaseUrl", copy(api.as_str())));
                }
                entries
            }
            (
                CredentialAuth::Basic { .. }
                | CredentialAuth::Bearer
                | CredentialAuth::SshKey { .. }
                | CredentialAuth::GitHubApp { .. },
                CredentialSecret::Password(_)
                | CredentialSecret::Token(_)
                | CredentialSecret::SshKey(_)
                | CredentialSecret::AppKey(_),
            ) => return None,
        };
        Some(Self(entries))
    }
}

/// ssh reads no key whose last line does not end.
fn with_line_end(key: &str) -> Zeroizing<String> {
    let mut text = Zeroizing::new(key.to_owned());
    if !text.ends_with('\n') {
        text.push('\n');
    }
    text
}
