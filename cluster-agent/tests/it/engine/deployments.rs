//! From facts to Synced and Healthy.

use cluster_agent::cluster::Look;
use cluster_agent::reconcile::{deployment, refresh};
use domain::engine::facts::Readiness;
use serde_json::{Value, json};

use super::scene::{SOON, Scene, done, greeting, obstacle};

#[tokio::test]
async fn a_refresh_brings_a_new_commit_and_a_harder_one_is_not_made_less() {
    let mut scene = Scene::set().await;
    let repository = scene.git.repository("shop").await.unwrap();
    repository.commit(&[("hello/map.json", greeting("hello", "first"))]).await.unwrap();
    let facts = scene.deployed(&repository.url(), "hello").await;
    repository.commit(&[("hello/map.json", greeting("hello", "second"))]).await.unwrap();

    assert_eq!(refresh::apply(&scene.engine, &facts, Look::Normal).await.outcome, done(1));
    scene.until_greeting("hello", "second").await;
    let application = scene.application(&facts);
    let looked = |live: &Value| live.pointer("/metadata/annotations/argocd.argoproj.io~1refresh").is_none();
    scene.hub.objects().until(&application, SOON, looked).await.unwrap();

    scene.argo.controller.kill();
    let asked = async |look: Look| refresh::apply(&scene.engine, &facts, look).await;
    assert_eq!(asked(Look::Normal).await.outcome, done(1));
    let again = asked(Look::Normal).await;
    assert!(obstacle(&again).contains("an earlier look"), "{again:?}");
    assert_eq!(asked(Look::Hard).await.outcome, done(1));
    assert!(obstacle(&asked(Look::Normal).await).contains("an earlier look"));
    let annotation =
        scene.live(&facts).await["metadata"]["annotations"]["argocd.argoproj.io/refresh"].clone();
    assert_eq!(annotation, json!("hard"));
}

#[tokio::test]
async fn an_application_is_not_written_before_what_it_needs_is_there() {
    let scene = Scene::set().await;
    let mut facts = scene.deployment_facts("https://127.0.0.1:1/none.git", ".", "manual");
    facts.ready = Readiness { cluster_secret: false, ..Readiness::READY };

    let waiting = deployment::apply(&scene.engine, &facts).await;

    assert!(obstacle(&waiting).contains("its environment to be known to the engine"), "{waiting:?}");
    assert_eq!(scene.engine.requests(), 0);
}
