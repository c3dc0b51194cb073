//! A secret goes where it is needed and nowhere else: it is in no answer, no log, no event, no audit, no view, and in the
//! rows only sealed.

use reqwest::Method;
use serde_json::{Value, json};
use testbed::{Access, Process, wait};

use super::canary::Canary;
use super::heard::{Heard, Speaker};
use crate::world::{Rest, SOON, World, deployer, greeting};

/// The same program again, as its operator would start it who looks for a mistake.
fn talkative(process: &mut Process) {
    process.stop();
    *process = process.launch().clone().env("ARGOSY_LOG_FILTER", "debug").start().unwrap();
}

fn deployment(repository: &str, namespace: &str) -> Value {
    json!({
        "source": {"repository": repository, "path": "hello", "revision": "main"},
        "destination": {"environment": "prod", "namespace": namespace},
        "policy": {"mode": "automated"},
    })
}

/// Environments, each with a secret of another kind; the first of them works. Its namespace.
async fn environments(world: &World, ann: &Speaker<'_>, planted: &mut Vec<Canary>) -> String {
    let namespace = world.target.namespace("apps").await.unwrap();
    let access = deployer(&world.target, &namespace).await;
    let kubeconfig = access.kubeconfig();
    let token = kubeconfig.pointer("/users/0/user/token").and_then(Value::as_str).unwrap();
    planted.push(Canary::real("the token that works", token));
    ann.put("/environments/prod", &json!({"kubeconfig": kubeconfig, "namespaces": [namespace]})).await;

    let (token, packed, key) =
        (Canary::new("environment-token"), Canary::new("kubeconfig-token"), Canary::new("client-key"));
    let place = json!({"server": access.server, "ca": access.ca_pem, "namespaces": [namespace]});
    let with = |more: Value| {
        let mut body = place.clone();
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        body
    };
    ann.put("/environments/token", &with(json!({"token": token.text()}))).await;
    let certificate = json!({"clientCertificate": access.ca_pem, "clientKey": key.pem()});
    ann.put("/environments/certificate", &with(certificate)).await;
    let mut kubeconfig = kubeconfig.clone();
    *kubeconfig.pointer_mut("/users/0/user/token").unwrap() = packed.text().into();
    ann.put("/environments/kubeconfig", &json!({"kubeconfig": kubeconfig, "namespaces": [namespace]})).await;
    planted.extend([token, packed, key]);
    namespace
}

/// Repositories that want a secret, each of another kind, and a deployment from each; the first of them works.
async fn repositories(world: &World, ann: &Speaker<'_>, planted: &mut Vec<Canary>, namespace: &str) {
    let [password, bearer, ssh, app] =
        ["password", "bearer", "ssh-key", "app-key"].map(|what| Canary::new(&format!("repository-{what}")));
    let mut urls = Vec::new();
    for (name, access) in [
        ("password", Access::basic("bot", password.text())),
        ("bearer", Access::bearer(bearer.text())),
        ("ssh", Access::bearer("nobody")),
        ("app", Access::bearer("nobody")),
    ] {
        let repository = world.git.repository(name).await.unwrap();
        repository.commit(&[("hello/map.json", greeting("hello", name))]).await.unwrap();
        repository.set_access(access);
        urls.push(if name == "ssh" { repository.ssh_url() } else { repository.tls_url() });
    }
    let app_key = json!({
        "appId": 7, "installationId": 8, "privateKey": app.pem(), "apiUrl": format!("{}/api/v3", host(&urls[3])),
    });
    for (name, url, secret) in [
        ("password", &urls[0], json!({"basic": {"username": "bot", "password": password.text()}})),
        ("bearer", &urls[1], json!({"bearer": {"token": bearer.text()}})),
        ("ssh", &urls[2], json!({"sshKey": {"privateKey": ssh.openssh()}})),
        ("app", &urls[3], json!({"githubApp": app_key})),
    ] {
        let mut body = secret.clone();
        body["repository"] = url.as_str().into();
        ann.put(&format!("/repository-credentials/{name}"), &body).await;
        ann.put(&format!("/deployments/{name}"), &deployment(url, namespace)).await;
    }
    planted.extend([password, bearer, ssh, app]);
}

fn host(url: &str) -> String {
    url.split('/').take(3).collect::<Vec<_>>().join("/")
}

