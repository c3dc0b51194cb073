//! A real Argo CD does real work here: what it is asked to, with the credentials it was given, and nothing else.

mod faults;
mod scene;
mod sources;
mod tenants;

use serde_json::{Value, json};
use testbed::cluster::Key;
use testbed::{Access, Credential};

use scene::{SOON, Scene, deployment, greeting};

#[tokio::test]
async fn an_application_over_authenticated_http_syncs_with_its_credential() {
    let scene = Scene::set().await;
    let repository = scene.git.repository("shop").await.unwrap();
    repository.set_access(Access::basic("robot", "right"));
    repository.commit(&[("hello/map.json", greeting("hello", "from git"))]).await.unwrap();
    let login = json!({"username": "robot", "password": "right"});
    scene.engine.repository("shop", "team", &repository.url(), login).await.unwrap();

    let application = scene.deploy("shop", &repository.url(), "hello").await;

    scene.engine.until_healthy(&application).await.unwrap();
    scene.until_greeting("hello", "from git").await;
    let used = scene.git.requests();
    assert!(used.iter().any(|request| request.credential == Credential::basic("robot", "right")), "{used:?}");
}

#[tokio::test]
async fn a_wrong_password_is_a_comparison_error_that_says_so() {
    let scene = Scene::set().await;
    let repository = scene.git.repository("shop").await.unwrap();
    repository.set_access(Access::basic("robot", "right"));
    repository.commit(&[("hello/map.json", greeting("hello", "from git"))]).await.unwrap();
    let login = json!({"username": "robot", "password": "wrong"});
    scene.engine.repository("shop", "team", &repository.url(), login).await.unwrap();

    let application = scene.deploy("shop", &repository.url(), "hello").await;

    let message = scene.engine.until_condition(&application, "ComparisonError").await.unwrap();
    assert!(message.contains("authentication"), "{message}");
    scene.until_no_config_map("hello").await;
}

#[tokio::test]
async fn a_new_commit_is_applied_after_a_refresh_and_what_is_gone_from_git_is_pruned() {
    let scene = Scene::set().await;
    let repository = scene.git.repository("shop").await.unwrap();
    let files =
        [("hello/map.json", greeting("hello", "first")), ("hello/more.json", greeting("more", "first"))];
    repository.commit(&files).await.unwrap();
    let application = scene.deploy("shop", &repository.url(), "hello").await;
    scene.engine.until_healthy(&application).await.unwrap();

    repository.commit(&[("hello/map.json", greeting("hello", "second"))]).await.unwrap();
    let sha = repository.remove(&["hello/more.json"]).await.unwrap();
    scene.engine.refresh(&application).await.unwrap();

    scene.until_greeting("hello", "second").await;
    scene.until_no_config_map("more").await;
    let at_sha = |application: &Value| application.pointer("/status/sync/revision") == Some(&json!(sha));
    scene.engine.hub().until(&application, SOON, at_sha).await.unwrap();
}

#[tokio::test]
async fn a_cascade_deletion_takes_the_resources_along() {
    let scene = Scene::set().await;
    let repository = scene.git.repository("shop").await.unwrap();
    let files =
        [("hello/map.json", greeting("hello", "first")), ("hello/web.json", deployment("web", "nginx"))];
    repository.commit(&files).await.unwrap();
    let application = scene.deploy("shop", &repository.url(), "hello").await;
    scene.engine.until_healthy(&application).await.unwrap();

    scene.engine.cascade_delete(&application).await.unwrap();

    scene.engine.hub().until_gone(&application, SOON).await.unwrap();
    scene.until_no_config_map("hello").await;
    let web = Key::of("apps/v1", "Deployment").named("web").within(&scene.namespace);
    scene.target.objects().until_gone(&web, SOON).await.unwrap();
}

#[tokio::test]
async fn a_deployment_becomes_healthy_and_a_crashing_one_degraded() {
    let scene = Scene::set().await;
    let repository = scene.git.repository("shop").await.unwrap();
    let files =
        [("good/web.json", deployment("web", "nginx")), ("bad/web.json", deployment("bad", "crash:1"))];
    repository.commit(&files).await.unwrap();

    let good = scene.deploy("good", &repository.url(), "good").await;
    let bad = scene.deploy("bad", &repository.url(), "bad").await;

    scene.engine.until_healthy(&good).await.unwrap();
    let bad = scene.engine.until_status(&bad, "Synced", "Degraded").await.unwrap();
    // Health of the single resource is persisted: it exists nowhere else.
    assert_eq!(bad.pointer("/status/resources/0/health/status"), Some(&json!("Degraded")), "{bad:#}");
}
