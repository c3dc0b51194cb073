//! What of an object on an engine is ours, as its API server remembers it.
//!
//! Others write the same objects: Argo CD its status, a person a field. Server-side apply keeps a list of what each field
//! manager owns; what stands there under our name, with the values that are there now, is what we compare. So a field that
//! somebody else took over or took out shows, one that we gave up shows, and one that somebody added does not.

use serde_json::{Map, Value};

use super::marks::APPLIER;

/// What an object that we are to apply says: the same that [`owned`] will find of it.
pub(super) fn said(object: &Value) -> Value {
    let mut said = object.clone();
    if let Some(object) = said.as_object_mut() {
        object.remove("apiVersion");
        object.remove("kind");
    }
    if let Some(metadata) = said.get_mut("metadata").and_then(Value::as_object_mut) {
        metadata.remove("name");
        metadata.remove("namespace");
    }
    said
}

/// What of an object is ours.
pub(super) fn owned(object: &Value) -> Value {
    let entries = object.pointer("/metadata/managedFields").and_then(Value::as_array).into_iter().flatten();
    let ours = entries.filter(|entry| entry["manager"] == APPLIER && entry["operation"] == "Apply");
    let mut fields = ours
        .filter(|entry| entry.get("subresource").is_none())
        .filter_map(|entry| entry["fieldsV1"].as_object());
    fields.next().map_or(Value::Null, |fields| extract(object, fields))
}

/// The part of a value that these fields name. None named: all of it.
fn extract(value: &Value, fields: &Map<String, Value>) -> Value {
    if fields.is_empty() {
        return value.clone();
    }
    match value {
        Value::Object(members) => members_of(members, fields),
        Value::Array(entries) => entries.iter().filter_map(|entry| entry_of(entry, fields)).collect(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => value.clone(),
    }
}

fn members_of(members: &Map<String, Value>, fields: &Map<String, Value>) -> Value {
    let named = fields.iter().filter_map(|(field, inner)| {
        let key = field.strip_prefix("f:")?;
        Some((key.to_owned(), deeper(members.get(key)?, inner)))
    });
    Value::Object(named.collect())
}

/// An entry of a list whose entries are owned one by one: by value (`v:`), or by some of their members (`k:`).
fn entry_of(entry: &Value, fields: &Map<String, Value>) -> Option<Value> {
    fields.iter().find_map(|(field, inner)| {
        if let Some(value) = field.strip_prefix("v:") {
            return (serde_json::from_str::<Value>(value).ok()? == *entry).then(|| entry.clone());
        }
        let keys: Map<String, Value> = serde_json::from_str(field.strip_prefix("k:")?).ok()?;
        let fits = keys.iter().all(|(key, value)| entry.get(key) == Some(value));
        fits.then(|| deeper(entry, inner))
    })
}

fn deeper(value: &Value, fields: &Value) -> Value {
    fields.as_object().map_or_else(|| value.clone(), |fields| extract(value, fields))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// As a real API server kept it, shortened.
    fn live() -> Value {
        json!({
            "apiVersion": "argoproj.io/v1alpha1",
            "kind": "Application",
            "metadata": {
                "name": "gitopsdepl-1", "namespace": "argocd", "uid": "u", "resourceVersion": "7",
                "labels": {"argosy.dev/tenant": "t", "added": "by hand"},
                "annotations": {"argocd.argoproj.io/refresh": "normal"},
                "finalizers": ["resources-finalizer.argocd.argoproj.io", "example.com/other"],
                "managedFields": [
                    {"manager": "argosy", "operation": "Update", "fieldsType": "FieldsV1",
                     "fieldsV1": {"f:status": {}}},
                    {"manager": "argosy-run", "operation": "Update", "fieldsV1": {"f:metadata": {"f:annotations": {}}}},
                    {"manager": "argosy", "operation": "Apply", "fieldsType": "FieldsV1", "fieldsV1": {
                        "f:metadata": {
                            "f:labels": {"f:argosy.dev/tenant": {}},
                            "f:finalizers": {"v:\"resources-finalizer.argocd.argoproj.io\"": {}},
                        },
                        "f:spec": {
                            "f:source": {"f:repoURL": {}, "f:gone": {}},
                            "f:syncPolicy": {"f:automated": {}, "f:syncOptions": {}},
                            "f:ports": {"k:{\"port\":80}": {".": {}, "f:port": {}, "f:name": {}}},
                        },
                    }},
                ],
            },
            "spec": {
                "project": "default",
                "source": {"repoURL": "https://h/x", "path": "."},
                "syncPolicy": {"automated": {"prune": true}, "syncOptions": ["a", "b"], "retry": {"limit": 5}},
                "ports": [{"port": 80, "name": "http", "protocol": "TCP"}, {"port": 81}],
            },
            "status": {"sync": {"status": "Synced"}},
        })
    }

    #[test]
    fn only_what_we_applied_is_ours() {
        let expected = json!({
            "metadata": {
                "labels": {"argosy.dev/tenant": "t"},
                "finalizers": ["resources-finalizer.argocd.argoproj.io"],
            },
            "spec": {
                "source": {"repoURL": "https://h/x"},
                "syncPolicy": {"automated": {"prune": true}, "syncOptions": ["a", "b"]},
                "ports": [{"port": 80, "name": "http"}],
            },
        });
        assert_eq!(owned(&live()), expected);
    }

    #[test]
    fn of_an_object_that_we_never_applied_nothing_is_ours() {
        let mut live = live();
        live["metadata"]["managedFields"][2]["manager"] = "kubectl".into();
        assert_eq!(owned(&live), Value::Null);
        assert_eq!(owned(&json!({"spec": {"project": "default"}})), Value::Null);
    }

    #[test]
    fn what_names_an_object_is_not_said_by_it() {
        let object = json!({"apiVersion": "v1", "kind": "Secret", "type": "Opaque",
            "metadata": {"name": "n", "namespace": "ns", "labels": {"a": "b"}}, "data": {"k": "dg=="}});
        let expected = json!({"type": "Opaque", "metadata": {"labels": {"a": "b"}}, "data": {"k": "dg=="}});
        assert_eq!(said(&object), expected);
    }
}
