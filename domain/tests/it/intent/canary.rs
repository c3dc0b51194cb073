//! A secret in every secret field, and none of them in what is shown, stored or complained.

use domain::field::Shape;
use domain::intent::environment::{self, EnvironmentSecret, RawEnvironment};
use domain::intent::repository_credential::{self, CredentialSecret, RawRepositoryCredential};
use domain::secret::Secret;
use serde::Serialize;
use static_assertions::assert_not_impl_any;
use std::fmt::{Debug, Display};

use serde_json::json;

use super::terms::rest;

assert_not_impl_any!(EnvironmentSecret: Debug, Display, Serialize, Clone);
assert_not_impl_any!(CredentialSecret: Debug, Display, Serialize, Clone);
assert_not_impl_any!(RawEnvironment: Debug, Display, Serialize, Clone);
assert_not_impl_any!(RawRepositoryCredential: Debug, Display, Serialize, Clone);
assert_not_impl_any!(environment::Environment: Debug, Display, Serialize, Clone);
assert_not_impl_any!(repository_credential::RepositoryCredential: Debug, Display, Serialize, Clone);
assert_not_impl_any!(Secret<String>: Debug, Display, Serialize, Clone);

const CANARY: &str = "canary\n4711";

#[test]
fn no_complaint_repeats_a_secret() {
    let shape = Shape::<RawEnvironment>::new();
    for field in ["token", "clientKey", "clientCertificate", "ca", "server"] {
        let raw = shape.read(json!({field: CANARY})).ok().unwrap();
        let errors = environment::parse(raw, &rest()).err().unwrap();
        assert!(!format!("{errors:?}").contains("4711"), "{field}: {errors:?}");
    }
    let shape = Shape::<RawRepositoryCredential>::new();
    for body in [
        json!({"repository": "https://h.example/x", "basic": {"username": "x", "password": CANARY}}),
        json!({"repository": "https://h.example/x", "bearer": {"token": CANARY}}),
        json!({"repository": "git@h.example:x", "sshKey": {"privateKey": CANARY}}),
        json!({"repository": "https://h.example/x",
            "githubApp": {"appId": 1, "installationId": 2, "privateKey": CANARY, "apiUrl": CANARY}}),
        json!({"repository": CANARY, "prefix": CANARY, "bearer": {}}),
    ] {
        let errors = repository_credential::parse(shape.read(body).ok().unwrap(), &rest()).err().unwrap();
        assert!(!format!("{errors:?}").contains("4711"), "{errors:?}");
    }
}

/// Where a secret is missed, a body may have one.
#[test]
fn a_missed_secret_is_missed_in_a_field_that_exists() {
    let shape = Shape::<RawRepositoryCredential>::new();
    for body in [
        json!({"repository": "https://h.example/x", "basic": {"username": "x", "password": "secret"}}),
        json!({"repository": "https://h.example/x", "bearer": {"token": "secret"}}),
    ] {
        let raw = shape.read(body.clone()).ok().unwrap();
        let field = repository_credential::parse(raw, &rest()).ok().unwrap().spec.auth.secret_field();
        assert_eq!(body.pointer(field.as_str()).unwrap(), "secret");
    }
    let body = json!({"server": "https://k8s.example.com", "token": "secret"});
    let raw = Shape::<RawEnvironment>::new().read(body.clone()).ok().unwrap();
    let field = environment::parse(raw, &rest()).ok().unwrap().spec.auth.secret_field();
    assert_eq!(body.pointer(field.as_str()).unwrap(), "secret");
}
