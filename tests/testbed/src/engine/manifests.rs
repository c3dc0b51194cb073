//! What an Argo CD instance needs in its namespace before it starts. Least privilege: nothing cluster-wide.

use serde_json::{Value, json};

/// The ServiceAccount that the controller really runs under.
pub(super) const SERVICE_ACCOUNT: &str = "argocd-application-controller";

/// In the order they must be applied.
pub(super) fn namespace_objects(namespace: &str) -> Vec<Value> {
    vec![
        json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": namespace}}),
        settings(namespace),
        secret(namespace),
        object("v1", "ServiceAccount", namespace, SERVICE_ACCOUNT, json!({})),
        role(namespace),
        binding(namespace),
    ]
}

fn settings(namespace: &str) -> Value {
    let data = json!({"data": {
        // Refreshing is the control plane's duty, by annotation.
        "timeout.reconciliation": "0s",
        // Nobody deploys into the engine's own cluster.
        "cluster.inClusterEnabled": "false",
        // Tenants' tokens are limited; must be set before a controller first opens a cluster.
        "resource.respectRBAC": "normal",
        "application.resourceTrackingMethod": "annotation",
        // Two engines that meet on one destination must not take each other's objects for their own.
        "installationID": namespace,
    }});
    object("v1", "ConfigMap", namespace, "argocd-cm", data)
}

fn secret(namespace: &str) -> Value {
    // Argo CD's API server does not run here; the key only silences a complaint of the controller.
    object(
        "v1",
        "Secret",
        namespace,
        "argocd-secret",
        json!({"stringData": {"server.secretkey": "not-used"}}),
    )
}

fn role(namespace: &str) -> Value {
    let rules = json!({"rules": [
        {"apiGroups": [""], "resources": ["secrets", "configmaps"], "verbs": ["get", "list", "watch"]},
        {"apiGroups": [""], "resources": ["events"], "verbs": ["create", "list"]},
        {"apiGroups": ["argoproj.io"], "resources": ["applications", "appprojects"],
         "verbs": ["get", "list", "watch", "create", "update", "patch", "delete"]},
    ]});
    object("rbac.authorization.k8s.io/v1", "Role", namespace, SERVICE_ACCOUNT, rules)
}

fn binding(namespace: &str) -> Value {
    let body = json!({
        "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": SERVICE_ACCOUNT},
        "subjects": [{"kind": "ServiceAccount", "name": SERVICE_ACCOUNT, "namespace": namespace}],
    });
    object("rbac.authorization.k8s.io/v1", "RoleBinding", namespace, SERVICE_ACCOUNT, body)
}

fn object(version: &str, kind: &str, namespace: &str, name: &str, body: Value) -> Value {
    let mut object = json!({
        "apiVersion": version, "kind": kind,
        "metadata": {"name": name, "namespace": namespace, "labels": {"app.kubernetes.io/part-of": "argocd"}},
    });
    if let (Some(object), Value::Object(body)) = (object.as_object_mut(), body) {
        object.extend(body);
    }
    object
}
