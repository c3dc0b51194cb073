//! How a sync is started.

use serde_json::{Map, Value, json};

use crate::engine::facts::SyncRunFacts;
use crate::engine::marks::LAST_SYNC_RUN;
use crate::engine::observed::{Application, RUN, SyncPolicy};
use crate::intent::sync_run::{Selection, Strategy, SyncRunSpec};

/// Of a deployment that retries for ever, a run is tried so often: it has to have a verdict. As many as Argo CD has for
/// syncs of its own.
const TRIES: i64 = 5;

/// Why a run does not start now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NotNow {
    /// It has started already.
    Started,
    /// Another sync is going on. One that Argo CD began by itself may retry for ever, and can be stopped.
    Busy {
        /// Argo CD began it.
        automated: bool,
    },
    /// The deployment is being taken down.
    Leaving,
}

/// The merge patch that starts a run.
pub fn start(facts: &SyncRunFacts, application: &Application) -> Result<Value, NotNow> {
    let metadata = &application.metadata;
    let run = facts.run.to_string();
    if metadata.annotations.get(LAST_SYNC_RUN) == Some(&run) {
        return Err(NotNow::Started);
    }
    if metadata.deletion_timestamp.is_some() {
        return Err(NotNow::Leaving);
    }
    if let Some(operation) = &application.operation {
        return Err(NotNow::Busy { automated: operation.initiated_by.automated });
    }
    let policy = &application.spec.sync_policy;
    let mut operation = json!({
        // All that Argo CD's history keeps of who it was.
        "initiatedBy": {"username": format!("{RUN}{run}")},
        "info": [{"name": LAST_SYNC_RUN, "value": run}],
        "sync": sync(&facts.spec, policy),
    });
    if let Some(retry) = retry(policy).filter(|_| !facts.spec.dry_run) {
        operation["retry"] = retry;
    }
    Ok(json!({
        "metadata": {
            "uid": metadata.uid,
            "resourceVersion": metadata.resource_version,
            "annotations": {LAST_SYNC_RUN: run},
        },
        "operation": operation,
        "status": {"operationState": null},
    }))
}

fn sync(spec: &SyncRunSpec, policy: &SyncPolicy) -> Value {
    let mut sync = Map::new();
    match spec.revisions.as_slice() {
        [] => {}
        [one] => drop(sync.insert("revision".to_owned(), one.as_str().into())),
        several => {
            drop(sync.insert("revisions".to_owned(), several.iter().map(|one| one.as_str()).collect()))
        }
    }
    let usual = policy.automated.as_ref().is_some_and(|automated| automated.prune);
    if spec.prune.unwrap_or(usual) {
        sync.insert("prune".to_owned(), true.into());
    }
    if spec.dry_run {
        sync.insert("dryRun".to_owned(), true.into());
    }
    if !spec.resources.is_empty() {
        sync.insert("resources".to_owned(), spec.resources.iter().map(resource).collect());
    }
    if !policy.sync_options.is_empty() {
        sync.insert("syncOptions".to_owned(), policy.sync_options.iter().map(String::as_str).collect());
    }
    let force = if spec.force { json!({"force": true}) } else { json!({}) };
    let strategy = match spec.strategy {
        Strategy::Hook => json!({"hook": force}),
        Strategy::Apply => json!({"apply": force}),
    };
    sync.insert("syncStrategy".to_owned(), strategy);
    Value::Object(sync)
}

fn resource(selection: &Selection) -> Value {
    let mut resource = json!({"kind": selection.kind.as_str(), "name": selection.name.as_str()});
    if let Some(group) = &selection.group {
        resource["group"] = group.as_str().into();
    }
    if let Some(namespace) = &selection.namespace {
        resource["namespace"] = namespace.as_str().into();
    }
    resource
}

fn retry(policy: &SyncPolicy) -> Option<Value> {
    let mut retry = policy.retry.clone()?;
    let limit = retry.get("limit").and_then(Value::as_i64).filter(|limit| *limit != 0)?;
    if limit < 0 {
        retry["limit"] = TRIES.into();
    }
    // A run syncs what it found when it began.
    if let Some(retry) = retry.as_object_mut() {
        retry.remove("refresh");
    }
    Some(retry)
}
