//! New commits: found out by asking, at once if somebody wants it, and left alone where nothing may move.

use serde_json::json;
use testbed::Fault;

use super::{folder, manual};
use crate::world::{World, greeting};

#[tokio::test]
async fn a_new_commit_is_synced_or_shown_and_what_is_suspended_stays() {
    let world = World::begin().await;
    let repository = world.git.repository("shop").await.unwrap();
    repository.commit(&[("hello/map.json", greeting("hello", "one"))]).await.unwrap();
    let acme = world.tenant("acme", "ann").await;
    let (namespace, other) = (world.environment(&acme, "prod").await, world.environment(&acme, "dev").await);
    let url = repository.url();
    acme.put("/deployments/shop", folder(&url, "hello", &namespace)).await.accepted();
    let mut by_hand = manual(&url, "hello", &other);
    by_hand["destination"]["environment"] = json!("dev");
    acme.put("/deployments/by-hand", by_hand).await.accepted();
    acme.until_deployed("shop", "Synced", "Healthy").await;
    let shown = acme.until_deployed("by-hand", "OutOfSync", "Healthy").await;
    assert_eq!(shown.pointer("/status/explanation/code"), Some(&json!("out_of_sync")), "{shown:#}");

    let second = repository.commit(&[("hello/map.json", greeting("hello", "two"))]).await.unwrap();
    world.until_greeting(&namespace, "hello", "two").await;
    let seen = |shown: &serde_json::Value| shown.pointer("/status/revision") == Some(&json!(second));
    acme.until("/deployments/by-hand", seen).await;
    world.until_no_config_map(&other, "hello").await;

    // What is suspended is not synced; a look at it that somebody asks for is had all the same.
    acme.patch("/deployments/shop", json!({"suspended": true})).await.accepted();
    acme.until_explained("shop", "suspended").await;
    let third = repository.commit(&[("hello/map.json", greeting("hello", "three"))]).await.unwrap();
    let seen = |shown: &serde_json::Value| shown.pointer("/status/revision") == Some(&json!(third));
    acme.until("/deployments/by-hand", seen).await;
    acme.press("/deployments/shop/refreshes").await.ok(202);
    let shown = acme.until("/deployments/shop", seen).await;
    assert_eq!(shown.pointer("/status/sync"), Some(&json!("OutOfSync")), "{shown:#}");
    world.until_greeting(&namespace, "hello", "two").await;
    acme.patch("/deployments/shop", json!({"suspended": false})).await.accepted();
    world.until_greeting(&namespace, "hello", "three").await;
    acme.until_deployed("shop", "Synced", "Healthy").await;
}

#[tokio::test]
async fn a_repository_that_was_away_is_followed_again() {
    let world = World::begin().await;
    let repository = world.git.repository("shop").await.unwrap();
    repository.commit(&[("hello/map.json", greeting("hello", "one"))]).await.unwrap();
    let acme = world.tenant("acme", "ann").await;
    let namespace = world.environment(&acme, "prod").await;
    repository.set_fault(Fault::Status(503));
    acme.put("/deployments/shop", folder(&repository.url(), "hello", &namespace)).await.accepted();
    acme.until_explained("shop", "repository_unreachable").await;
    repository.set_fault(Fault::None);
    world.until_greeting(&namespace, "hello", "one").await;
    acme.until_deployed("shop", "Synced", "Healthy").await;
}
