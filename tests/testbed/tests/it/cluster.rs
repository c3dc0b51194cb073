//! The Kubernetes part keeps what it promises.

use std::time::Duration;

use serde_json::{Value, json};
use testbed::cluster::{Key, Kind, Objects};
use testbed::{Cluster, Proxy};

const SOON: Duration = Duration::from_secs(40);

#[tokio::test]
async fn a_deployment_becomes_ready_and_a_crashing_one_does_not() {
    let target = Cluster::target().await.unwrap();
    let namespace = target.namespace("workloads").await.unwrap();
    target.objects().apply(deployment(&namespace, "web", "nginx")).await.unwrap();
    target.objects().apply(deployment(&namespace, "bad", "crash:1")).await.unwrap();

    let key = |name: &str| Key::of("apps/v1", "Deployment").named(name).within(&namespace);
    let ready = |deployment: &Value| deployment.pointer("/status/readyReplicas") == Some(&json!(2));
    target.objects().until(&key("web"), SOON, ready).await.unwrap();

    let given_up = |deployment: &Value| {
        let conditions = deployment.pointer("/status/conditions").and_then(Value::as_array);
        conditions.is_some_and(|all| all.iter().any(|one| one["reason"] == "ProgressDeadlineExceeded"))
    };
    let bad = target.objects().until(&key("bad"), SOON, given_up).await.unwrap();
    assert_eq!(bad.pointer("/status/readyReplicas"), None);
}

#[tokio::test]
async fn a_namespace_of_a_full_cluster_goes_with_all_that_is_in_it() {
    let target = Cluster::target().await.unwrap();
    let namespace = target.namespace("doomed").await.unwrap();
    target.objects().apply(deployment(&namespace, "web", "nginx")).await.unwrap();
    let key = Key::of("v1", "Namespace").named(&namespace);
    target.objects().delete(&key).await.unwrap();
    target.objects().until_gone(&key, SOON).await.unwrap();
}

#[tokio::test]
async fn users_may_do_what_rbac_says_and_no_more() {
    let hub = Cluster::hub().await.unwrap();
    let (mine, other) = (hub.namespace("mine").await.unwrap(), hub.namespace("other").await.unwrap());
    let role = |body: Value, kind: &str| {
        let mut object = json!({"apiVersion": "rbac.authorization.k8s.io/v1", "kind": kind,
            "metadata": {"name": "editor", "namespace": mine}});
        object.as_object_mut().unwrap().extend(body.as_object().unwrap().clone());
        object
    };
    let rules = json!({"rules": [{"apiGroups": [""], "resources": ["configmaps"], "verbs": ["*"]}]});
    let binding = json!({
        "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": "editor"},
        "subjects": [
            {"kind": "User", "name": "alice"},
            {"kind": "ServiceAccount", "name": "robot", "namespace": mine},
        ],
    });
    let account = json!({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "robot", "namespace": mine}});
    for object in [role(rules, "Role"), role(binding, "RoleBinding"), account] {
        hub.objects().apply(object).await.unwrap();
    }

    let alice = hub.user("alice", &["developers"]).unwrap();
    let robot = hub.service_account(&mine, "robot", Duration::from_secs(3600)).await.unwrap();
    let stranger = hub.user("stranger", &[]).unwrap();
    let config = |namespace: &str| {
        json!({"apiVersion": "v1", "kind": "ConfigMap",
        "metadata": {"name": "settings", "namespace": namespace}})
    };
    for access in [alice, robot] {
        let objects = Objects::new(access.client().await.unwrap());
        objects.apply(config(&mine)).await.unwrap();
        let refused = format!("{:#}", objects.apply(config(&other)).await.unwrap_err());
        assert!(refused.contains("forbidden"), "{refused}");
    }
    let objects = Objects::new(stranger.client().await.unwrap());
    assert!(objects.apply(config(&mine)).await.is_err());
}

#[tokio::test]
async fn a_cluster_of_ones_own_is_apart_and_keeps_its_data_when_stopped() {
    let mut own = Cluster::start(Kind::Light).await.unwrap();
    let hub = Cluster::hub().await.unwrap();
    let namespace = own.namespace("kept").await.unwrap();
    let key = Key::of("v1", "Namespace").named(&namespace);
    assert_eq!(hub.objects().get(&key).await.unwrap(), None, "two clusters on one etcd mix up");

    own.stop().unwrap();
    assert!(own.objects().get(&key).await.is_err());

    own.start_again().await.unwrap();
    assert!(own.objects().get(&key).await.unwrap().is_some());
}

#[tokio::test]
async fn a_cluster_behind_a_proxy_can_be_cut_off_without_touching_anybody_else() {
    let hub = Cluster::hub().await.unwrap();
    let proxy = Proxy::to(([127, 0, 0, 1], hub.facts().port).into()).unwrap();
    let access = hub.admin().unwrap().through(proxy.port());
    let through = Objects::new(access.client().await.unwrap());
    let key = Key::of("v1", "Namespace").named("kube-system");
    assert!(through.get(&key).await.unwrap().is_some());

    proxy.cut();
    assert!(through.get(&key).await.is_err());
    assert!(hub.objects().get(&key).await.unwrap().is_some());

    proxy.heal();
    assert!(through.get(&key).await.unwrap().is_some());
}

fn deployment(namespace: &str, name: &str, image: &str) -> Value {
    json!({
        "apiVersion": "apps/v1", "kind": "Deployment",
        "metadata": {"name": name, "namespace": namespace},
        "spec": {
            "replicas": 2, "progressDeadlineSeconds": 3,
            "selector": {"matchLabels": {"app": name}},
            "template": {
                "metadata": {"labels": {"app": name}},
                "spec": {"containers": [{"name": "main", "image": image}]},
            },
        },
    })
}

#[tokio::test]
async fn every_write_of_an_engine_object_is_on_record() {
    let hub = Cluster::hub().await.unwrap();
    let (mine, other) = (hub.namespace("mine").await.unwrap(), hub.namespace("other").await.unwrap());
    let secret = |namespace: &str| {
        json!({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "login", "namespace": namespace},
            "stringData": {"password": "hunter2"}})
    };
    hub.objects().apply(secret(&mine)).await.unwrap();
    hub.objects().apply(secret(&mine)).await.unwrap();
    hub.objects().apply(secret(&other)).await.unwrap();

    let seen = testbed::wait::until("two writes on record", SOON, async || {
        let writes = hub.writes(&mine).map_err(|error| format!("{error:#}"))?;
        if writes.len() == 2 { Ok(writes) } else { Err(format!("{writes:?}")) }
    });
    let writes = seen.await.unwrap();
    for write in &writes {
        assert_eq!(
            (write.resource.as_str(), write.name.as_str(), write.verb.as_str()),
            ("secrets", "login", "patch")
        );
        assert!(!format!("{write:?}").contains("hunter2"), "{write:?}");
    }
    assert_eq!(writes[0].status, 201);
    assert_eq!(writes[1].status, 200);
}
