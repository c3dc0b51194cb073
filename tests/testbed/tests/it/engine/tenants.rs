//! Engines and tenants side by side: nobody touches what is another's.

use serde_json::json;
use testbed::cluster::Key;
use testbed::engine::{Application, Destination};

use super::scene::{Scene, deployer, greeting};

#[tokio::test]
async fn two_engines_on_one_hub_do_not_touch_each_others_applications() {
    let (one, two) = (Scene::set().await, Scene::set().await);
    let repository = one.git.repository("shop").await.unwrap();
    repository.commit(&[("hello/map.json", greeting("hello", "mine"))]).await.unwrap();

    // The same name on both, with destinations of their own.
    let first = one.deploy("shop", &repository.url(), "hello").await;
    let second = two.deploy("shop", &repository.url(), "hello").await;
    one.engine.until_healthy(&first).await.unwrap();
    two.engine.until_healthy(&second).await.unwrap();

    one.engine.cascade_delete(&first).await.unwrap();
    one.engine.hub().until_gone(&first, super::SOON).await.unwrap();
    one.until_no_config_map("hello").await;

    // The second is asked to look again after all that, and finds everything as it was.
    two.engine.refresh(&second).await.unwrap();
    two.engine.until_healthy(&second).await.unwrap();
    two.until_greeting("hello", "mine").await;
}

#[tokio::test]
async fn one_api_server_serves_two_tenants_with_tokens_limited_to_their_namespaces() {
    let scene = Scene::set().await;
    let other = scene.target.namespace("other").await.unwrap();
    let access = deployer(&scene.target, &other).await;
    // The same API server; only the query tells the two apart.
    let destination = Destination::new("target-of-other", access).limited_to(&[&other]);
    scene.engine.destination(&destination).await.unwrap();
    scene.engine.project("other", &["*"], &["target-of-other"]).await.unwrap();
    let repository = scene.git.repository("shop").await.unwrap();
    repository.commit(&[("hello/map.json", greeting("hello", "mine"))]).await.unwrap();

    let mine = scene.deploy("mine", &repository.url(), "hello").await;
    let source = json!({"repoURL": repository.url(), "path": "hello", "targetRevision": "main"});
    let theirs = Application {
        name: "theirs",
        project: "other",
        source,
        destination: "target-of-other",
        namespace: &other,
        automated: true,
    };
    // One that aims at the first tenant's namespace with the second one's token.
    let intruder = Application { name: "intruder", namespace: &scene.namespace, ..theirs.clone() };
    let theirs = scene.engine.application(&theirs).await.unwrap();
    let intruder = scene.engine.application(&intruder).await.unwrap();

    scene.engine.until_healthy(&mine).await.unwrap();
    scene.engine.until_healthy(&theirs).await.unwrap();

    let message = scene.engine.until_condition(&intruder, "ComparisonError").await.unwrap();
    assert!(message.contains("not managed"), "{message}");

    scene.engine.cascade_delete(&theirs).await.unwrap();
    scene.engine.hub().until_gone(&theirs, super::SOON).await.unwrap();
    let mine = Key::of("v1", "ConfigMap").named("hello").within(&scene.namespace);
    assert!(
        scene.target.objects().get(&mine).await.unwrap().is_some(),
        "another tenant's deletion reached mine"
    );
}
