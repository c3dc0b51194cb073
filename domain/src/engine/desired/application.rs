//! A deployment as an `Application`.

use serde_json::{Map, Value, json};

use super::source::source;
use super::{say, text, texts};
use crate::engine::facts::DeploymentFacts;
use crate::engine::marks::{NAME, Owner};
use crate::intent::deployment::{Backoff, DeploymentSpec, Difference, Policy};

/// The `Application` of a deployment, to be applied.
#[must_use]
pub fn application(facts: &DeploymentFacts) -> Value {
    let owner = Owner { tenant: facts.tenant, resource: facts.id.0 };
    json!({
        "apiVersion": "argoproj.io/v1alpha1",
        "kind": "Application",
        "metadata": {
            "name": facts.id.application_name(),
            "namespace": facts.seat.namespace,
            "labels": owner.labels(facts.generation),
            "annotations": {NAME: facts.name.as_str()},
        },
        "spec": specification(facts),
    })
}

fn specification(facts: &DeploymentFacts) -> Value {
    let spec = &facts.spec;
    let mut told = Map::new();
    say(&mut told, "project", facts.tenant.project_name());
    let destination =
        json!({"name": facts.environment.cluster_secret_name(), "namespace": facts.namespace.as_str()});
    say(&mut told, "destination", destination);
    let mut sources: Vec<Value> = spec.sources.iter().map(|one| source(one, &facts.name)).collect();
    if sources.len() == 1 {
        say(&mut told, "source", sources.remove(0));
    } else {
        say(&mut told, "sources", sources);
    }
    say(&mut told, "syncPolicy", sync_policy(spec));
    say(
        &mut told,
        "ignoreDifferences",
        spec.ignore_differences.iter().map(difference).collect::<Vec<Value>>(),
    );
    say(&mut told, "revisionHistoryLimit", spec.revision_history_limit);
    Value::Object(told)
}

/// Suspended is manual, and runs are not let through.
fn sync_policy(spec: &DeploymentSpec) -> Value {
    let mut told = Map::new();
    match spec.policy {
        Policy::Automated { prune, self_heal, allow_empty } if !spec.suspended => {
            let mut automated = Map::new();
            say(&mut automated, "prune", prune);
            say(&mut automated, "selfHeal", self_heal);
            say(&mut automated, "allowEmpty", allow_empty);
            // Also if it is empty: that it is there is what it says.
            told.insert("automated".to_owned(), automated.into());
        }
        Policy::Automated { .. } | Policy::Manual => {}
    }
    say(&mut told, "syncOptions", spec.engine_sync_options());
    say(&mut told, "retry", retry(spec));
    Value::Object(told)
}

/// Always said: without a word, Argo CD retries an automated sync five times. A retry takes the source as it is then, or a
/// commit that mends what failed would wait for the retries to end, which may be never. None is said by silence: Argo CD
/// takes out a zero.
fn retry(spec: &DeploymentSpec) -> Value {
    let retry = spec.retry();
    let Backoff { first, factor, longest } = retry.backoff;
    let refresh = match spec.policy {
        Policy::Automated { .. } => true,
        Policy::Manual => false,
    };
    let mut told = Map::new();
    say(&mut told, "limit", Some(retry.attempts.limit()).filter(|limit| *limit != 0));
    say(&mut told, "refresh", refresh);
    let backoff = json!({
        "duration": Backoff::written(first),
        "factor": factor,
        "maxDuration": Backoff::written(longest),
    });
    say(&mut told, "backoff", backoff);
    Value::Object(told)
}

fn difference(difference: &Difference) -> Value {
    let mut told = Map::new();
    say(&mut told, "group", text(difference.group.as_ref()));
    say(&mut told, "kind", difference.kind.as_str());
    say(&mut told, "name", text(difference.name.as_ref()));
    say(&mut told, "namespace", text(difference.namespace.as_ref()));
    say(&mut told, "jsonPointers", texts(&difference.json_pointers));
    say(&mut told, "managedFieldsManagers", texts(&difference.managed_fields_managers));
    Value::Object(told)
}
