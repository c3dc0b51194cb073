//! Repository credentials: what they are for, and where their secrets go.

use domain::field::{Code, FieldError, Shape};
use domain::intent::repository_credential::{
    CredentialAuth, CredentialSecret, HostKeys, RawRepositoryCredential, RepositoryCredential,
    RepositoryCredentialSpec, ShownRepositoryCredential, parse,
};
use domain::intent::repository_url::{Protocol, RepositoryUrl};
use domain::intent::{Stored, Terms};
use domain::secret::{Settled, settle};
use serde_json::{Value, json};

use super::pem::{certificate, openssh_key, private_key};
use super::terms::{expected, lenient, places, rest};

fn read_with(body: Value, terms: &Terms<'_>) -> Result<RepositoryCredential, Vec<FieldError>> {
    parse(Shape::<RawRepositoryCredential>::new().read(body)?, terms)
}

fn read(body: Value) -> RepositoryCredential {
    read_with(body, &lenient()).unwrap_or_else(|errors| panic!("{errors:?}"))
}

fn mistakes(body: Value) -> Vec<(String, &'static str)> {
    places(&read_with(body, &rest()).err().unwrap())
}

const HTTPS: &str = "https://github.com/acme/shop";
const SSH: &str = "git@github.com:acme/shop.git";

#[test]
fn there_are_four_ways_to_log_in() {
    let basic = read(json!({"repository": HTTPS, "basic": {"username": "x", "password": "p w"}}));
    assert!(matches!(basic.secret, Some(CredentialSecret::Password(secret)) if secret.expose() == "p w"));
    let bearer = read(json!({"prefix": "https://git.example.com/team", "bearer": {"token": "t"}}));
    assert!(matches!(bearer.secret, Some(CredentialSecret::Token(_))));
    for key in [openssh_key("none"), private_key()] {
        let ssh = read(json!({"repository": SSH, "sshKey": {"privateKey": key}}));
        assert_eq!(ssh.spec.auth, CredentialAuth::SshKey { host_keys: HostKeys::Known });
    }
    let app = json!({"appId": 1, "installationId": 2, "privateKey": private_key()});
    let app = read(json!({"prefix": "https://github.com/acme", "githubApp": app}));
    assert!(
        matches!(&app.spec.auth, CredentialAuth::GitHubApp { api, .. } if api.as_str() == "https://api.github.com")
    );
}

#[test]
fn the_way_to_log_in_goes_with_the_address() {
    let key = json!({"privateKey": private_key()});
    let basic = json!({"username": "x", "password": "y"});
    for (body, place) in [
        (json!({"repository": HTTPS, "sshKey": key}), "/sshKey"),
        (json!({"repository": SSH, "basic": basic}), "/basic"),
        (json!({"prefix": "git@github.com:acme", "bearer": {"token": "t"}}), "/bearer"),
        (json!({"repository": "oci://registry.example.com/x", "bearer": {"token": "t"}}), "/bearer"),
    ] {
        assert_eq!(mistakes(body), expected(&[(place, "conflict")]));
    }
    assert!(read_with(json!({"prefix": "oci://registry.example.com", "basic": basic}), &rest()).is_ok());
}

#[test]
fn all_mistakes_come_at_once() {
    let body = json!({"repository": "file:///x", "prefix": "x", "basic": {"username": "a:b", "password": "a\nb"},
        "sshKey": {"privateKey": "canary", "hostKeys": "unverified"},
        "githubApp": {"appId": 0, "installationId": -1, "privateKey": "canary", "apiUrl": "https://169.254.169.254/x"}});
    let errors = read_with(body, &rest()).err().unwrap();
    assert_eq!(
        places(&errors),
        expected(&[
            ("/prefix", "conflict"),
            ("/basic/username", "malformed"),
            ("/basic/password", "malformed"),
            ("/sshKey", "conflict"),
            ("/sshKey/privateKey", "malformed"),
            ("/sshKey/hostKeys", "forbidden"),
            ("/githubApp", "conflict"),
            ("/githubApp/appId", "out_of_range"),
            ("/githubApp/installationId", "out_of_range"),
            ("/githubApp/privateKey", "malformed"),
            ("/githubApp/apiUrl", "forbidden"),
        ])
    );
    assert!(!format!("{errors:?}").contains("canary"));
    assert_eq!(mistakes(json!({})), expected(&[("/repository", "required"), ("", "required")]));
}

#[test]
fn a_key_is_one_private_key_without_a_passphrase() {
    let with = |key: &str| mistakes(json!({"repository": SSH, "sshKey": {"privateKey": key}}));
    let encrypted = private_key().replace("PRIVATE", "ENCRYPTED PRIVATE");
    for key in [openssh_key("aes256-ctr"), encrypted] {
        assert_eq!(with(&key), expected(&[("/sshKey/privateKey", "unsupported")]));
    }
    for key in ["", "ssh-ed25519 AAAA", &certificate(1), &private_key().repeat(2), &private_key()[..40]] {
        assert_eq!(with(key), expected(&[("/sshKey/privateKey", "malformed")]), "{key}");
    }
    let app = json!({"appId": 1, "installationId": 2, "privateKey": openssh_key("none")});
    assert_eq!(
        mistakes(json!({"repository": HTTPS, "githubApp": app})),
        expected(&[("/githubApp/privateKey", "malformed")])
    );
}

