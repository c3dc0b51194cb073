//! A tenant as an `AppProject`.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use super::say;
use super::source::chart_repository;
use crate::engine::facts::TenantFacts;
use crate::engine::marks::Owner;
use crate::intent::environment::Reach;

/// The `AppProject` of a tenant, to be applied.
///
/// Its destinations end with the engine's own cluster, which no engine lets anybody deploy to: it is there because the
/// reference service has it there.
#[must_use]
pub fn project(facts: &TenantFacts) -> Value {
    let owner = Owner { tenant: facts.tenant, resource: facts.tenant.0 };
    let names = facts.environments.iter().map(|(id, _)| id.cluster_secret_name());
    let destinations: Vec<Value> =
        names.chain(["in-cluster".to_owned()]).map(|name| json!({"name": name, "namespace": "*"})).collect();
    let mut told = Map::new();
    say(&mut told, "sourceRepos", repositories(facts).into_iter().collect::<Vec<&str>>());
    say(&mut told, "destinations", destinations);
    if facts.environments.iter().any(|(_, reach)| grants_cluster_resources(reach)) {
        say(&mut told, "clusterResourceWhitelist", json!([{"group": "*", "kind": "*"}]));
    }
    json!({
        "apiVersion": "argoproj.io/v1alpha1",
        "kind": "AppProject",
        "metadata": {
            "name": facts.tenant.project_name(),
            "namespace": facts.seat.namespace,
            "labels": owner.labels(facts.generation),
        },
        "spec": told,
    })
}

/// As they were declared, and registries also as Argo CD spells them for charts; each once, in an order that does not
/// depend on how they were read.
fn repositories(facts: &TenantFacts) -> BTreeSet<&str> {
    facts.repositories.iter().flat_map(|url| [url.declared(), chart_repository(url)]).collect()
}

/// Who may do what in a cluster, its token says; this only lets Argo CD try.
fn grants_cluster_resources(reach: &Reach) -> bool {
    match reach {
        Reach::Cluster => true,
        Reach::Namespaces { cluster_resources, .. } => *cluster_resources,
    }
}
