//! Environments: which servers may be named, and where their secrets go.

use domain::field::{Code, FieldError, Shape};
use domain::intent::environment::{
    AuthKind, Environment, EnvironmentSecret, EnvironmentSpec, RawEnvironment, Reach, ShownEnvironment,
    Trust, parse,
};
use domain::intent::{Stored, Terms};
use domain::secret::{Settled, settle};
use serde_json::{Value, json};

use super::pem::{certificate, private_key};
use super::terms::{expected, lenient, places, rest, sandbox};

fn read_with(body: Value, terms: &Terms<'_>) -> Result<Environment, Vec<FieldError>> {
    parse(Shape::<RawEnvironment>::new().read(body)?, terms)
}

fn read(body: Value) -> Environment {
    read_with(body, &rest()).unwrap_or_else(|errors| panic!("{errors:?}"))
}

fn mistakes(body: Value) -> Vec<(String, &'static str)> {
    places(&read_with(body, &rest()).err().unwrap())
}

const SERVER: &str = "https://k8s.example.com:6443";

#[test]
fn a_server_with_a_token_is_enough() {
    let Environment { spec, secret } = read(json!({"server": SERVER, "token": "abc.def"}));
    assert_eq!(spec.server.as_str(), SERVER);
    assert_eq!(
        (&spec.trust, &spec.auth, &spec.reach),
        (&Trust::PublicRoots, &AuthKind::Token, &Reach::Cluster)
    );
    assert!(matches!(secret, Some(EnvironmentSecret::Token(token)) if token.expose() == "abc.def"));
}

#[test]
fn a_client_certificate_does_as_well() {
    let body = json!({"server": SERVER, "ca": certificate(1), "clientCertificate": certificate(2), "clientKey": private_key(),
        "namespaces": ["b", "a", "b"], "clusterResources": true});
    let Environment { spec, secret } = read(body);
    assert!(matches!(spec.auth, AuthKind::ClientCertificate { .. }));
    assert!(matches!(secret, Some(EnvironmentSecret::ClientKey(_))));
    let Reach::Namespaces { names, cluster_resources } = &spec.reach else { panic!() };
    assert_eq!((names.len(), *cluster_resources), (2, true));
}

#[test]
fn one_server_has_one_spelling() {
    for raw in ["https://K8S.example.com/", "HTTPS://k8s.example.com.:443", "https://k8s.example.com"] {
        assert_eq!(
            read(json!({"server": raw, "token": "t"})).spec.server.as_str(),
            "https://k8s.example.com"
        );
    }
    let spec = read(json!({"server": "https://rancher.example.com/k8s/clusters/c-1/", "token": "t"})).spec;
    assert_eq!((spec.server.path(), spec.server.port()), ("/k8s/clusters/c-1", 443));
}

#[test]
fn i6_servers_that_are_somebody_elses_are_refused() {
    for raw in [
        "https://kubernetes",
        "https://kubernetes.default",
        "https://Kubernetes.Default.svc",
        "https://kubernetes.default.svc.cluster.local:443",
        "https://kubernetes.default.svc.cluster.local.",
        "https://kubernetes.default.svc.corp.example",
        "https://argocd-redis.argocd.svc",
        "https://argocd-redis.argocd.svc.",
        "https://argocd-redis.argocd.svc.corp.example",
        "https://a.cluster.local",
        "https://cluster.local",
        "https://argocd-server",
        "https://localhost",
        "https://127.0.0.1",
        "https://127.1",
        "https://2130706433",
        "https://0x7f000001",
        "https://0177.0.0.1",
        "https://0.0.0.0",
        "https://[::1]",
        "https://[::ffff:127.0.0.1]",
        "https://[::ffff:7f00:1]",
        "https://[fe80::1]",
        "https://10.0.0.1",
        "https://169.254.169.254",
        "https://metadata.google.internal",
        "https://１２７.0.0.1",
    ] {
        assert_eq!(
            mistakes(json!({"server": raw, "token": "t"})),
            expected(&[("/server", "forbidden")]),
            "{raw}"
        );
    }
}

#[test]
fn what_is_no_address_of_a_server_is_refused() {
    for raw in [
        "",
        "k8s.example.com",
        "http://k8s.example.com",
        "ftp://x.example",
        "https://",
        "https://user@k8s.example.com",
        "https://u:p@k8s.example.com",
        "https://k8s.example.com?x=y",
        "https://k8s.example.com/?managedEnvironment=1",
        "https://k8s.example.com/a&b",
        "https://k8s.example.com#x",
        "https://k8s.example.com\\@evil.example",
        "https://k8s.example.com/\n",
        " https://k8s.example.com",
        "https://k8s .example.com",
        "https://k8s.example.com:0x50",
        "https://a..b",
        "https://k8s.example.com/a//b",
        "https://k8s.example.com/a%2Fb",
    ] {
        assert_eq!(
            mistakes(json!({"server": raw, "token": "t"})),
            expected(&[("/server", "malformed")]),
            "{raw:?}"
        );
    }
}

