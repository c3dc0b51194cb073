//! What no engine can serve now is served when one can.

use serde_json::json;
use testbed::Access;

use super::folder;
use crate::world::{World, greeting};

#[tokio::test]
async fn what_came_while_no_engine_took_it_is_served_as_soon_as_one_does() {
    let world = World::begin().await;
    let repository = world.git.repository("shop").await.unwrap();
    repository.commit(&[("hello/map.json", greeting("hello", "at last"))]).await.unwrap();
    let operator = world.operator();
    let instances = operator.get("/v1/engine-instances").await.ok(200);
    let state = format!("/v1/engine-instances/{}/state", instances["items"][0]["id"].as_str().unwrap());
    operator.put(&state, json!({"state": "cordoned", "reason": "it is looked at"})).await.accepted();

    let acme = world.tenant("acme", "ann").await;
    let namespace = world.environment(&acme, "prod").await;
    acme.put("/deployments/shop", folder(&repository.url(), "hello", &namespace)).await.accepted();
    let shown = acme.until_explained("shop", "unplaced").await;
    assert_eq!(shown.pointer("/status/engine"), Some(&json!("unavailable")), "{shown:#}");

    operator.put(&state, json!({"state": "active"})).await.accepted();
    acme.until_deployed("shop", "Synced", "Healthy").await;
    world.until_greeting(&namespace, "hello", "at last").await;
}

#[tokio::test]
async fn what_everybody_can_read_is_nobodys_alone_whoever_has_a_credential_for_it() {
    let world = World::begin().await;
    let [open, closed] = ["open", "closed"].map(|name| world.git.repository(name));
    let (open, closed) = (open.await.unwrap(), closed.await.unwrap());
    for repository in [&open, &closed] {
        repository.commit(&[("hello/map.json", greeting("hello", repository.name()))]).await.unwrap();
    }
    closed.set_access(Access::basic("reader", "s3cret"));
    let acme = world.tenant("acme", "ann").await;
    let host = json!({"prefix": world.git.url(), "basic": {"username": "reader", "password": "s3cret"}});
    acme.put("/repository-credentials/host", host).await.accepted();
    let namespace = world.environment(&acme, "prod").await;
    acme.put("/deployments/open", folder(&open.url(), "hello", &namespace)).await.accepted();
    acme.until_deployed("open", "Synced", "Healthy").await;

    // While nobody has looked it could be theirs alone.
    let globex = world.tenant("globex", "gus").await;
    let theirs = world.environment(&globex, "prod").await;
    globex.put("/deployments/closed", folder(&closed.url(), "hello", &theirs)).await.accepted();
    globex.until_explained("closed", "repository_authentication").await;
    globex.put("/deployments/open", folder(&open.url(), "hello", &theirs)).await.accepted();
    globex.until_deployed("open", "Synced", "Healthy").await;
    world.until_greeting(&theirs, "hello", "open").await;
}
