//! Deployments by the sandbox's first engine: of a user, and of somebody who uses Argo CD beside Argosy.

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use serde_json::{Value, json};
use testbed::cluster::{Key, Objects};

use super::{Whole, text};

const NAMESPACE: &str = "argocd-1";
/// Where they go; the namespace `demo` is Argosy's.
const SAMPLES: &str = "samples";
const FOLDERS: [&str; 4] = ["hello", "web", "kustomize/overlays/staging", "chart"];
const LIMIT: Duration = Duration::from_secs(60);

pub(super) async fn of_every_sample(sandbox: &Whole) {
    let hub = sandbox.objects("hub").await;
    prepare(sandbox, &hub).await;
    let repository = sandbox.env("ARGOSY_GIT_URL");
    for folder in FOLDERS {
        deploy(&hub, &repository, folder).await;
    }
    deploy(&hub, &repository, "broken").await;
    for folder in FOLDERS {
        hub.until(&key(folder), LIMIT, |application| {
            application.pointer("/status/sync/status") == Some(&json!("Synced"))
                && application.pointer("/status/health/status") == Some(&json!("Healthy"))
        })
        .await
        .unwrap();
    }
    let message = comparison_error(&hub, &key("broken")).await;
    assert!(message.contains("broken/configmap.yaml") || message.contains("yaml"), "{message}");
}

/// `make demo`, which ends well only when what was asked for over REST runs. Again, it changes nothing.
pub(super) fn of_the_demo(sandbox: &Whole) {
    let program = Path::new(env!("CARGO_BIN_EXE_argosy-sandbox"));
    let target = program.parent().and_then(Path::parent).unwrap();
    let demo = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../dev/demo");
    let output = Command::new(demo)
        .env("ARGOSY_STATE", sandbox.folder.path())
        .env("CARGO_TARGET_DIR", target)
        .output()
        .unwrap();
    let (out, errors) = (text(&output.stdout), text(&output.stderr));
    assert!(output.status.success(), "{out}{errors}");
    assert!(out.contains("Synced, Healthy: ") && out.contains("deployment.apps/web"), "{out}");
}

/// Argosy shares the engine with others, and keeps its hands off what is theirs.
pub(super) async fn of_others_are_left_alone(sandbox: &Whole) {
    let hub = sandbox.objects("hub").await;
    for folder in FOLDERS {
        let application = hub.get(&key(folder)).await.unwrap().unwrap_or_else(|| panic!("{folder} is there"));
        let health = application.pointer("/status/health/status");
        assert_eq!(health, Some(&json!("Healthy")), "{application:#}");
        let text = application.to_string();
        assert!(!text.contains("argosy"), "nobody of Argosy wrote on it: {text}");
    }
}

/// The name is nobody's: had it been dialled, the error would be another, after a look-up.
pub(super) async fn to_the_world_are_refused(sandbox: &Whole) {
    let hub = sandbox.objects("hub").await;
    deploy(&hub, "https://git.example.com/x.git", "world").await;
    let message = comparison_error(&hub, &key("world")).await;
    assert!(message.contains("403") || message.to_lowercase().contains("egress"), "{message}");
    let log = guard_log(sandbox);
    assert!(log.contains("git.example.com:443"), "{log}");

    // Without a key it would not even try.
    let ssh = "ssh://git@git.example.com/x.git";
    let repository =
        json!({"type": "git", "url": ssh, "insecure": "true", "sshPrivateKey": ssh_key(sandbox)});
    hub.apply(secret("ssh", "repository", &repository)).await.unwrap();
    deploy(&hub, ssh, "ssh").await;
    let message = comparison_error(&hub, &key("ssh")).await;
    let shim = sandbox.folder.part(NAMESPACE).join("programs").join("refused.log");
    let refused = std::fs::read_to_string(shim).unwrap_or_default() + &guard_log(sandbox);
    assert!(refused.contains("git.example.com:22"), "{message}\n{refused}");
}

fn guard_log(sandbox: &Whole) -> String {
    std::fs::read_to_string(sandbox.part("egress-guard").log.unwrap()).unwrap()
}

async fn prepare(sandbox: &Whole, hub: &Objects) {
    let target = sandbox.objects("target").await;
    target
        .apply(json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": SAMPLES}}))
        .await
        .unwrap();
    let facts = sandbox.facts("target");
    let certificates = facts.certificates().unwrap();
    let config = json!({
        "bearerToken": certificates.admin_token().unwrap(),
        "tlsClientConfig": {"caData": base64(&certificates.ca_pem().unwrap())},
    });
    let cluster = json!({"name": "target", "server": facts.server(), "config": config.to_string()});
    hub.apply(secret("target", "cluster", &cluster)).await.unwrap();
    hub.apply(json!({
        "apiVersion": "argoproj.io/v1alpha1", "kind": "AppProject",
        "metadata": {"name": "all", "namespace": NAMESPACE},
        "spec": {"sourceRepos": ["*"], "destinations": [{"name": "*", "server": "*", "namespace": "*"}]},
    }))
    .await
    .unwrap();
}

fn secret(name: &str, kind: &str, data: &Value) -> Value {
    let labels = json!({"argocd.argoproj.io/secret-type": kind});
    json!({
        "apiVersion": "v1", "kind": "Secret", "stringData": data,
        "metadata": {"name": name, "namespace": NAMESPACE, "labels": labels},
    })
}

fn ssh_key(sandbox: &Whole) -> String {
    let key = sandbox.folder.path().join("key");
    let made =
        Command::new("ssh-keygen").args(["-q", "-t", "ed25519", "-N", "", "-f"]).arg(&key).status().unwrap();
    assert!(made.success());
    std::fs::read_to_string(key).unwrap()
}

async fn deploy(hub: &Objects, repository: &str, folder: &str) {
    let path = if repository.contains("example.com") { "." } else { folder };
    hub.apply(json!({
        "apiVersion": "argoproj.io/v1alpha1", "kind": "Application",
        "metadata": {"name": name(folder), "namespace": NAMESPACE},
        "spec": {
            "project": "all",
            "source": {"repoURL": repository, "path": path, "targetRevision": "main"},
            "destination": {"name": "target", "namespace": SAMPLES},
            "syncPolicy": {"automated": {"prune": true, "selfHeal": true}},
        },
    }))
    .await
    .unwrap();
}

async fn comparison_error(hub: &Objects, key: &Key) -> String {
    let find = |application: &Value| -> Option<String> {
        let conditions = application.pointer("/status/conditions")?.as_array()?;
        let error = conditions.iter().find(|condition| condition["type"] == "ComparisonError")?;
        error["message"].as_str().map(ToOwned::to_owned)
    };
    let found = hub.until(key, LIMIT, |application| find(application).is_some()).await.unwrap();
    find(&found).unwrap()
}

fn key(folder: &str) -> Key {
    Key::of("argoproj.io/v1alpha1", "Application").named(&name(folder)).within(NAMESPACE)
}

fn name(folder: &str) -> String {
    folder.replace('/', "-")
}

fn base64(text: &str) -> String {
    use base64::Engine as _;
    base64::engine::general_purpose::STANDARD.encode(text)
}
