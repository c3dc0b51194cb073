//! The thread through everything: REST → row → operation → agent → Argo CD → status → REST.

mod explaining;
mod following;
mod leaving;
mod neighbours;
mod private;
mod rendering;
mod running;
mod syncing;
mod waiting;

use serde_json::{Value, json};

/// What goes to the environment `prod` by itself: a folder of a repository's `main`.
fn folder(url: &str, path: &str, namespace: &str) -> Value {
    automated(&json!({"repository": url, "path": path, "revision": "main"}), namespace)
}

fn automated(source: &Value, namespace: &str) -> Value {
    json!({
        "source": source,
        "destination": {"environment": "prod", "namespace": namespace},
        "policy": {"mode": "automated", "prune": true, "selfHeal": true},
    })
}

/// What goes there when it is asked for.
fn manual(url: &str, path: &str, namespace: &str) -> Value {
    json!({
        "source": {"repository": url, "path": path, "revision": "main"},
        "destination": {"environment": "prod", "namespace": namespace},
        "policy": {"mode": "manual"},
    })
}
