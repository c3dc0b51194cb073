//! Taking down without taking along.

use super::folder;
use crate::world::{World, greeting};

#[tokio::test]
async fn what_is_abandoned_stays_in_the_cluster() {
    let world = World::begin().await;
    let repository = world.git.repository("shop").await.unwrap();
    repository.commit(&[("hello/map.json", greeting("hello", "one"))]).await.unwrap();
    let acme = world.tenant("acme", "ann").await;
    let namespace = world.environment(&acme, "prod").await;
    acme.put("/deployments/shop", folder(&repository.url(), "hello", &namespace)).await.accepted();
    acme.until_deployed("shop", "Synced", "Healthy").await;

    let deleted = acme.delete("/deployments/shop?abandon=true").await;
    assert_eq!(deleted.status, 202, "{deleted:?}");
    acme.until_status("/deployments/shop", 404).await;
    world.until_greeting(&namespace, "hello", "one").await;

    // Its environment can go then, and whoever has its name next has another one.
    acme.delete("/environments/prod").await.accepted();
    acme.until_status("/environments/prod", 404).await;
    let namespace = world.environment(&acme, "prod").await;
    acme.put("/deployments/shop", folder(&repository.url(), "hello", &namespace)).await.accepted();
    world.until_greeting(&namespace, "hello", "one").await;
}

#[tokio::test]
async fn an_environment_takes_its_deployments_along_when_it_is_asked_to() {
    let world = World::begin().await;
    let repository = world.git.repository("shop").await.unwrap();
    repository.commit(&[("hello/map.json", greeting("hello", "one"))]).await.unwrap();
    let acme = world.tenant("acme", "ann").await;
    let namespace = world.environment(&acme, "prod").await;
    acme.put("/deployments/shop", folder(&repository.url(), "hello", &namespace)).await.accepted();
    world.until_greeting(&namespace, "hello", "one").await;

    acme.delete("/environments/prod").await.refused(409, "in_use");
    acme.delete("/environments/prod?cascade=true").await.accepted();
    acme.until_status("/deployments/shop", 404).await;
    acme.until_status("/environments/prod", 404).await;
    world.until_no_config_map(&namespace, "hello").await;
}
