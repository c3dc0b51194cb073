//! Cluster and repository Secrets, word for word; and that they show nothing.

use std::fmt::{Debug, Display};

use domain::engine::desired::{SecretManifest, cluster_secret, repository_secrets};
use domain::engine::facts::{CredentialFacts, EnvironmentFacts};
use domain::engine::hash::HashKey;
use domain::engine::plan::Wanted;
use domain::intent::environment::EnvironmentSecret;
use domain::secret::Secret;
use serde::Serialize;
use serde_json::{Value, json};
use static_assertions::assert_not_impl_any;

use super::scene::{self, CREDENTIAL, ENVIRONMENT, TENANT};

assert_not_impl_any!(SecretManifest: Debug, Display, Serialize, Clone);
assert_not_impl_any!(EnvironmentFacts: Debug, Display, Serialize, Clone);
assert_not_impl_any!(CredentialFacts: Debug, Display, Serialize, Clone);
assert_not_impl_any!(HashKey: Debug, Display, Serialize, Clone);

const CERTIFICATE: &str = "-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----\n";
const KEY: &str = "-----BEGIN PRIVATE KEY-----\nMAA=\n-----END PRIVATE KEY-----\n";
const SSH_KEY: &str = "-----BEGIN RSA PRIVATE KEY-----\nMAA=\n-----END RSA PRIVATE KEY-----";

fn text(manifest: &SecretManifest, key: &str) -> Option<String> {
    manifest.data(key).map(|secret| secret.expose().clone())
}

fn config(manifest: &SecretManifest) -> Value {
    serde_json::from_str(&text(manifest, "config").unwrap()).unwrap()
}

#[test]
fn a_cluster_secret_has_the_address_that_only_it_has() {
    let facts = scene::environment(
        json!({"server": "https://k8s.example.com:6443", "token": "a\"token", "ca": CERTIFICATE}),
    );
    let manifest = cluster_secret(&facts).unwrap();
    assert_eq!(manifest.name(), format!("managed-env-{ENVIRONMENT}"));
    assert_eq!(manifest.namespace(), "argocd-1");
    assert_eq!(text(&manifest, "name").unwrap(), format!("managed-env-{ENVIRONMENT}"));
    assert_eq!(
        text(&manifest, "server").unwrap(),
        format!("https://k8s.example.com:6443?managedEnvironment={ENVIRONMENT}")
    );
    assert_eq!(text(&manifest, "project").unwrap(), format!("app-project-{TENANT}"));
    assert_eq!(text(&manifest, "namespaces"), None);
    assert_eq!(text(&manifest, "clusterResources"), None);
    let ca = "LS0tLS1CRUdJTiBDRVJUSUZJQ0FURS0tLS0tCk1BQT0KLS0tLS1FTkQgQ0VSVElGSUNBVEUtLS0tLQo=";
    assert_eq!(
        config(&manifest),
        json!({"bearerToken": "a\"token", "tlsClientConfig": {"insecure": false, "caData": ca}})
    );
    let object = manifest.to_value();
    assert_eq!(object["metadata"]["labels"]["argocd.argoproj.io/secret-type"], "cluster");
    assert_eq!(object["metadata"]["labels"]["argosy.dev/generation"], "2");
    assert_eq!(object["data"]["name"], "bWFuYWdlZC1lbnYtMjIyMjIyMjItMjIyMi00MjIyLTgyMjItMjIyMjIyMjIyMjIy");
}

#[test]
fn a_limited_environment_names_its_namespaces() {
    for cluster_resources in [true, false] {
        let facts = scene::environment(json!({"server": "https://k8s.example.com", "token": "t",
            "namespaces": ["shop", "cart"], "clusterResources": cluster_resources}));
        let manifest = cluster_secret(&facts).unwrap();
        assert_eq!(text(&manifest, "namespaces").unwrap(), "cart,shop");
        assert_eq!(text(&manifest, "clusterResources").unwrap(), cluster_resources.to_string());
    }
}

#[test]
fn a_client_certificate_and_a_server_that_is_not_verified_are_told() {
    let body = json!({"server": "https://k8s.example.com", "clientCertificate": CERTIFICATE, "clientKey": KEY, "skipTlsVerify": true});
    let told = config(&cluster_secret(&scene::environment(body)).unwrap());
    let key = "LS0tLS1CRUdJTiBQUklWQVRFIEtFWS0tLS0tCk1BQT0KLS0tLS1FTkQgUFJJVkFURSBLRVktLS0tLQo=";
    assert_eq!(told["tlsClientConfig"]["keyData"], key);
    assert_eq!(told["tlsClientConfig"]["insecure"], true);
    assert!(told["tlsClientConfig"]["certData"].is_string());
    assert_eq!(told.get("bearerToken"), None);
}

