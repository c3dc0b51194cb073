//! Parts die and come back.

use serde_json::Value;
use testbed::Cluster;
use testbed::cluster::Kind;

use super::scene::{SOON, Scene, greeting};

#[tokio::test]
async fn an_engine_that_was_killed_carries_on_when_it_is_restarted() {
    let mut scene = Scene::set().await;
    let repository = scene.git.repository("shop").await.unwrap();
    repository.commit(&[("hello/map.json", greeting("hello", "first"))]).await.unwrap();
    let application = scene.deploy("shop", &repository.url(), "hello").await;
    scene.engine.until_healthy(&application).await.unwrap();

    scene.engine.kill();
    repository.commit(&[("hello/map.json", greeting("hello", "while you were away"))]).await.unwrap();
    scene.engine.refresh(&application).await.unwrap();
    scene.engine.restart().await.unwrap();

    scene.until_greeting("hello", "while you were away").await;
    scene.engine.until_healthy(&application).await.unwrap();
}

#[tokio::test]
async fn a_destination_that_was_away_recovers_after_a_refresh() {
    let target = Cluster::start(Kind::Light).await.unwrap();
    let mut scene = Scene::set_on(target).await;
    let repository = scene.git.repository("shop").await.unwrap();
    repository.commit(&[("hello/map.json", greeting("hello", "first"))]).await.unwrap();
    let application = scene.deploy("shop", &repository.url(), "hello").await;
    scene.engine.until_healthy(&application).await.unwrap();

    scene.target.stop().unwrap();
    repository.commit(&[("hello/map.json", greeting("hello", "second"))]).await.unwrap();
    scene.engine.refresh(&application).await.unwrap();
    // Argo CD compares with what it remembers of the destination, so it is a resource's sync that fails.
    let refused = |application: &Value| application["status"].to_string().contains("connection refused");
    scene.engine.hub().until(&application, SOON, refused).await.unwrap();

    scene.target.start_again().await.unwrap();
    scene.engine.refresh(&application).await.unwrap();
    scene.until_greeting("hello", "second").await;
    scene.engine.until_healthy(&application).await.unwrap();
}
