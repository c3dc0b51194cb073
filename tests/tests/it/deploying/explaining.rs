//! "Why not?", answered in one sentence.

use serde_json::{Value, json};

use super::{automated, folder};
use crate::world::{World, greeting};

#[tokio::test]
async fn a_deployment_says_what_is_wrong_with_its_source() {
    let world = World::begin().await;
    let repository = world.git.repository("shop").await.unwrap();
    let files = [
        ("hello/map.json", greeting("hello", "one")),
        ("nonsense/map.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata: [\n".to_owned()),
    ];
    repository.commit(&files).await.unwrap();
    let acme = world.tenant("acme", "ann").await;
    let namespace = world.environment(&acme, "prod").await;
    let url = repository.url();
    let at = |revision: &str| json!({"repository": url, "path": "hello", "revision": revision});
    let wrong = [
        ("path", "path_not_found", folder(&url, "nowhere", &namespace)),
        ("branch", "revision_not_found", automated(&at("nobranch"), &namespace)),
        ("commit", "revision_not_found", automated(&at(&"0123456789".repeat(4)), &namespace)),
        ("repository", "repository_not_found", folder(&url.replace("shop", "chop"), "hello", &namespace)),
        ("manifest", "manifest_error", folder(&url, "nonsense", &namespace)),
        ("host", "repository_unreachable", folder("http://127.0.0.1:1/shop.git", "hello", &namespace)),
    ];
    for (name, _, body) in &wrong {
        acme.put(&format!("/deployments/{name}"), body.clone()).await.accepted();
    }
    for (name, code, _) in &wrong {
        acme.until_explained(name, code).await;
    }

    // What is right after all is found out without being told.
    repository.commit(&[("nowhere/map.json", greeting("late", "found"))]).await.unwrap();
    world.until_greeting(&namespace, "late", "found").await;
    acme.until_explained("path", "synced").await;
}

#[tokio::test]
async fn a_deployment_says_what_is_wrong_with_its_environment() {
    let world = World::begin().await;
    let repository = world.git.repository("shop").await.unwrap();
    repository.commit(&[("hello/map.json", greeting("hello", "one"))]).await.unwrap();
    let acme = world.tenant("acme", "ann").await;
    let early = acme.put("/deployments/shop", folder(&repository.url(), "hello", "default")).await;
    let refused = early.refused(422, "invalid_fields");
    assert_eq!(refused.pointer("/errors/0/pointer"), Some(&json!("/destination/environment")), "{refused:#}");

    let (namespace, kubeconfig) = world.place().await;
    let mut wrong = kubeconfig.clone();
    wrong["users"][0]["user"]["token"] = json!("not-a-token");
    let body = |kubeconfig: &Value| json!({"kubeconfig": kubeconfig, "namespaces": [namespace]});
    acme.put("/environments/prod", body(&wrong)).await.accepted();
    acme.put("/deployments/shop", folder(&repository.url(), "hello", &namespace)).await.accepted();
    let shown = acme.until_explained("shop", "environment_check_failed").await;
    let sentence = shown.pointer("/status/explanation/sentence").and_then(Value::as_str).unwrap();
    assert!(sentence.contains("prod") && sentence.contains("401"), "{sentence}");

    acme.put("/environments/prod", body(&kubeconfig)).await.accepted();
    acme.until_deployed("shop", "Synced", "Healthy").await;
    world.until_greeting(&namespace, "hello", "one").await;
}
