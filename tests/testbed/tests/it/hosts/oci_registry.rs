//! The OCI registry: what was pushed is what is pulled, and a password is asked for.

use serde_json::Value;
use testbed::{Folder, OciRegistry, http};

use crate::support::helm;

#[tokio::test]
async fn a_pushed_chart_is_pulled_by_its_version() {
    let registry = OciRegistry::start().await.unwrap();
    let files = [("values.yaml", "replicas: 1\n")];
    let digest = registry.push_chart("charts", "web", "1.0.0", &files).await.unwrap();

    let client = http::plain().unwrap();
    let accepted = "application/vnd.oci.image.manifest.v1+json";
    let url = format!("{}/v2/charts/web/manifests/1.0.0", registry.url());
    let answer = client.get(url).header("accept", accepted).send().await.unwrap().error_for_status().unwrap();
    assert_eq!(answer.headers()["docker-content-digest"], digest.as_str());
    let manifest: Value = answer.json().await.unwrap();
    assert_eq!(manifest["config"]["mediaType"], "application/vnd.cncf.helm.config.v1+json");
    let layer = &manifest["layers"][0];
    let url = format!("{}/v2/charts/web/blobs/{}", registry.url(), layer["digest"].as_str().unwrap());
    let blob = client.get(url).send().await.unwrap().error_for_status().unwrap().bytes().await.unwrap();
    assert_eq!(layer["size"], blob.len());

    let again = registry.push_chart("charts", "web", "1.0.0", &files).await.unwrap();
    assert_eq!(again, digest, "the same files make the same artifact");
}

#[tokio::test]
async fn helm_itself_pulls_a_pushed_chart() {
    let registry = OciRegistry::start().await.unwrap();
    let files = [("templates/x.yaml", "kind: {{ .Values.kind }}\n")];
    registry.push_chart("charts", "web", "1.0.0", &files).await.unwrap();
    let folder = Folder::in_target("helm").unwrap();

    let chart = format!("oci://{}/charts/web", registry.host());
    let what = ["template", "x", &chart, "--version", "1.0.0", "--set", "kind=Secret", "--plain-http"];
    assert!(helm(&folder, &what).unwrap().contains("kind: Secret"));
}

#[tokio::test]
async fn a_registry_with_a_password_refuses_everybody_else() {
    let registry = OciRegistry::start_with_password("ann", "right").await.unwrap();
    registry.push_manifests("manifests/shop", "v1", &[("config.yaml", "kind: ConfigMap\n")]).await.unwrap();

    let client = http::plain().unwrap();
    let get = || client.get(format!("{}/v2/manifests/shop/tags/list", registry.url()));
    assert_eq!(get().send().await.unwrap().status(), 401);
    assert_eq!(get().basic_auth("ann", Some("wrong")).send().await.unwrap().status(), 401);
    let tags: Value = get().basic_auth("ann", Some("right")).send().await.unwrap().json().await.unwrap();
    assert_eq!(tags["tags"], serde_json::json!(["v1"]));
}
