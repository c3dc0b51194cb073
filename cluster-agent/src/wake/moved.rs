//! Whether an Application was compared with what its repository has now.

use domain::intent::source::Source;
use store::status::Followed;

use crate::git::Refs;

/// Whether a comparison is owed: a source of this repository is not what it was compared with.
pub(super) fn moved(followed: &Followed, repository: &str, refs: &Refs) -> bool {
    followed.sources.iter().enumerate().any(|(nth, source)| match source {
        Source::Git(git) if git.repository.declared() == repository => {
            let now = refs.resolve(&git.revision);
            let compared = followed.compared.get(nth);
            // What is not there any more has to be found out by the engine too; from then on it is in error.
            !followed.in_error && !now.zip(compared).is_some_and(|(now, compared)| now.is(compared))
        }
        Source::Git(_) | Source::Helm(_) | Source::Oci(_) => false,
    })
}

#[cfg(test)]
mod tests {
    use domain::ids::{DeploymentId, TenantId};
    use domain::intent::deployment::RawDeployment;
    use domain::intent::{Door, Terms, Unverified};
    use uuid::Uuid;

    use super::*;
    use crate::git::{Commit, Resolved};

    const SHOP: &str = "https://git.example.com/team/shop";

    fn followed(compared: &[&str]) -> Followed {
        let body = serde_json::json!({
            "sources": [
                {"repository": SHOP, "path": "a", "revision": "main"},
                {"repository": "https://git.example.com/team/blog", "path": "b", "revision": "main"},
            ],
            "destination": {"environment": "prod", "namespace": "shop"},
            "policy": {"mode": "automated"},
        });
        let raw: RawDeployment = serde_json::from_value(body).unwrap();
        let egress = domain::egress::Policy::default();
        let terms = Terms { door: Door::Rest, egress: &egress, unverified: Unverified::Refused };
        Followed {
            deployment: DeploymentId(Uuid::nil()),
            tenant: TenantId(Uuid::nil()),
            namespace: "argocd".to_owned(),
            sources: domain::intent::deployment::parse(raw, &terms).unwrap().sources,
            compared: compared.iter().map(|&commit| commit.to_owned()).collect(),
            in_error: false,
        }
    }

    fn at(digit: char) -> Refs {
        let commit = Commit::parse(&digit.to_string().repeat(40)).unwrap();
        Refs::of([("refs/heads/main".to_owned(), Resolved { named: commit, commit })])
    }

    #[test]
    fn a_comparison_is_owed_until_it_was_with_what_is_there_now() {
        let (a, b) = ("a".repeat(40), "b".repeat(40));
        assert!(!moved(&followed(&[&a, &b]), SHOP, &at('a')));
        assert!(moved(&followed(&[&a, &b]), SHOP, &at('b')), "another source is there, but not this one");
        assert!(moved(&followed(&[]), SHOP, &at('a')), "it was never compared");
        assert!(moved(&followed(&[&a, &b]), SHOP, &Refs::default()), "the branch is gone");
        let in_error = Followed { in_error: true, ..followed(&[&a, &b]) };
        assert!(!moved(&in_error, SHOP, &Refs::default()), "it is woken anyway");
        assert!(!moved(&followed(&[&a, &b]), "https://git.example.com/team/other", &at('b')));
    }
}
