//! Sync runs: asked for once, done once, and answered with a verdict.

use serde_json::{Value, json};

use super::manual;
use crate::world::{Rest, World, greeting};

async fn ended(tenant: &Rest, run: &Value) -> Value {
    let path = format!("/deployments/shop/sync-runs/{}", run["id"].as_str().unwrap());
    tenant.until(&path, |run| run["state"] == "ended").await
}

#[tokio::test]
async fn a_sync_run_syncs_fails_where_it_must_and_goes_back_to_what_was() {
    let world = World::begin().await;
    let repository = world.git.repository("shop").await.unwrap();
    let first = repository.commit(&[("hello/map.json", greeting("hello", "one"))]).await.unwrap();
    let acme = world.tenant("acme", "ann").await;
    let namespace = world.environment(&acme, "prod").await;
    acme.put("/deployments/shop", manual(&repository.url(), "hello", &namespace)).await.accepted();

    let run = acme.post("/deployments/shop/sync-runs", json!({})).await.ok(202);
    let run = ended(&acme, &run).await;
    assert_eq!(run.pointer("/verdict/judgement"), Some(&json!("succeeded")), "{run:#}");
    assert_eq!(run.pointer("/verdict/revisions"), Some(&json!([first])), "{run:#}");
    world.until_greeting(&namespace, "hello", "one").await;
    let shown = acme.until_deployed("shop", "Synced", "Healthy").await;
    assert_eq!(shown.pointer("/status/explanation/code"), Some(&json!("synced")), "{shown:#}");

    let second = repository.commit(&[("hello/map.json", greeting("hello", "two"))]).await.unwrap();
    let seen = |shown: &Value| shown.pointer("/status/revision") == Some(&json!(second));
    acme.until("/deployments/shop", seen).await;
    let run = acme.post("/deployments/shop/sync-runs", json!({"dryRun": true})).await.ok(202);
    let run = ended(&acme, &run).await;
    assert_eq!(run.pointer("/verdict/judgement"), Some(&json!("succeeded")), "{run:#}");
    world.until_greeting(&namespace, "hello", "one").await;
    let run = acme.post("/deployments/shop/sync-runs", json!({})).await.ok(202);
    ended(&acme, &run).await;
    world.until_greeting(&namespace, "hello", "two").await;

    let entry = |entry: &Value| entry["revisions"] == json!([first]);
    let listed = |page: &Value| page["items"].as_array().is_some_and(|items| items.iter().any(entry));
    let history = acme.until("/deployments/shop/history", listed).await;
    let to = history["items"].as_array().unwrap().iter().find(|one| entry(one)).unwrap()["id"].clone();
    let back = acme.post("/deployments/shop/rollbacks", json!({"to": to})).await.ok(202);
    let run = ended(&acme, &back).await;
    assert_eq!(run.pointer("/verdict/judgement"), Some(&json!("succeeded")), "{run:#}");
    assert_eq!(run["rollbackTo"], to, "{run:#}");
    world.until_greeting(&namespace, "hello", "one").await;

    let broken = json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "Not A Name"}});
    repository.commit(&[("hello/broken.json", broken.to_string())]).await.unwrap();
    let run = acme.post("/deployments/shop/sync-runs", json!({})).await.ok(202);
    let run = ended(&acme, &run).await;
    assert_eq!(run.pointer("/verdict/judgement"), Some(&json!("failed")), "{run:#}");
    assert_eq!(run.pointer("/verdict/failed/0/name"), Some(&json!("Not A Name")), "{run:#}");
    let shown = acme.until_explained("shop", "sync_failed").await;
    let sentence = shown.pointer("/status/explanation/sentence").and_then(Value::as_str).unwrap();
    assert!(sentence.contains("ConfigMap \"Not A Name\""), "{sentence}");
}

#[tokio::test]
async fn a_sync_that_hangs_is_stopped_and_the_next_one_begins() {
    let world = World::begin().await;
    let repository = world.git.repository("shop").await.unwrap();
    let hook = json!({
        "apiVersion": "v1", "kind": "Pod",
        "metadata": {"name": "wait", "annotations": {
            "argocd.argoproj.io/hook": "PreSync", "argocd.argoproj.io/hook-delete-policy": "BeforeHookCreation",
        }},
        "spec": {
            "restartPolicy": "Never", "nodeSelector": {"testbed": "nowhere"},
            "containers": [{"name": "wait", "image": "registry.example/wait:1"}],
        },
    });
    let files = [("hello/map.json", greeting("hello", "one")), ("hello/hook.json", hook.to_string())];
    repository.commit(&files).await.unwrap();
    let acme = world.tenant("acme", "ann").await;
    let namespace = world.environment(&acme, "prod").await;
    acme.put("/deployments/shop", manual(&repository.url(), "hello", &namespace)).await.accepted();

    let first = acme.post("/deployments/shop/sync-runs", json!({})).await.ok(202);
    acme.until_explained("shop", "syncing").await;
    let second = acme.post("/deployments/shop/sync-runs", json!({"strategy": "apply"})).await.ok(202);
    let path = |run: &Value| format!("/deployments/shop/sync-runs/{}", run["id"].as_str().unwrap());
    let waiting = acme.get(&path(&second)).await.ok(200);
    assert_eq!(waiting["state"], "waiting", "{waiting:#}");

    acme.delete(&path(&first)).await.accepted();
    let first = ended(&acme, &first).await;
    assert_eq!(first.pointer("/verdict/judgement"), Some(&json!("terminated")), "{first:#}");
    let second = ended(&acme, &second).await;
    assert_eq!(second.pointer("/verdict/judgement"), Some(&json!("succeeded")), "{second:#}");
    world.until_greeting(&namespace, "hello", "one").await;
}
