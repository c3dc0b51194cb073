//! Private repositories, with a credential that is there before the deployment, or comes after it.

use serde_json::{Value, json};
use testbed::Access;

use super::folder;
use crate::world::{World, greeting};

fn basic(url: &str, password: &str) -> Value {
    json!({"repository": url, "basic": {"username": "reader", "password": password}})
}

#[tokio::test]
async fn a_private_repository_is_read_with_a_credential_over_http_and_over_tls() {
    let world = World::begin().await;
    let repository = world.git.repository("shop").await.unwrap();
    let sealed = world.git.repository("sealed").await.unwrap();
    for repository in [&repository, &sealed] {
        repository.set_access(Access::basic("reader", "s3cret"));
        repository.commit(&[("hello/map.json", greeting(repository.name(), "in private"))]).await.unwrap();
    }
    let acme = world.tenant("acme", "ann").await;
    let namespace = world.environment(&acme, "prod").await;

    // The credential first, for all of a host.
    let host = sealed.tls_url().replace("/sealed.git", "");
    let by_prefix = json!({"prefix": host, "basic": {"username": "reader", "password": "s3cret"}});
    acme.put("/repository-credentials/host", by_prefix).await.accepted();
    acme.put("/deployments/sealed", folder(&sealed.tls_url(), "hello", &namespace)).await.accepted();
    acme.until_deployed("sealed", "Synced", "Healthy").await;
    world.until_greeting(&namespace, "sealed", "in private").await;

    // The deployment first: it says what it lacks.
    acme.put("/deployments/shop", folder(&repository.url(), "hello", &namespace)).await.accepted();
    acme.until_explained("shop", "repository_authentication").await;
    acme.put("/repository-credentials/shop", basic(&repository.url(), "wrong")).await.accepted();
    acme.until_explained("shop", "repository_authentication").await;
    acme.put("/repository-credentials/shop", basic(&repository.url(), "s3cret")).await.accepted();
    acme.until_deployed("shop", "Synced", "Healthy").await;
    world.until_greeting(&namespace, "shop", "in private").await;
    let shown = acme.get("/repository-credentials/shop").await.ok(200);
    assert!(!shown.to_string().contains("s3cret"), "{shown:#}");
}

#[tokio::test]
async fn a_private_repository_is_read_over_ssh() {
    let world = World::begin().await;
    let repository = world.git.repository("shop").await.unwrap();
    let sha = repository.commit(&[("hello/map.json", greeting("hello", "over ssh"))]).await.unwrap();
    let acme = world.tenant("acme", "ann").await;
    let namespace = world.environment(&acme, "prod").await;
    let key = world.git.ssh_key().await.unwrap();
    let body = json!({"repository": repository.ssh_url(), "sshKey": {"privateKey": key.private_pem}});
    acme.put("/repository-credentials/shop", body).await.accepted();
    acme.put("/deployments/shop", folder(&repository.ssh_url(), "hello", &namespace)).await.accepted();
    let shown = acme.until_deployed("shop", "Synced", "Healthy").await;
    assert_eq!(shown.pointer("/status/revision"), Some(&json!(sha)), "{shown:#}");
    world.until_greeting(&namespace, "hello", "over ssh").await;

    // It is followed with that key too.
    repository.commit(&[("hello/map.json", greeting("hello", "and again"))]).await.unwrap();
    world.until_greeting(&namespace, "hello", "and again").await;
}
