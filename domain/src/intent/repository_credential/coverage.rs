//! Which repositories a credential is for.

use serde::{Deserialize, Serialize};

use crate::field::{Code, Errors, Flaw};
use crate::intent::repository_url::{Protocol, RepositoryPrefix, RepositoryUrl};
use crate::intent::terms::Terms;

/// Which repositories a credential is for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Coverage {
    /// For this one.
    Repository(RepositoryUrl),
    /// For all whose address begins so.
    Prefix(RepositoryPrefix),
}

impl Coverage {
    pub(super) fn parse(
        errors: &mut Errors,
        repository: Option<String>,
        prefix: Option<String>,
        terms: &Terms<'_>,
    ) -> Option<Self> {
        let plain = terms.plain_http().then_some(Protocol::Http);
        let protocols: Vec<Protocol> =
            [Protocol::Https, Protocol::Ssh, Protocol::Oci].into_iter().chain(plain).collect();
        match (repository, prefix) {
            (Some(raw), None) => errors
                .at("repository", RepositoryUrl::vetted(&raw, &protocols, terms.egress))
                .map(Self::Repository),
            (None, Some(raw)) => errors
                .at("prefix", RepositoryPrefix::vetted(&raw, &protocols, terms.egress))
                .map(Self::Prefix),
            (Some(_), Some(_)) => {
                errors.note("prefix", Flaw::new(Code::Conflict, "give either `repository` or `prefix`"));
                None
            }
            (None, None) => {
                errors.note(
                    "repository",
                    Flaw::required("give the address of a repository, or a `prefix` of addresses"),
                );
                None
            }
        }
    }

    /// How well it fits an address: of several credentials, the one that fits best is meant. None: not at all.
    #[must_use]
    pub fn fit(&self, url: &RepositoryUrl) -> Option<usize> {
        match self {
            Self::Repository(own) => own.same(url).then_some(usize::MAX),
            Self::Prefix(prefix) => prefix.is_prefix_of(url).then(|| prefix.depth()),
        }
    }

    /// Of several, the one that is meant for an address: whichever fits best; of those that fit alike, the first.
    pub fn best<'a, K>(all: impl IntoIterator<Item = (K, &'a Self)>, url: &RepositoryUrl) -> Option<K> {
        let mut best: Option<(usize, K)> = None;
        for (key, coverage) in all {
            let Some(fit) = coverage.fit(url) else { continue };
            if best.as_ref().is_none_or(|(other, _)| fit > *other) {
                best = Some((fit, key));
            }
        }
        best.map(|(_, key)| key)
    }

    pub(super) fn place(&self) -> (Protocol, String, u16) {
        match self {
            Self::Repository(url) => (url.protocol(), url.host().to_string(), url.port()),
            Self::Prefix(prefix) => (prefix.protocol(), prefix.host().to_string(), prefix.port()),
        }
    }
}
