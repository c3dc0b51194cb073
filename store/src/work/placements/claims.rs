//! Who may name a private repository on a repo-server (LAWS, "The leak").

use std::collections::BTreeSet;

use domain::ids::CredentialId;
use domain::intent::repository_credential::Coverage;
use domain::intent::repository_url::RepositoryUrl;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

/// A repository that a deployment names.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Named {
    /// As declared.
    pub(crate) url: String,
    /// sha256 of what a repo-server may take for one repository, in hexadecimal.
    pub(crate) key: String,
    /// sha256 of the one spelling, in hexadecimal.
    pub(crate) canonical: String,
}

/// A credential of the tenant, as far as it matters here.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Credential {
    pub(crate) id: CredentialId,
    pub(crate) coverage: Coverage,
}

/// What others have to do with a repository on a repo-server.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Contested {
    key: String,
    mine: bool,
    others: bool,
    named: bool,
}

/// A private repository that is the tenant's alone from now on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Claim {
    /// In hexadecimal.
    pub(crate) key: String,
    pub(crate) engine_key: String,
}

/// How a deployment stands to the repositories it names, wherever it is placed.
#[derive(Debug, Default)]
pub(crate) struct Standing {
    /// Keys that no other tenant may hold there: all but those of public repositories.
    pub(crate) guarded: Vec<String>,
    /// What has to be the tenant's alone there: it has a credential for it, and it is not known to be public.
    claims: Vec<Claim>,
}

/// Why nothing may be written there, for operators. The tenant reads that no engine is available.
pub(crate) const HELD: &str = "another tenant holds a repository of it there, or names one that is private";

impl Named {
    pub(crate) fn of(url: &RepositoryUrl) -> Self {
        Self {
            url: url.declared().to_owned(),
            key: hash(&url.engine_key()),
            canonical: hash(&url.canonical()),
        }
    }
}

impl Standing {
    /// The keys of what has to be held.
    pub(crate) fn claimed(&self) -> Vec<String> {
        self.claims.iter().map(|claim| claim.key.clone()).collect()
    }

    /// Given what others have to do with its repositories on a repo-server: what is to be claimed there. None: nothing of
    /// it may be written there.
    pub(crate) fn at(&self, contested: &[Contested]) -> Option<Vec<Claim>> {
        let of = |key: &str| contested.iter().find(|other| other.key == key);
        let held = self.guarded.iter().any(|key| of(key).is_some_and(|other| other.others));
        let named =
            self.claims.iter().any(|claim| of(&claim.key).is_some_and(|other| other.named && !other.mine));
        if held || named {
            return None;
        }
        let mut seen = BTreeSet::new();
        let fresh = |claim: &&Claim| {
            !of(&claim.key).is_some_and(|other| other.mine) && seen.insert(claim.key.clone())
        };
        Some(self.claims.iter().filter(fresh).cloned().collect())
    }
}

/// How a deployment stands to what it names, with the credential that is meant for each.
pub(crate) fn stand(urls: &[RepositoryUrl], credentials: &[Credential], public: &[String]) -> Standing {
    let mut standing = Standing::default();
    for url in urls.iter().filter(|url| !public.iter().any(|open| open == url.declared())) {
        let key = hash(&url.engine_key());
        if best(url, credentials).is_some() {
            standing.claims.push(Claim { key: key.clone(), engine_key: url.engine_key() });
        }
        standing.guarded.push(key);
    }
    standing
}

/// The credential that is meant for an address.
pub(super) fn best(url: &RepositoryUrl, credentials: &[Credential]) -> Option<CredentialId> {
    Coverage::best(credentials.iter().map(|credential| (credential.id, &credential.coverage)), url)
}

fn hash(text: &str) -> String {
    Sha256::digest(text.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect()
}
