//! What strangers try, named after the letters of the abuse lists.

use std::time::Duration;

use reqwest::Method;
use serde_json::json;
use testbed::wait;

use super::ground::{Served, TENANT, deployment, environment};

fn shop() -> String {
    format!("{TENANT}/deployments/shop")
}

#[tokio::test]
async fn i1_bodies_that_are_too_long_too_deep_doubled_or_no_text_are_refused() {
    let served = Served::begin().await;
    let shop = shop();
    let put = |body: Vec<u8>| served.as_ann(Method::PUT, &shop).raw("application/json", body);
    put(vec![b' '; 10 * 1024 * 1024]).await.problem(413, "too_large");
    let keys: String = (0..100_000).map(|number| format!("\"k{number}\":0,")).collect();
    put(format!("{{{keys}\"a\":0}}").into_bytes()).await.problem(413, "too_large");
    let many = format!("[{}0]", "0,".repeat(400_000));
    put(many.into_bytes()).await.problem(400, "malformed_body");
    put(format!("{}{}", "[".repeat(10_000), "]".repeat(10_000)).into_bytes())
        .await
        .problem(400, "malformed_body");
    let twice = put(b"{\"policy\": {\"mode\": \"manual\", \"mode\": \"automated\"}}".to_vec()).await;
    let twice = twice.problem(400, "malformed_body");
    assert_eq!(twice.errors(), [("/policy/mode".to_owned(), "duplicate".to_owned())]);
    put(b"{\"a\": NaN}".to_vec()).await.problem(400, "malformed_body");
    put(b"{\"a\": \"\xff\"}".to_vec()).await.problem(400, "malformed_body");
    put(b"{\"a\": \"\\u0000\"}".to_vec()).await.problem(400, "malformed_body");
    for name in ["Shop", "shop%00", "sh%E2%80%AEop", "sh%D0%BEp", "..%2f..", "%ff", "a b", &"x".repeat(64)] {
        let answer = served.put(&format!("{TENANT}/deployments/{name}"), deployment("a")).await;
        assert!([400, 404].contains(&answer.status), "{name}: {answer:?}");
        assert_eq!(answer.header("content-type"), "application/problem+json", "{name}");
    }
    served.get("/v1/whoami").await.is(200);
}

#[tokio::test]
async fn i2_to_i5_sources_that_lead_elsewhere_are_refused_before_an_engine_sees_them() {
    let served = Served::begin().await;
    let refused = async |change: &str, value: &str| {
        let mut body = deployment("a");
        body["source"][change] = json!(value);
        let answer = served.put(&shop(), body).await.problem(422, "invalid_fields");
        assert_eq!(answer.errors()[0].0, format!("/source/{change}"), "{answer:?}");
    };
    for url in
        ["file:///etc/passwd", "ext::sh -c id", "git://127.0.0.1/a", "-oProxyCommand=id", "--upload-pack=id"]
    {
        refused("repository", url).await;
    }
    refused("repository", "https://me:hunter2@127.0.0.1/a").await;
    refused("repository", "https://example.com/a.git").await;
    for path in ["../a", "/etc", "a/../../b", "a\\..\\b"] {
        refused("path", path).await;
    }
    for revision in ["--foo", "refs/../..", "a\nb", &"x".repeat(10_000)] {
        refused("revision", revision).await;
    }
    assert!(!served.backend.log().contains("hunter2"));
}

#[tokio::test]
async fn i6_kubeconfigs_that_would_run_read_or_ask_something_are_refused() {
    let served = Served::begin().await;
    let with = |cluster: &str, user: &str| {
        format!(
            "current-context: a\ncontexts: [{{name: a, context: {{cluster: a, user: a}}}}]\n\
             clusters: [{{name: a, cluster: {{server: 'https://127.0.0.1:6443'{cluster}}}}}]\n\
             users: [{{name: a, user: {{token: t{user}}}}}]\n"
        )
    };
    for (cluster, user) in [
        ("", ", exec: {command: id}"),
        ("", ", auth-provider: {name: gcp}"),
        ("", ", tokenFile: /etc/passwd"),
        ("", ", client-certificate: /etc/passwd"),
        (", proxy-url: 'http://127.0.0.1:1'", ""),
        (", insecure-skip-tls-verify: true", ""),
        (", certificate-authority: /etc/passwd", ""),
    ] {
        let body = json!({"kubeconfig": with(cluster, user)});
        served.put(&format!("{TENANT}/environments/x"), body).await.problem(422, "invalid_fields");
    }
    for server in
        ["https://kubernetes.default.svc", "https://169.254.169.254", "https://10.0.0.1", "http://127.0.0.1"]
    {
        let mut body = environment("t");
        body["server"] = json!(server);
        let answer = served.put(&format!("{TENANT}/environments/x"), body).await;
        assert_eq!(answer.problem(422, "invalid_fields").errors()[0].0, "/server", "{server}");
    }
    let bomb: String = (b'a'..b'k')
        .map(|name| {
            let (name, of) = (char::from(name), char::from(name + 1));
            format!("{of}: &{of} [{}]\n", vec![format!("*{name}"); 9].join(","))
        })
        .collect();
    let body = json!({"kubeconfig": format!("a: &a [x]\n{bomb}")});
    served.put(&format!("{TENANT}/environments/x"), body).await.problem(422, "invalid_fields");
}

