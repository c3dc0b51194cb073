//! What most tests of an engine begin with: an engine, a git host, and a namespace that a limited token may fill.

use std::time::Duration;

use serde_json::{Value, json};
use testbed::cluster::{Access, Key};
use testbed::engine::{Application, Destination};
use testbed::{Cluster, Engine, GitHost};

pub(crate) const SOON: Duration = Duration::from_secs(60);

pub(crate) struct Scene {
    pub(crate) engine: Engine,
    pub(crate) git: GitHost,
    pub(crate) target: Cluster,
    /// In the target; the destination "target" reaches this one and no other.
    pub(crate) namespace: String,
}

impl Scene {
    pub(crate) async fn set() -> Self {
        Self::set_on(Cluster::target().await.unwrap()).await
    }

    pub(crate) async fn set_on(target: Cluster) -> Self {
        let hub = Cluster::hub().await.unwrap();
        let engine = Engine::start(&hub).await.unwrap();
        let namespace = target.namespace("apps").await.unwrap();
        let access = deployer(&target, &namespace).await;
        let destination = Destination::new("target", access).limited_to(&[&namespace]);
        engine.destination(&destination).await.unwrap();
        Self { engine, git: GitHost::start().unwrap(), target, namespace }
    }

    /// An automated application of a folder of a repository, in a project that allows it.
    pub(crate) async fn deploy(&self, name: &str, url: &str, path: &str) -> Key {
        self.engine.project("team", &["*"], &["target"]).await.unwrap();
        self.deploy_source(name, json!({"repoURL": url, "path": path, "targetRevision": "main"})).await
    }

    pub(crate) async fn deploy_source(&self, name: &str, source: Value) -> Key {
        let application = Application {
            name,
            project: "team",
            source,
            destination: "target",
            namespace: &self.namespace,
            automated: true,
        };
        self.engine.application(&application).await.unwrap()
    }

    /// What a ConfigMap in the target says under `greeting`, once it says `wanted`.
    pub(crate) async fn until_greeting(&self, config_map: &str, wanted: &str) {
        let key = Key::of("v1", "ConfigMap").named(config_map).within(&self.namespace);
        let says = |object: &Value| object.pointer("/data/greeting") == Some(&json!(wanted));
        self.target.objects().until(&key, SOON, says).await.unwrap();
    }

    pub(crate) async fn until_no_config_map(&self, name: &str) {
        let key = Key::of("v1", "ConfigMap").named(name).within(&self.namespace);
        self.target.objects().until_gone(&key, SOON).await.unwrap();
    }
}

/// A ServiceAccount that may do anything in one namespace, and nothing elsewhere.
pub(crate) async fn deployer(target: &Cluster, namespace: &str) -> Access {
    let rbac = "rbac.authorization.k8s.io";
    let metadata = json!({"name": "deployer", "namespace": namespace});
    for object in [
        json!({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": metadata}),
        json!({"apiVersion": format!("{rbac}/v1"), "kind": "Role", "metadata": metadata,
            "rules": [{"apiGroups": ["*"], "resources": ["*"], "verbs": ["*"]}]}),
        json!({"apiVersion": format!("{rbac}/v1"), "kind": "RoleBinding", "metadata": metadata,
            "roleRef": {"apiGroup": rbac, "kind": "Role", "name": "deployer"},
            "subjects": [{"kind": "ServiceAccount", "name": "deployer", "namespace": namespace}]}),
    ] {
        target.objects().apply(object).await.unwrap();
    }
    target.service_account(namespace, "deployer", Duration::from_secs(24 * 3600)).await.unwrap()
}

/// The manifest of a ConfigMap that says something.
pub(crate) fn greeting(name: &str, text: &str) -> String {
    json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}, "data": {"greeting": text}})
        .to_string()
}

/// The manifest of a Deployment. It gives up on its pods after two seconds, so that a crash shows.
pub(crate) fn deployment(name: &str, image: &str) -> String {
    json!({
        "apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": name},
        "spec": {
            "replicas": 1, "progressDeadlineSeconds": 2, "selector": {"matchLabels": {"app": name}},
            "template": {
                "metadata": {"labels": {"app": name}},
                "spec": {"containers": [{"name": "main", "image": image}]},
            },
        },
    })
    .to_string()
}