#[test]
fn without_its_secret_or_a_seat_an_environment_is_not_written() {
    let body = json!({"server": "https://k8s.example.com", "token": "t"});
    let mut without = scene::environment(body.clone());
    without.secret = None;
    assert!(cluster_secret(&without).is_none());
    let mut unplaced = scene::environment(body.clone());
    unplaced.seat = None;
    assert!(cluster_secret(&unplaced).is_none());
    let mut mixed = scene::environment(body);
    mixed.secret = Some(EnvironmentSecret::ClientKey(Secret::new(KEY.to_owned())));
    assert!(cluster_secret(&mixed).is_none());
}

#[test]
fn a_credential_is_for_the_addresses_it_is_used_for_in_its_tenants_project() {
    let login = json!({"prefix": "https://h.example/team", "basic": {"username": "robot", "password": "p"}});
    let facts = scene::credential(login.clone(), &["https://h.example/team/a.git"]);
    let manifests = repository_secrets(&facts).unwrap();
    let [only] = manifests.as_slice() else { panic!() };
    assert_eq!(only.name(), format!("repo-cred-{CREDENTIAL}"));
    let told: Vec<_> =
        ["type", "url", "project", "username", "password"].map(|key| text(only, key).unwrap()).into();
    assert_eq!(told, ["git", "https://h.example/team/a.git", &format!("app-project-{TENANT}"), "robot", "p"]);
    assert_eq!(only.to_value()["metadata"]["labels"]["argocd.argoproj.io/secret-type"], "repository");

    let urls = ["https://h.example/team/b", "https://h.example/team/a", "https://h.example/team/b"];
    let several = repository_secrets(&scene::credential(login.clone(), &urls)).unwrap();
    let names: Vec<&str> = several.iter().map(SecretManifest::name).collect();
    // The beginnings of `printf %s https://h.example/team/a | sha256sum`, and of b.
    assert_eq!(
        names,
        [format!("repo-cred-{CREDENTIAL}-cf610b54"), format!("repo-cred-{CREDENTIAL}-48193523")]
    );
    assert!(repository_secrets(&scene::credential(login, &[])).unwrap().is_empty());
}

#[test]
fn a_registry_is_known_as_artifacts_and_as_charts() {
    let login = json!({"prefix": "oci://r.example", "basic": {"username": "robot", "password": "p"}});
    let manifests = repository_secrets(&scene::credential(login, &["oci://r.example/x"])).unwrap();
    let told: Vec<_> =
        manifests.iter().map(|one| ["type", "url", "enableOCI"].map(|key| text(one, key))).collect();
    let some = |text: &str| Some(text.to_owned());
    let expected =
        [[some("oci"), some("oci://r.example/x"), None], [some("helm"), some("r.example/x"), some("true")]];
    assert_eq!(told, expected);
}

#[test]
fn each_way_to_log_in_is_told_under_argo_cds_names() {
    let bearer = json!({"repository": "https://h.example/x", "bearer": {"token": "b"}});
    let told = repository_secrets(&scene::credential(bearer, &["https://h.example/x"])).unwrap();
    assert_eq!(text(&told[0], "bearerToken").unwrap(), "b");

    for (host_keys, flag) in [("known", None), ("unverified", Some("true".to_owned()))] {
        let ssh = json!({"repository": "git@h.example:x", "sshKey": {"privateKey": SSH_KEY, "hostKeys": host_keys}});
        let told = repository_secrets(&scene::credential(ssh, &["git@h.example:x"])).unwrap();
        assert_eq!(text(&told[0], "sshPrivateKey").unwrap(), format!("{SSH_KEY}\n"));
        assert_eq!(text(&told[0], "insecureIgnoreHostKey"), flag);
    }

    for (api, base) in
        [(None, None), (Some("https://ghe.example/api/v3"), Some("https://ghe.example/api/v3".to_owned()))]
    {
        let app = json!({"repository": "https://h.example/x",
            "githubApp": {"appId": 1, "installationId": 2, "privateKey": KEY, "apiUrl": api}});
        let told = repository_secrets(&scene::credential(app, &["https://h.example/x"])).unwrap();
        let of = |key: &str| text(&told[0], key);
        assert_eq!(
            (of("githubAppID"), of("githubAppInstallationID")),
            (Some("1".to_owned()), Some("2".to_owned()))
        );
        assert_eq!(
            (of("githubAppPrivateKey"), of("githubAppEnterpriseBaseUrl")),
            (Some(KEY.to_owned()), base)
        );
    }
}

#[test]
fn a_credential_without_its_secret_says_nothing_about_what_is_there() {
    let mut facts = scene::credential(
        json!({"repository": "https://h.example/x", "bearer": {"token": "b"}}),
        &["https://h.example/x"],
    );
    facts.secret = None;
    assert!(repository_secrets(&facts).is_none());
}

#[test]
fn a_rotated_secret_is_a_difference() {
    let wanted = |token: &str| {
        let facts = scene::environment(json!({"server": "https://k8s.example.com", "token": token}));
        Wanted::present(&cluster_secret(&facts).unwrap().to_value(), &scene::key()).unwrap()
    };
    assert_eq!(wanted("old"), wanted("old"));
    assert_ne!(wanted("old"), wanted("new"));
}
