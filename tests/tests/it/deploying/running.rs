//! From nothing to running, and away again.

use serde_json::json;

use super::folder;
use crate::world::{World, greeting};

#[tokio::test]
async fn what_is_put_over_rest_runs_in_the_cluster_and_is_seen_over_rest() {
    let world = World::begin().await;
    let repository = world.git.repository("shop").await.unwrap();
    let sha = repository.commit(&[("hello/map.json", greeting("hello", "from git"))]).await.unwrap();
    let acme = world.tenant("acme", "ann").await;
    let namespace = world.environment(&acme, "prod").await;

    let put = acme.put("/deployments/shop", folder(&repository.url(), "hello", &namespace)).await;
    assert_eq!(put.status, 202, "{put:?}");
    let operation = put.header("operation-id").to_owned();

    let ended = acme.get(&format!("/operations/{operation}?wait=30s")).await.ok(200);
    assert_eq!(ended["state"], "succeeded", "{ended:#}");
    let shown = acme.until_deployed("shop", "Synced", "Healthy").await;
    assert_eq!(shown.pointer("/status/revision"), Some(&json!(sha)), "{shown:#}");
    world.until_greeting(&namespace, "hello", "from git").await;
}

#[tokio::test]
async fn a_change_reaches_the_cluster_and_a_deletion_takes_everything_along() {
    let world = World::begin().await;
    let repository = world.git.repository("shop").await.unwrap();
    let files = [("one/map.json", greeting("hello", "one")), ("two/map.json", greeting("hello", "two"))];
    repository.commit(&files).await.unwrap();
    let acme = world.tenant("acme", "ann").await;
    let namespace = world.environment(&acme, "prod").await;
    acme.put("/deployments/shop", folder(&repository.url(), "one", &namespace)).await.accepted();
    acme.until_deployed("shop", "Synced", "Healthy").await;
    world.until_greeting(&namespace, "hello", "one").await;

    acme.patch("/deployments/shop", json!({"source": {"path": "two"}})).await.accepted();
    world.until_greeting(&namespace, "hello", "two").await;

    let deleted = acme.delete("/deployments/shop").await;
    assert_eq!(deleted.status, 202, "{deleted:?}");
    let operation = deleted.header("operation-id").to_owned();
    world.until_no_config_map(&namespace, "hello").await;
    let gone = acme.until_status("/deployments/shop", 404).await;
    assert_eq!(gone["code"], "not_found");
    let ended = acme.get(&format!("/operations/{operation}")).await.ok(200);
    assert_eq!(ended["state"], "succeeded", "{ended:#}");
}