#[tokio::test]
async fn a1_a_token_that_is_not_quite_right_is_nobodys() {
    let served = Served::begin().await;
    let token = || served.issuer.token_for("ann", super::ground::AUDIENCE);
    served.ask(Method::GET, TENANT, &token().sign().unwrap()).await_it().await.is(200);
    for (what, token) in [
        ("expired", token().expired().sign().unwrap()),
        ("not yet valid", token().not_yet_valid().sign().unwrap()),
        ("another audience", token().claim("aud", "others").sign().unwrap()),
        ("no audience", token().without("aud").sign().unwrap()),
        ("another issuer", token().claim("iss", "https://evil.example.com").sign().unwrap()),
        ("no subject", token().without("sub").sign().unwrap()),
        ("an empty subject", token().claim("sub", "").sign().unwrap()),
        ("unsigned", token().unsigned().sign().unwrap()),
        ("a stranger's", token().signed_by_a_stranger().sign().unwrap()),
        ("signed by the public key", token().signed_by_the_public_key().sign().unwrap()),
        ("endless", "x".repeat(60_000)),
    ] {
        let answer = served.ask(Method::GET, TENANT, &token).await_it().await;
        assert!([401, 431].contains(&answer.status), "{what}: {answer:?}");
        assert!(answer.status == 431 || answer.header("www-authenticate").starts_with("Bearer"), "{what}");
    }
    let basic = served.unsigned(Method::GET, TENANT).header("authorization", "Basic YTpi");
    basic.await_it().await.problem(401, "unauthenticated");
}

#[tokio::test]
async fn a3_a_key_makes_no_keys_and_ends_with_its_maker() {
    let served = Served::begin().await;
    let keys = format!("{TENANT}/api-keys");
    let body = json!({"name": "CI", "role": "deployer", "scopes": ["deploy"]});
    let dan = served.token("dan");
    let made = served.ask(Method::POST, &keys, &dan).json(body.clone()).await.is(201);
    let key = made.body["key"].as_str().unwrap().to_owned();
    served.ask(Method::POST, &keys, &key).json(body.clone()).await.problem(403, "forbidden");
    let wider = json!({"name": "CI", "role": "owner", "scopes": ["manage"]});
    let wider = served.ask(Method::POST, &keys, &dan).json(wider).await;
    assert!([403, 422].contains(&wider.status), "{wider:?}");
    served.ask(Method::PUT, &shop(), &key).json(deployment("a")).await.is(201);
    let members = format!("{TENANT}/members/corp:eve");
    served.ask(Method::PUT, &members, &key).json(json!({"role": "owner"})).await.problem(403, "forbidden");
    served.ask(Method::GET, "/v1/tenants/globex", &key).await_it().await.problem(404, "not_found");
    served.delete(&format!("{TENANT}/members/corp:dan")).await.is(204);
    wait::until("the key to be nobody's", Duration::from_secs(5), async || {
        let after = served.ask(Method::GET, TENANT, &key).await_it().await;
        if [401, 404].contains(&after.status) { Ok(()) } else { Err(format!("{after:?}")) }
    })
    .await
    .unwrap();
    let listed = served.get(&keys).await.is(200);
    assert!(!listed.text.contains(&key), "{listed:?}");
}

#[tokio::test]
async fn a4_an_issuer_that_is_away_makes_no_strangers_of_its_people() {
    let served = Served::begin().await;
    let token = served.token("ann");
    served.issuer.down();
    served.ask(Method::GET, TENANT, &token).await_it().await.is(200);
    served
        .ask(Method::GET, TENANT, &served.issuer.token_for("ann", super::ground::AUDIENCE).sign().unwrap())
        .await_it()
        .await
        .is(200);
}
