//! Which credential is meant for which address, on which instance.

use std::collections::{BTreeMap, BTreeSet};

use domain::ids::{CredentialId, DeploymentId, EngineClusterId, EngineInstanceId};
use domain::intent::repository_credential::Coverage;
use domain::intent::repository_url::RepositoryUrl;

/// A deployment names an address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Use {
    pub(super) deployment: DeploymentId,
    pub(super) name: String,
    pub(super) url: RepositoryUrl,
    /// Where an engine names it too. None: it is unplaced or withheld.
    pub(super) instance: Option<(EngineInstanceId, EngineClusterId)>,
}

/// What each credential is to serve on each instance: addresses as they are declared, each once.
pub(super) type Served = BTreeMap<(EngineInstanceId, CredentialId), (EngineClusterId, BTreeSet<String>)>;

/// The active credentials of a tenant, by name.
pub(super) type Coverages = BTreeMap<(String, CredentialId), Coverage>;

/// The credential that is meant for an address. Of those that fit alike, the first by name.
pub(super) fn meant(credentials: &Coverages, url: &RepositoryUrl) -> Option<CredentialId> {
    Coverage::best(credentials.iter().map(|((_, id), coverage)| (*id, coverage)), url)
}

/// What each credential is to serve, given all of them and all that is in use.
pub(super) fn served(credentials: &Coverages, uses: &[Use]) -> Served {
    let mut served = Served::new();
    for one in uses {
        let Some((instance, cluster)) = one.instance else { continue };
        let Some(credential) = meant(credentials, &one.url) else { continue };
        let (_, urls) = served.entry((instance, credential)).or_insert_with(|| (cluster, BTreeSet::new()));
        urls.insert(one.url.declared().to_owned());
    }
    served
}

#[cfg(test)]
mod tests {
    use domain::intent::repository_url::{Protocol, RepositoryPrefix};
    use uuid::Uuid;

    use super::*;

    fn url(raw: &str) -> RepositoryUrl {
        RepositoryUrl::parse(raw, &Protocol::ALL).unwrap()
    }

    fn prefix(raw: &str) -> Coverage {
        Coverage::Prefix(RepositoryPrefix::parse(raw, &Protocol::ALL).unwrap())
    }

    fn id(number: u128) -> CredentialId {
        CredentialId(Uuid::from_u128(number))
    }

    fn called(name: &str, number: u128) -> (String, CredentialId) {
        (name.to_owned(), id(number))
    }

    #[test]
    fn the_credential_that_fits_best_is_meant_and_of_equals_the_first_by_name() {
        let credentials = BTreeMap::from([
            (called("b", 1), prefix("https://git.example.com/org")),
            (called("c", 2), prefix("https://git.example.com/org/team")),
            (called("d", 3), Coverage::Repository(url("https://git.example.com/org/team/app"))),
            (called("a", 4), prefix("https://git.example.com/org")),
        ]);
        let meant = |raw: &str| meant(&credentials, &url(raw));
        assert_eq!(meant("https://git.example.com/org/other"), Some(id(4)));
        assert_eq!(meant("https://git.example.com/org/team/lib"), Some(id(2)));
        assert_eq!(meant("https://GIT.example.com/org/team/app.git"), Some(id(3)));
        assert_eq!(meant("https://git.example.com/organism"), None);
    }

    #[test]
    fn each_instance_is_served_what_is_named_there_each_spelling_once() {
        let credentials = BTreeMap::from([(called("a", 1), prefix("https://git.example.com/org"))]);
        let place = |number| (EngineInstanceId(Uuid::from_u128(number)), EngineClusterId(Uuid::from_u128(9)));
        let named = |raw: &str, instance| Use {
            deployment: DeploymentId(Uuid::nil()),
            name: "shop".to_owned(),
            url: url(raw),
            instance,
        };
        let served = served(
            &credentials,
            &[
                named("https://git.example.com/org/a", Some(place(1))),
                named("https://git.example.com/org/a", Some(place(1))),
                named("https://git.example.com/org/a.git", Some(place(1))),
                named("https://git.example.com/org/b", Some(place(2))),
                named("https://git.example.com/org/c", None),
                named("https://other.example.com/a", Some(place(1))),
            ],
        );
        let urls: Vec<Vec<&str>> =
            served.values().map(|(_, urls)| urls.iter().map(String::as_str).collect()).collect();
        assert_eq!(
            urls,
            [
                vec!["https://git.example.com/org/a", "https://git.example.com/org/a.git"],
                vec!["https://git.example.com/org/b"]
            ]
        );
    }
}
