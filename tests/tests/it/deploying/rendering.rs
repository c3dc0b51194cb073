//! Sources that are more than a folder of manifests.

use serde_json::{Value, json};
use testbed::cluster::Key;

use super::automated;
use crate::world::{SOON, World, greeting};

const POD: &str = r#"{"apiVersion": "v1", "kind": "PodTemplate", "metadata": {"name": "web"},
    "template": {"spec": {"containers": [{"name": "web", "image": "registry.example/web:1"}]}}}"#;

const TEMPLATE: &str = "apiVersion: v1
kind: ConfigMap
metadata:
  name: {{ .Release.Name }}-greeting
data:
  greeting: \"{{ .Values.who }} of {{ .Values.town }}, {{ .Values.land }}\"
";

#[tokio::test]
async fn kustomize_and_helm_are_rendered_with_what_the_deployment_says() {
    let world = World::begin().await;
    let repository = world.git.repository("shop").await.unwrap();
    let acme = world.tenant("acme", "ann").await;
    let namespace = world.environment(&acme, "prod").await;
    repository
        .commit(&[
            ("kustomize/kustomization.yaml", "resources: [map.json, pod.json]\n".to_owned()),
            ("kustomize/map.json", greeting("hello", "kustomized")),
            ("kustomize/pod.json", POD.to_owned()),
            ("chart/Chart.yaml", "apiVersion: v2\nname: sample\nversion: 0.1.0\n".to_owned()),
            ("chart/values.yaml", "who: nobody\ntown: nowhere\nland: none\n".to_owned()),
            ("chart/values-prod.yaml", "town: Ithaca\nland: none\n".to_owned()),
            ("chart/templates/map.yaml", TEMPLATE.to_owned()),
            ("settings/prod.yaml", "who: Penelope\nland: Hellas\n".to_owned()),
        ])
        .await
        .unwrap();
    let url = repository.url();

    let kustomized = json!({
        "repository": url, "path": "kustomize", "revision": "main",
        "kustomize": {"namePrefix": "green-", "images": ["registry.example/web=registry.example/other:2"]},
    });
    let charted = json!({
        "repository": url, "path": "chart", "revision": "main",
        "helm": {
            "releaseName": "shop",
            "parameters": [{"name": "who", "value": "Odysseus, king"}],
            "valueFiles": ["values-prod.yaml"],
            "values": {"land": "Greece"},
        },
    });
    let several = json!({
        "sources": [
            {"repository": url, "path": "chart", "revision": "main", "helm": {
                "releaseName": "many", "valueFiles": ["values-prod.yaml", "$settings/settings/prod.yaml"],
            }},
            {"repository": url, "revision": "main", "ref": "settings"},
        ],
        "destination": {"environment": "prod", "namespace": namespace},
        "policy": {"mode": "automated"},
    });
    acme.put("/deployments/kustomized", automated(&kustomized, &namespace)).await.accepted();
    acme.put("/deployments/charted", automated(&charted, &namespace)).await.accepted();
    acme.put("/deployments/several", several).await.accepted();

    world.until_greeting(&namespace, "green-hello", "kustomized").await;
    world.until_greeting(&namespace, "shop-greeting", "Odysseus, king of Ithaca, Greece").await;
    world.until_greeting(&namespace, "many-greeting", "Penelope of Ithaca, Hellas").await;
    let pod = Key::of("v1", "PodTemplate").named("green-web").within(&namespace);
    let other = json!("registry.example/other:2");
    let taken = |pod: &Value| pod.pointer("/template/spec/containers/0/image") == Some(&other);
    world.target.objects().until(&pod, SOON, taken).await.unwrap();
    acme.until_deployed("kustomized", "Synced", "Healthy").await;
    acme.until_deployed("charted", "Synced", "Healthy").await;
    let several = acme.until_deployed("several", "Synced", "Healthy").await;
    let revisions = several.pointer("/status/observed/sync/revisions").and_then(Value::as_array);
    assert_eq!(revisions.map(Vec::len), Some(2), "{several:#}");
}