#[test]
fn the_credential_that_fits_best_is_meant() {
    let login = json!({"username": "x", "password": "y"});
    let coverage = |field: &str, raw: &str| read(json!({field: raw, "basic": login})).spec.coverage;
    let url = RepositoryUrl::parse("https://git.example.com/acme/shop.git", &Protocol::ALL).unwrap();
    let fits: Vec<Option<usize>> = [
        ("prefix", "https://git.example.com/acm"),
        ("prefix", "https://git.example.com"),
        ("prefix", "https://git.example.com/acme"),
        ("repository", "https://GIT.example.com/acme/shop"),
        ("repository", "https://git.example.com/acme"),
    ]
    .map(|(field, raw)| coverage(field, raw).fit(&url))
    .to_vec();
    assert_eq!(fits, [None, Some(0), Some(1), Some(usize::MAX), None]);
}

/// What a change of a stored credential does to its secret.
fn change(stored: Value, wanted: Value) -> Result<Settled<()>, Code> {
    let stored = read(stored).spec.goes_where();
    let RepositoryCredential { spec, secret } = read(wanted);
    settle(secret.map(|_| ()), Some(&stored), &spec.goes_where()).map_err(|flaw| flaw.code)
}

#[test]
fn a_put_without_the_secret_keeps_the_stored_one_only_if_it_goes_to_the_same_place() {
    let basic = |field: &str, raw: &str| json!({field: raw, "basic": {"username": "x"}});
    let stored = || basic("repository", "https://git.example.com/acme/shop");
    for same in [
        basic("repository", "https://GIT.example.com:443/acme/shop.git"),
        basic("repository", "https://git.example.com/acme/other"),
        basic("prefix", "https://git.example.com/acme"),
        json!({"repository": "https://git.example.com/acme/shop", "basic": {"username": "y"}}),
    ] {
        assert_eq!(change(stored(), same), Ok(Settled::Keep));
    }
    for elsewhere in [
        basic("repository", "https://git.example.org/acme/shop"),
        basic("repository", "https://git.example.com:8443/acme/shop"),
        basic("repository", "oci://git.example.com/acme/shop"),
        basic("prefix", "https://evil.example.com"),
        json!({"repository": "https://git.example.com/acme/shop", "bearer": {}}),
    ] {
        assert_eq!(change(stored(), elsewhere.clone()), Err(Code::SecretRequired), "{elsewhere}");
    }
    let anew =
        json!({"repository": "https://evil.example.com/x", "basic": {"username": "x", "password": "new"}});
    assert_eq!(change(stored(), anew), Ok(Settled::Replace(())));
}

#[test]
fn a_key_does_not_go_to_hosts_that_are_no_longer_verified_nor_to_another_api() {
    let ssh = |host_keys: &str| json!({"repository": SSH, "sshKey": {"hostKeys": host_keys}});
    assert_eq!(change(ssh("known"), ssh("known")), Ok(Settled::Keep));
    assert_eq!(change(ssh("known"), ssh("unverified")), Err(Code::SecretRequired));
    let app = |api: &str| json!({"repository": HTTPS, "githubApp": {"appId": 1, "installationId": 2, "apiUrl": api}});
    assert_eq!(change(app("https://api.github.com"), app("https://api.github.com/")), Ok(Settled::Keep));
    assert_eq!(
        change(app("https://api.github.com"), app("https://evil.example.com")),
        Err(Code::SecretRequired)
    );
}

#[test]
fn what_is_shown_and_what_is_stored_mean_the_same() {
    for body in [
        json!({"repository": HTTPS, "basic": {"username": "x", "password": "canary"}}),
        json!({"prefix": "https://git.example.com", "bearer": {"token": "canary"}, "labels": {"a": "b"}}),
        json!({"repository": SSH, "sshKey": {"privateKey": openssh_key("none"), "hostKeys": "unverified"}}),
        json!({"repository": HTTPS, "githubApp": {"appId": 1, "installationId": 2, "privateKey": private_key()}}),
    ] {
        let spec = read(body).spec;
        let shown = serde_json::to_value(ShownRepositoryCredential::from(&spec)).unwrap();
        assert!(!shown.to_string().contains("canary") && !shown.to_string().contains("PRIVATE"));
        assert_eq!(read(shown).spec, spec);
        assert_eq!(Stored::<RepositoryCredentialSpec>::read(Stored::of(&spec)).unwrap(), spec);
    }
}
