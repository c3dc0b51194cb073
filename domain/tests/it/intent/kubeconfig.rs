//! Kubeconfigs: what is taken from them, and what makes us refuse them.

use domain::field::{FieldError, Shape};
use domain::intent::Terms;
use domain::intent::environment::{AuthKind, Environment, EnvironmentSecret, RawEnvironment, Trust, parse};
use proptest::prelude::*;
use serde_json::{Value, json};

use super::pem::{certificate, packed, private_key};
use super::terms::{custom_resources, expected, lenient, places, rest};

fn read_with(body: Value, terms: &Terms<'_>) -> Result<Environment, Vec<FieldError>> {
    parse(Shape::<RawEnvironment>::new().read(body)?, terms)
}

fn read(body: Value) -> Environment {
    read_with(body, &rest()).unwrap_or_else(|errors| panic!("{errors:?}"))
}

fn mistakes(body: Value) -> Vec<(String, &'static str)> {
    places(&read_with(body, &rest()).err().unwrap())
}

/// Two clusters, of which the second is the current one.
fn two_clusters() -> Value {
    json!({
        "apiVersion": "v1", "kind": "Config", "preferences": {}, "current-context": "prod",
        "clusters": [
            {"name": "test", "cluster": {"server": "https://test.example.com", "proxy-url": "http://proxy"}},
            {"name": "prod", "cluster": {"server": "https://prod.example.com:6443",
                "certificate-authority-data": packed(&certificate(1))}},
        ],
        "contexts": [
            {"name": "test", "context": {"cluster": "test", "user": "robot"}},
            {"name": "prod-admin", "context": {"cluster": "prod", "user": "admin"}},
            {"name": "prod", "context": {"cluster": "prod", "user": "robot", "namespace": "shop"}},
        ],
        "users": [
            {"name": "admin", "user": {"exec": {"command": "aws"}}},
            {"name": "robot", "user": {"token": "abc.def"}},
        ],
    })
}

/// One cluster and one user, with these fields besides.
fn one_cluster(cluster: Value, user: Value) -> Value {
    let Value::Object(cluster) = cluster else { panic!("an object") };
    let mut body = json!({"kubeconfig": {
        "current-context": "c",
        "contexts": [{"name": "c", "context": {"cluster": "k", "user": "u"}}],
        "clusters": [{"name": "k", "cluster": {"server": "https://prod.example.com"}}],
        "users": [{"name": "u"}],
    }});
    body["kubeconfig"]["clusters"][0]["cluster"].as_object_mut().unwrap().extend(cluster);
    body["kubeconfig"]["users"][0]["user"] = user;
    body
}

#[test]
fn the_current_context_is_taken() {
    let Environment { spec, secret } = read(json!({"kubeconfig": two_clusters()}));
    assert_eq!(spec.server.as_str(), "https://prod.example.com:6443");
    assert!(matches!(spec.trust, Trust::Ca(_)));
    assert!(matches!(secret, Some(EnvironmentSecret::Token(token)) if token.expose() == "abc.def"));
}

#[test]
fn another_context_is_taken_by_its_name_and_judged_by_itself() {
    let found = mistakes(json!({"kubeconfig": two_clusters(), "context": "test"}));
    assert_eq!(found, expected(&[("/kubeconfig/clusters/0/cluster/proxy-url", "unsupported")]));
    let found = mistakes(json!({"kubeconfig": two_clusters(), "context": "prod-admin"}));
    assert_eq!(
        found,
        expected(&[
            ("/kubeconfig/users/0/user/exec", "unsupported"),
            ("/kubeconfig/users/0/user", "required")
        ])
    );
    let found = mistakes(json!({"kubeconfig": two_clusters(), "context": "nowhere"}));
    assert_eq!(found, expected(&[("/kubeconfig/contexts", "not_found")]));
}