#[test]
fn the_sandbox_has_servers_on_this_machine_only() {
    let body = |server: &str| json!({"server": server, "token": "t"});
    assert!(read_with(body("https://127.0.0.1:6443"), &sandbox()).is_ok());
    assert!(read_with(body("https://localhost:6443"), &sandbox()).is_ok());
    assert!(read_with(body(SERVER), &sandbox()).is_err());
}

#[test]
fn a_server_goes_unverified_only_if_the_operator_allows_it() {
    let body = json!({"server": SERVER, "token": "t", "skipTlsVerify": true});
    assert_eq!(mistakes(body.clone()), expected(&[("/skipTlsVerify", "forbidden")]));
    assert_eq!(read_with(body, &lenient()).ok().unwrap().spec.trust, Trust::Unverified);
    let both = json!({"server": SERVER, "token": "t", "skipTlsVerify": true, "ca": certificate(1)});
    let errors = read_with(both, &lenient()).err().unwrap();
    assert_eq!(places(&errors), expected(&[("/skipTlsVerify", "conflict")]));
}

#[test]
fn all_mistakes_come_at_once() {
    let body = json!({"server": "http://x", "ca": "no PEM", "token": "a b", "clientKey": "x", "context": "c",
        "namespaces": ["A"], "labels": {"a b": ""}});
    assert_eq!(
        mistakes(body),
        expected(&[
            ("/server", "malformed"),
            ("/ca", "malformed"),
            ("/clientCertificate", "conflict"),
            ("/context", "conflict"),
            ("/namespaces/0", "malformed"),
            ("/labels/a b", "malformed"),
        ])
    );
    assert_eq!(
        mistakes(json!({"server": SERVER, "clientKey": private_key()})),
        expected(&[("/clientCertificate", "required")])
    );
    assert_eq!(
        mistakes(json!({"server": SERVER, "token": "", "clusterResources": false})),
        expected(&[("/token", "required"), ("/clusterResources", "conflict")])
    );
}

#[test]
fn a_ca_is_certificates_and_nothing_else() {
    let ca = |ca: String| read_with(json!({"server": SERVER, "token": "t", "ca": ca}), &rest());
    let written = |text: String| ca(text).ok().unwrap().spec.trust;
    let bundle = certificate(1) + &certificate(2);
    assert_eq!(
        written(bundle.clone()),
        written(format!("# of 2026\r\n{}\n\n", bundle.replace('\n', "\r\n")))
    );
    for bad in [
        String::new(),
        private_key(),
        certificate(1) + &private_key(),
        certificate(1).replace("-----END", "-----FIN"),
        certificate(1).replace("MAM", "MAQ"),
        certificate(1).replace("CERTIFICATE", "PUBLIC KEY"),
        certificate(1).repeat(33),
        "x".repeat(70_000),
    ] {
        assert!(ca(bad.clone()).is_err(), "{}", &bad[..bad.len().min(200)]);
    }
}

#[test]
fn a_put_without_the_secret_keeps_the_stored_one_only_if_it_goes_to_the_same_place() {
    let body = |more: Value| {
        let mut body = json!({"server": SERVER, "ca": certificate(1)});
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        body
    };
    let stored = read(body(json!({"token": "t"}))).spec.goes_where();
    let change = |more: Value| {
        let Environment { spec, secret } = read_with(body(more), &lenient()).ok().unwrap();
        settle(secret.map(|_| ()), Some(&stored), &spec.goes_where())
    };
    for same in [json!({}), json!({"server": "https://K8S.example.com:6443/"}), json!({"namespaces": ["a"]})]
    {
        assert_eq!(change(same), Ok(Settled::Keep));
    }
    for (retargeted, what) in [
        (json!({"server": "https://evil.example.com:6443"}), "host"),
        (json!({"server": "https://k8s.example.com:6444"}), "port"),
        (json!({"server": "https://k8s.example.com:6443/other"}), "path"),
        (json!({"ca": certificate(2)}), "CA"),
        (json!({"ca": null}), "CA"),
        (json!({"ca": null, "skipTlsVerify": true}), "CA, the verification of the host"),
        (json!({"clientCertificate": certificate(3)}), "kind of authentication"),
    ] {
        let flaw = change(retargeted.clone()).unwrap_err();
        assert_eq!(flaw.code, Code::SecretRequired);
        assert!(flaw.detail.ends_with(&format!("this changes the {what}")), "{retargeted}: {flaw}");
    }
    assert_eq!(
        change(json!({"server": "https://evil.example.com", "token": "new"})),
        Ok(Settled::Replace(()))
    );
}

#[test]
fn what_is_shown_and_what_is_stored_mean_the_same() {
    for body in [
        json!({"server": SERVER, "token": "t"}),
        json!({"server": SERVER, "ca": certificate(1), "clientCertificate": certificate(2), "namespaces": ["a"]}),
        json!({"server": SERVER, "token": "t", "skipTlsVerify": true, "labels": {"a": "b"}}),
    ] {
        let spec = read_with(body, &lenient()).ok().unwrap().spec;
        let shown = serde_json::to_value(ShownEnvironment::from(&spec)).unwrap();
        assert_eq!(read_with(shown, &lenient()).ok().unwrap().spec, spec);
        assert_eq!(Stored::<EnvironmentSpec>::read(Stored::of(&spec)).unwrap(), spec);
    }
}
