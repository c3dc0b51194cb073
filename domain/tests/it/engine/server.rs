//! An API server in small: what it makes of applies, patches and deletions, as far as plans depend on it.

use serde_json::{Map, Value, json};

/// One name on an engine, and what is there under it.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Server {
    pub(super) object: Option<Value>,
    writes: u64,
}

impl Server {
    /// Something that is there already.
    pub(super) fn holding(object: Value) -> Self {
        let mut server = Self::default();
        server.put(object);
        server
    }

    /// Server-side apply by force, as our field manager.
    pub(super) fn apply(&mut self, object: &Value) {
        let mut live = self.object.take().unwrap_or_else(|| json!({"metadata": {"uid": "uid-1"}}));
        let before = managed(&live);
        remove(&mut live, &before);
        merge(&mut live, object);
        let mut fields = fields(object);
        for key in ["f:apiVersion", "f:kind"] {
            fields.remove(key);
        }
        if let Some(metadata) = fields.get_mut("f:metadata").and_then(Value::as_object_mut) {
            metadata.remove("f:name");
            metadata.remove("f:namespace");
        }
        live["metadata"]["managedFields"] = json!([
            {"manager": "argocd-application-controller", "operation": "Update", "fieldsV1": {"f:status": {}}},
            {"manager": "argosy", "operation": "Apply", "fieldsType": "FieldsV1", "fieldsV1": fields},
        ]);
        self.put(live);
    }

    /// A merge patch.
    pub(super) fn patch(&mut self, patch: &Value) {
        let mut live = self.object.take().unwrap();
        let is = |key: &str| patch["metadata"].get(key).is_none_or(|wanted| *wanted == live["metadata"][key]);
        assert!(is("uid") && is("resourceVersion"), "conflict: {patch} on {live}");
        merge_patch(&mut live, patch);
        self.put(live);
        self.let_go();
    }

    pub(super) fn delete(&mut self) {
        let mut live = self.object.take().unwrap();
        live["metadata"]["deletionTimestamp"] = "2026-01-01T00:00:00Z".into();
        self.put(live);
        self.let_go();
    }

    /// What is going and held by nobody is gone.
    fn let_go(&mut self) {
        let gone = self.object.as_ref().is_some_and(|live| {
            let finalizers = live["metadata"]["finalizers"].as_array().is_none_or(Vec::is_empty);
            finalizers && live["metadata"].get("deletionTimestamp").is_some()
        });
        if gone {
            self.object = None;
        }
    }

    fn put(&mut self, mut live: Value) {
        self.writes += 1;
        live["metadata"]["resourceVersion"] = self.writes.to_string().into();
        self.object = Some(live);
    }
}

fn managed(live: &Value) -> Map<String, Value> {
    let entries = live.pointer("/metadata/managedFields").and_then(Value::as_array).into_iter().flatten();
    let mut ours = entries.filter(|entry| entry["manager"] == "argosy");
    ours.next().and_then(|entry| entry["fieldsV1"].as_object().cloned()).unwrap_or_default()
}

/// What was applied before and is not any more goes away; lists are atomic, as in Argo CD's CRDs.
fn remove(live: &mut Value, fields: &Map<String, Value>) {
    let Some(members) = live.as_object_mut() else { return };
    for (field, inner) in fields {
        let key = field.strip_prefix("f:").unwrap();
        let inner = inner.as_object().unwrap();
        if inner.is_empty() {
            members.remove(key);
        } else if let Some(member) = members.get_mut(key) {
            remove(member, inner);
            if member.as_object().is_some_and(Map::is_empty) {
                members.remove(key);
            }
        }
    }
}

fn fields(value: &Value) -> Map<String, Value> {
    let Some(members) = value.as_object() else { return Map::new() };
    members.iter().map(|(key, value)| (format!("f:{key}"), Value::Object(fields(value)))).collect()
}

fn merge(live: &mut Value, said: &Value) {
    match (live.as_object_mut(), said.as_object()) {
        (Some(live), Some(said)) => {
            for (key, value) in said {
                merge(live.entry(key.clone()).or_insert(Value::Null), value);
            }
        }
        _ => *live = said.clone(),
    }
}

/// RFC 7386.
fn merge_patch(live: &mut Value, patch: &Value) {
    let Some(patch) = patch.as_object() else {
        *live = patch.clone();
        return;
    };
    if !live.is_object() {
        *live = json!({});
    }
    let live = live.as_object_mut().unwrap();
    for (key, value) in patch {
        if value.is_null() {
            live.remove(key);
        } else {
            merge_patch(live.entry(key.clone()).or_insert(Value::Null), value);
        }
    }
}