#[test]
fn a_context_is_found_by_the_address_of_its_server() {
    for server in ["https://prod.example.com:6443", "https://PROD.example.com:6443/"] {
        let spec = read(json!({"kubeconfig": two_clusters(), "server": server})).spec;
        assert_eq!(
            spec.server.as_str(),
            "https://prod.example.com:6443",
            "the current context comes before others"
        );
    }
    let found = mistakes(json!({"kubeconfig": two_clusters(), "server": "https://other.example.com"}));
    assert_eq!(found, expected(&[("/kubeconfig/clusters", "not_found")]));
    let found = mistakes(json!({"kubeconfig": two_clusters(), "server": "https://x", "context": "prod"}));
    assert_eq!(found, expected(&[("/server", "conflict")]));
}

#[test]
fn a_client_certificate_is_taken() {
    let user = json!({"client-certificate-data": packed(&certificate(1)), "client-key-data": packed(&private_key())});
    let Environment { spec, secret } = read(one_cluster(json!({}), user));
    assert!(matches!(spec.auth, AuthKind::ClientCertificate { .. }));
    assert!(matches!(secret, Some(EnvironmentSecret::ClientKey(key)) if *key.expose() == private_key()));
}

#[test]
fn i6_whatever_would_run_read_or_go_elsewhere_is_refused_by_name() {
    for (field, value) in [
        ("exec", json!({"command": "aws", "env": [{"name": "AWS_SECRET", "value": "canary"}]})),
        ("auth-provider", json!({"name": "gcp", "config": {"access-token": "canary"}})),
        ("tokenFile", json!("/var/run/secrets/kubernetes.io/serviceaccount/token")),
        ("client-certificate", json!("/etc/canary")),
        ("client-key", json!("/etc/canary")),
        ("username", json!("canary")),
        ("password", json!("canary")),
        ("as", json!("canary")),
        ("as-uid", json!("canary")),
        ("as-groups", json!(["canary"])),
        ("as-user-extra", json!({"canary": ["x"]})),
    ] {
        let user = json!({"token": "t", field: value});
        let errors = read_with(one_cluster(json!({}), user), &rest()).err().unwrap();
        assert_eq!(
            places(&errors),
            expected(&[(&format!("/kubeconfig/users/0/user/{field}"), "unsupported")])
        );
        assert!(!format!("{errors:?}").contains("canary"));
    }
    for (field, value) in [
        ("certificate-authority", json!("/etc/passwd")),
        ("proxy-url", json!("http://169.254.169.254")),
        ("tls-server-name", json!("kubernetes.default")),
    ] {
        let found = mistakes(one_cluster(json!({field: value}), json!({"token": "t"})));
        assert_eq!(found, expected(&[(&format!("/kubeconfig/clusters/0/cluster/{field}"), "unsupported")]));
    }
    for server in [
        "https://kubernetes.default.svc",
        "https://169.254.169.254",
        "https://[::ffff:127.0.0.1]",
        "https://0",
    ] {
        let found = mistakes(one_cluster(json!({"server": server}), json!({"token": "t"})));
        assert_eq!(found, expected(&[("/kubeconfig/clusters/0/cluster/server", "forbidden")]), "{server}");
    }
}

#[test]
fn what_tools_write_out_empty_is_nothing() {
    let user = json!({"token": "t", "exec": null, "username": "", "as-groups": [], "as-user-extra": {}, "client-key-data": ""});
    assert!(
        read_with(one_cluster(json!({"certificate-authority": "", "proxy-url": null}), user), &rest())
            .is_ok()
    );
}

#[test]
fn skipping_verification_needs_the_operators_word() {
    let body = one_cluster(json!({"insecure-skip-tls-verify": true}), json!({"token": "t"}));
    let field = "/kubeconfig/clusters/0/cluster/insecure-skip-tls-verify";
    assert_eq!(mistakes(body.clone()), expected(&[(field, "forbidden")]));
    assert_eq!(read_with(body, &lenient()).ok().unwrap().spec.trust, Trust::Unverified);
}

#[test]
fn custom_resources_may_skip_verification_beside_a_ca() {
    let terms = Terms { door: custom_resources().door, ..lenient() };
    let body = json!({"kubeconfig": two_clusters(), "skipTlsVerify": true});
    assert_eq!(read_with(body.clone(), &terms).ok().unwrap().spec.trust, Trust::Unverified);
    assert!(read_with(body, &lenient()).is_err());
}

