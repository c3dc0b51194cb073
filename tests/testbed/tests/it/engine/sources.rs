//! Every kind of source that Argo CD renders: Kustomize, Helm in Git, a Helm repository; over TLS and over ssh.

use serde_json::json;
use testbed::{Access, Credential, HelmRepository};

use super::scene::{Scene, greeting};

#[tokio::test]
async fn a_kustomize_application_syncs() {
    let scene = Scene::set().await;
    let repository = scene.git.repository("shop").await.unwrap();
    let base = r#"{"apiVersion": "kustomize.config.k8s.io/v1beta1", "kind": "Kustomization", "resources": ["map.json"]}"#;
    let overlay = r#"{"apiVersion": "kustomize.config.k8s.io/v1beta1", "kind": "Kustomization",
        "resources": ["../../base"], "namePrefix": "prod-"}"#;
    let files = [
        ("base/map.json", greeting("hello", "kustomized")),
        ("base/kustomization.yaml", base.to_owned()),
        ("overlays/prod/kustomization.yaml", overlay.to_owned()),
    ];
    repository.commit(&files).await.unwrap();

    let application = scene.deploy("shop", &repository.url(), "overlays/prod").await;

    scene.engine.until_healthy(&application).await.unwrap();
    scene.until_greeting("prod-hello", "kustomized").await;
}

/// A chart with one ConfigMap that says its value `text`.
fn chart() -> [(&'static str, String); 3] {
    let map = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: hello}\ndata: {greeting: {{ .Values.text | quote }}}\n";
    [
        ("Chart.yaml", "apiVersion: v2\nname: hello\nversion: 1.2.3\n".to_owned()),
        ("values.yaml", "text: from the chart\n".to_owned()),
        ("templates/map.yaml", map.to_owned()),
    ]
}

#[tokio::test]
async fn a_helm_chart_in_git_syncs_with_its_values() {
    let scene = Scene::set().await;
    let repository = scene.git.repository("shop").await.unwrap();
    let files = chart().map(|(path, text)| (format!("charts/hello/{path}"), text));
    repository.commit(&files).await.unwrap();
    scene.engine.project("team", &["*"], &["target"]).await.unwrap();

    let source = json!({
        "repoURL": repository.url(), "path": "charts/hello", "targetRevision": "main",
        "helm": {"parameters": [{"name": "text", "value": "chosen"}]},
    });
    let application = scene.deploy_source("shop", source).await;

    scene.engine.until_healthy(&application).await.unwrap();
    scene.until_greeting("hello", "chosen").await;
}

#[tokio::test]
async fn a_chart_from_a_helm_repository_syncs() {
    let scene = Scene::set().await;
    let charts = HelmRepository::start().unwrap();
    let chart = chart();
    let files: Vec<(&str, &str)> = chart.iter().map(|(path, text)| (*path, text.as_str())).collect();
    charts.publish("hello", "1.2.3", &files).unwrap();
    scene.engine.project("team", &["*"], &["target"]).await.unwrap();

    let source = json!({"repoURL": charts.url(), "chart": "hello", "targetRevision": "1.2.*"});
    let application = scene.deploy_source("shop", source).await;

    scene.engine.until_healthy(&application).await.unwrap();
    scene.until_greeting("hello", "from the chart").await;
}

#[tokio::test]
async fn a_private_repository_over_tls_needs_the_authority_and_the_token() {
    let scene = Scene::set().await;
    let repository = scene.git.repository("shop").await.unwrap();
    repository.set_access(Access::bearer("a-token"));
    repository.commit(&[("hello/map.json", greeting("hello", "over tls"))]).await.unwrap();
    scene.engine.site().trust("127.0.0.1", scene.git.ca_pem()).unwrap();
    let token = json!({"bearerToken": "a-token"});
    scene.engine.repository("shop", "team", &repository.tls_url(), token).await.unwrap();

    let application = scene.deploy("shop", &repository.tls_url(), "hello").await;

    scene.engine.until_healthy(&application).await.unwrap();
    let used = scene.git.requests();
    assert!(used.iter().any(|request| request.credential == Credential::bearer("a-token")), "{used:?}");
}

#[tokio::test]
async fn a_private_repository_over_ssh_syncs_with_its_key() {
    let scene = Scene::set().await;
    let repository = scene.git.repository("shop").await.unwrap();
    repository.commit(&[("hello/map.json", greeting("hello", "over ssh"))]).await.unwrap();
    let key = scene.git.ssh_key().await.unwrap();
    std::fs::write(scene.engine.site().known_hosts(), scene.git.known_hosts().await.unwrap()).unwrap();
    let secret = json!({"sshPrivateKey": key.private_pem});
    scene.engine.repository("shop", "team", &repository.ssh_url(), secret).await.unwrap();

    let application = scene.deploy("shop", &repository.ssh_url(), "hello").await;

    scene.engine.until_healthy(&application).await.unwrap();
    let used = scene.git.requests();
    assert!(used.iter().any(|request| request.credential == key.credential()), "{used:?}");
}