/// Bodies that cannot be understood, each with a secret in it.
async fn mistakes(ann: &Speaker<'_>, planted: &mut Vec<Canary>) {
    let canary = Canary::new("mistake");
    let secret = canary.text();
    let (environment, credential) = ("/environments/wrong", "/repository-credentials/wrong");
    let server = "https://127.0.0.1:6443";
    let user = json!([{"name": "u", "user": {"token": {"not": secret}, "exec": {"command": secret}}}]);
    for (path, words) in [
        (environment, format!(r#"{{"server": "{server}", "token": "{secret}""#)),
        (environment, format!(r#"{{"server": "{server}", "token": "{secret}", }}"#)),
        (environment, format!(r#""{secret}""#)),
        (environment, json!([secret]).to_string()),
        (environment, json!({"server": server, "token": {"value": secret}}).to_string()),
        (environment, json!({"server": server, "token": [secret]}).to_string()),
        (environment, json!({"server": server, "tokn": secret}).to_string()),
        (environment, json!({"server": server, "token": format!("{secret} and a space")}).to_string()),
        (
            environment,
            json!({"server": server, "clientCertificate": secret, "clientKey": secret}).to_string(),
        ),
        (
            environment,
            json!({"server": format!("https://bot:{secret}@127.0.0.1:6443"), "token": "t"}).to_string(),
        ),
        (environment, json!({"kubeconfig": format!("users: [{{token: {secret}}}]")}).to_string()),
        (environment, json!({"kubeconfig": {"users": user, "clusters": secret}}).to_string()),
        (credential, json!({"repository": server, "basic": secret}).to_string()),
        (
            credential,
            json!({"repository": server, "basic": {"username": "b", "password": [secret]}}).to_string(),
        ),
        (
            credential,
            json!({"repository": server, "basic": {"username": "b", "pasword": secret}}).to_string(),
        ),
        (
            credential,
            json!({"repository": format!("https://b:{secret}@127.0.0.1/a"), "bearer": {}}).to_string(),
        ),
        (credential, json!({"repository": server, "bearer": {"token": format!("{secret}\n")}}).to_string()),
        (credential, json!({"repository": server, "sshKey": {"privateKey": secret}}).to_string()),
        (
            credential,
            json!({"repository": server, "githubApp": {"appId": secret, "privateKey": secret}}).to_string(),
        ),
        (
            "/deployments/wrong",
            deployment(&format!("https://b:{secret}@127.0.0.1/a.git"), "apps").to_string(),
        ),
    ] {
        for method in [Method::PUT, Method::PATCH] {
            let (status, answer) = ann.say(method.clone(), path, Some(words.clone())).await;
            assert!((400..500).contains(&status), "{method} {words}: {status} {answer}");
        }
    }
    planted.push(canary);
}

/// What is stored is not sent elsewhere, and a repetition does not tell it.
async fn elsewhere(ann: &Speaker<'_>, planted: &mut Vec<Canary>) {
    let canary = Canary::new("repeated");
    let secret =
        |server: &str| json!({"server": server, "token": canary.text(), "namespaces": ["a"]}).to_string();
    let (here, there) = ("https://127.0.0.1:7443", "https://127.0.0.1:8443");
    for (words, wanted) in [(secret(here), 201), (secret(here), 201), (secret(there), 422)] {
        let path = "/environments/repeated";
        let (status, answer) = ann.say_under(Some("once"), Method::PUT, path, Some(words)).await;
        let done = status == wanted || (status, wanted) == (202, 201);
        assert!(done, "{status}, not {wanted}: {answer}");
    }
    let credential = json!({"repository": "https://127.0.0.1:9/elsewhere.git", "bearer": {}});
    let retargeted = json!({"server": there, "namespaces": ["a"]});
    for (path, words) in
        [("/environments/repeated", retargeted), ("/repository-credentials/bearer", credential)]
    {
        for method in [Method::PUT, Method::PATCH] {
            let (status, answer) = ann.say(method, path, Some(words.to_string())).await;
            assert_eq!((status, answer["code"].as_str()), (422, Some("secret_required")), "{path}: {answer}");
        }
    }
    planted.push(canary);
}

/// Keys and tokens of callers, good ones and bad ones.
async fn callers(world: &World, ann: &Speaker<'_>, planted: &mut Vec<Canary>) {
    let wanted = json!({"name": "ci", "role": "deployer", "scopes": ["deploy", "read"]});
    let key = ann.rest.post("/api-keys", wanted.clone()).await.ok(201)["key"].as_str().unwrap().to_owned();
    let (key_bearer, wrong) = (Canary::real("an API key", &key), Canary::new("wrong-bearer"));
    let base = format!("{}/v1/tenants/acme", world.programs.url());
    let mut tokens = vec![key.clone(), wrong.text().to_owned(), format!("argosy_{}", wrong.text())];
    // A key whose checksum is not right any more.
    tokens.push(format!("{key}0"));
    for token in tokens {
        let speaker = Speaker { rest: Rest::new(base.clone(), &token), heard: ann.heard };
        let (status, _) = speaker.say(Method::GET, "/deployments", None).await;
        assert!(status == if token == key { 200 } else { 401 }, "{status}");
    }
    let again = json!({"name": "again", "role": "deployer", "scopes": ["read"]}).to_string();
    let request = ann.rest.request(Method::POST, "/api-keys").header("idempotency-key", "a-key");
    let made: Value = request
        .header("content-type", "application/json")
        .body(again.clone())
        .send()
        .await
        .unwrap()
        .json()
        .await
        .unwrap();
    planted.push(Canary::real("a repeated API key", made["key"].as_str().unwrap()));
    ann.say_under(Some("a-key"), Method::POST, "/api-keys", Some(again)).await;
    planted.extend([key_bearer, wrong]);
}

/// Everything there is to read.
async fn read_everything(world: &World, ann: &Speaker<'_>) {
    let nouns =
        ["environments", "repository-credentials", "deployments", "operations", "api-keys", "members"];
    for noun in nouns.iter().chain(&["audit?limit=200", "events?after=1:0&limit=200"]) {
        ann.read(&format!("/{noun}")).await;
    }
    for noun in ["environments", "repository-credentials", "deployments"] {
        let list = ann.read(&format!("/{noun}")).await;
        for item in list["items"].as_array().unwrap() {
            ann.read(&format!("/{noun}/{}", item["name"].as_str().unwrap())).await;
        }
    }
    let operations = ann.read("/operations?limit=200").await;
    for item in operations["items"].as_array().unwrap() {
        ann.read(&format!("/operations/{}", item["id"].as_str().unwrap())).await;
    }
    let operator = Speaker { rest: world.operator().within("/v1"), heard: ann.heard };
    for path in
        ["/engine-clusters", "/engine-instances", "/operations", "/tenants?all=true", "/tenants/acme/limits"]
    {
        operator.read(path).await;
    }
}

/// Until the agent has had every secret in its hands: each environment was tried, and each credential written or refused.
async fn until_used(world: &World) {
    let open = "select 'environment ' || name from environments
                 where name <> 'repeated' and checked_generation < generation
                union all select 'seat ' || id from seats
                 where noun = 'repository_credential' and greatest(applied_generation, refused_generation) = 0";
    wait::until("the agent to use every secret", SOON, async || {
        let open = world.database.query(open).await.map_err(|error| error.to_string())?;
        if open.is_empty() { Ok(()) } else { Err(format!("{open:?}")) }
    })
    .await
    .unwrap();
}

#[tokio::test]
async fn a_secret_is_found_nowhere_but_sealed_and_where_it_is_needed() {
    let mut world = World::begin().await;
    talkative(&mut world.programs.backend);
    talkative(&mut world.programs.agent);
    world.programs.until_ready().await;
    let (heard, mut planted) = (Heard::default(), Vec::new());
    let ann = Speaker { rest: world.tenant("acme", "ann").await, heard: &heard };

    let namespace = environments(&world, &ann, &mut planted).await;
    repositories(&world, &ann, &mut planted, &namespace).await;
    mistakes(&ann, &mut planted).await;
    elsewhere(&ann, &mut planted).await;
    callers(&world, &ann, &mut planted).await;
    world.until_greeting(&namespace, "hello", "password").await;
    until_used(&world).await;
    ann.rest.until_deployed("password", "Synced", "Healthy").await;

    read_everything(&world, &ann).await;
    heard.keep_log(&world.programs.backend);
    heard.keep_log(&world.programs.agent);
    heard.keep_rows(&world.database).await;
    for control in
        ["\"level\":\"DEBUG\"", "COPY public.environments", "127.0.0.1:7443", "\"username\":\"bot\""]
    {
        assert!(heard.has(control), "{control} was not heard, so nothing was");
    }
    let songs = heard.songs(&planted);
    assert!(songs.is_empty(), "{}", songs.join("\n\n"));
}
