//! The one node of a full cluster, which kwok plays.

use std::time::Duration;

use anyhow::Result;
use serde_json::{Value, json};

use super::objects::{Key, Objects};

const NAME: &str = "node-1";

/// Make the node and wait until pods may be placed on it.
pub async fn register(objects: &Objects) -> Result<()> {
    objects
        .apply(json!({
            "apiVersion": "v1", "kind": "Node",
            "metadata": {"name": NAME, "annotations": {"kwok.x-k8s.io/node": "fake"}},
        }))
        .await?;
    let key = Key::of("v1", "Node").named(NAME);
    // Admission taints a new node as not ready, and only the node-lifecycle-controller, which we leave out, would ever
    // take that away.
    objects.patch(&key, json!({"spec": {"taints": null}})).await?;
    let usable = |node: &Value| {
        let conditions = node.pointer("/status/conditions").and_then(Value::as_array);
        let ready = conditions
            .is_some_and(|all| all.iter().any(|one| one["type"] == "Ready" && one["status"] == "True"));
        ready && node.pointer("/spec/taints").is_none_or(|taints| taints.as_array().is_none_or(Vec::is_empty))
    };
    objects.until(&key, Duration::from_secs(30), usable).await.map(drop)
}