#[test]
fn all_mistakes_of_a_kubeconfig_come_at_once() {
    let body = one_cluster(
        json!({"server": "http://x", "certificate-authority-data": "%%%", "insecure-skip-tls-verify": "yes"}),
        json!({"token": 3, "client-key-data": "bm8gUEVN", "tokenFile": "/x"}),
    );
    let (cluster, user) = ("/kubeconfig/clusters/0/cluster", "/kubeconfig/users/0/user");
    assert_eq!(
        mistakes(body),
        expected(&[
            (&format!("{cluster}/server"), "malformed"),
            (&format!("{cluster}/certificate-authority-data"), "malformed"),
            (&format!("{cluster}/insecure-skip-tls-verify"), "wrong_type"),
            (&format!("{user}/token"), "wrong_type"),
            (&format!("{user}/tokenFile"), "unsupported"),
        ])
    );
}

#[test]
fn what_a_kubeconfig_says_is_not_said_beside_it() {
    let found = mistakes(json!({"kubeconfig": two_clusters(), "token": "t", "ca": certificate(1)}));
    assert_eq!(found, expected(&[("/token", "conflict"), ("/ca", "conflict")]));
}

#[test]
fn a_name_that_two_entries_have_is_no_name() {
    let mut kubeconfig = two_clusters();
    let twin = kubeconfig["users"][1].clone();
    kubeconfig["users"].as_array_mut().unwrap().push(twin);
    assert_eq!(
        mistakes(json!({"kubeconfig": kubeconfig})),
        expected(&[("/kubeconfig/users/2/name", "duplicate")])
    );
}

#[test]
fn a_broken_kubeconfig_is_told_what_is_missing() {
    for (kubeconfig, place, code) in [
        (json!({}), "/kubeconfig/current-context", "required"),
        (json!({"current-context": 3}), "/kubeconfig/current-context", "required"),
        (json!({"current-context": "c"}), "/kubeconfig/contexts", "not_found"),
        (json!({"current-context": "c", "contexts": "c"}), "/kubeconfig/contexts", "not_found"),
        (
            json!({"current-context": "c", "contexts": [null, {"name": "c"}]}),
            "/kubeconfig/contexts",
            "not_found",
        ),
    ] {
        assert_eq!(mistakes(json!({"kubeconfig": kubeconfig})), expected(&[(place, code)]), "{kubeconfig}");
    }
    let dangling =
        json!({"current-context": "c", "contexts": [{"name": "c", "context": {"cluster": "k", "user": 3}}]});
    assert_eq!(
        mistakes(json!({"kubeconfig": dangling})),
        expected(&[
            ("/kubeconfig/clusters", "not_found"),
            ("/kubeconfig/contexts/0/context/user", "wrong_type")
        ])
    );
}

/// Kubeconfigs with something else somewhere.
fn bent() -> impl Strategy<Value = Value> {
    let pointers = [
        "/clusters",
        "/clusters/1",
        "/clusters/1/cluster",
        "/clusters/1/cluster/server",
        "/users",
        "/users/1/user",
        "/users/1/user/token",
        "/contexts/2",
        "/contexts/2/context",
        "/contexts/2/context/cluster",
        "/current-context",
        "/clusters/1/cluster/certificate-authority-data",
    ];
    let values = prop_oneof![
        Just(json!(null)),
        Just(json!("canary-4711")),
        Just(json!(4711)),
        Just(json!([{"canary-4711": 1}])),
        Just(json!({"server": "canary-4711", "token": "canary 4711"})),
    ];
    (prop::sample::select(pointers.to_vec()), values).prop_map(|(pointer, value)| {
        let mut kubeconfig = two_clusters();
        *kubeconfig.pointer_mut(pointer).unwrap() = value;
        kubeconfig
    })
}

proptest! {
    #[test]
    fn no_kubeconfig_makes_us_panic_or_repeat_what_it_says(kubeconfig in bent()) {
        if let Err(errors) = read_with(json!({"kubeconfig": kubeconfig}), &rest()) {
            prop_assert!(!errors.is_empty());
            let said = format!("{errors:?}");
            prop_assert!(!said.contains("4711"), "{}", said);
        }
    }
}
