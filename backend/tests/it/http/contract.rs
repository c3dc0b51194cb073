//! The contract: `openapi.yaml` is what the routes are, and what it shows is what is answered.

use std::path::Path;

use reqwest::Method;
use serde_json::{Value, json};

use super::ground::{Answer, Served, deployment, environment};

#[test]
fn openapi_yaml_is_what_the_routes_are() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../openapi.yaml");
    let generated = backend::http::yaml();
    if std::env::var_os("ARGOSY_BLESS").is_some_and(|value| value == "1") {
        std::fs::write(&path, &generated).unwrap();
    }
    let kept = std::fs::read_to_string(&path).unwrap();
    assert!(kept == generated, "run this test with ARGOSY_BLESS=1, and look at what changed");
}

#[tokio::test]
async fn the_contract_and_a_page_to_read_it_are_served_from_here_alone() {
    let served = Served::begin().await;
    let get = |path: &str| served.unsigned(Method::GET, path).await_it();
    let contract = get("/openapi.json").await.is(200);
    assert_eq!(contract.body["openapi"], "3.1.0");
    let page = get("/docs/").await.is(200);
    assert!(page.header("content-type").starts_with("text/html"), "{page:?}");
    for file in ["swagger-initializer.js", "swagger-ui.css", "swagger-ui-bundle.js"] {
        assert!(page.text.contains(file), "{file}");
        get(&format!("/docs/{file}")).await.is(200);
    }
    assert!(!page.text.contains("//cdn") && !page.text.contains("https://unpkg"), "{}", page.text);
    assert!(get("/docs/swagger-initializer.js").await.text.contains("/openapi.json"));
    assert!(page.header("content-security-policy").contains("script-src 'self'"), "{page:?}");
    get("/docs/nothing.js").await.problem(404, "not_found");
}

#[tokio::test]
async fn every_example_of_the_contract_is_taken_as_it_is_written() {
    let served = Served::begin().await;
    prepare(&served).await;
    let contract = served.unsigned(Method::GET, "/openapi.json").await_it().await.body;
    let mut sent = 0;
    for (path, methods) in contract["paths"].as_object().unwrap() {
        for (method, operation) in methods.as_object().unwrap() {
            let Some(content) = operation["requestBody"]["content"].as_object() else { continue };
            let (media, content) = content.iter().next().unwrap();
            let examples = content["examples"].as_object();
            let examples = examples.unwrap_or_else(|| panic!("{method} {path} has no example"));
            for (name, example) in examples {
                let answer = send(&served, (method, path, media), operation, &example["value"]).await;
                sent += 1;
                let id = operation["operationId"].as_str().unwrap();
                let done = answer.status < 300 || legitimate(id, &answer);
                assert!(done, "{id}, example {name}: {answer:?}");
            }
        }
    }
    assert!(sent > 15, "{sent}");
}

/// What the examples are about.
async fn prepare(served: &Served) {
    let (ann, operator) = (served.token("ann"), &served.operator);
    let cluster = json!({"name": "hub"});
    let cluster = served.ask(Method::POST, "/v1/engine-clusters", operator).json(cluster).await.is(201);
    let instance = json!({
        "engineCluster": cluster.body["id"], "name": "one", "namespace": "a", "repoServer": "r", "capacity": 5,
    });
    served.ask(Method::POST, "/v1/engine-instances", operator).json(instance).await.is(201);
    for (path, body) in [
        ("environments/x", environment("t")),
        ("environments/production", environment("t")),
        ("deployments/x", deployment("a")),
        ("repository-credentials/x", json!({"prefix": "https://127.0.0.1/x", "bearer": {"token": "t"}})),
    ] {
        let path = format!("/v1/tenants/acme/{path}");
        let put = served.ask(Method::PUT, &path, &ann).json(body).await;
        assert!(put.status < 300, "{put:?}");
    }
}

async fn send(
    served: &Served,
    (method, path, media): (&str, &str, &str),
    operation: &Value,
    body: &Value,
) -> Answer {
    let platform = ["operator", "auditor", "founder"].map(Value::from).contains(&operation["x-argosy-needs"]);
    let token = if platform { served.operator.clone() } else { served.token("ann") };
    let part = |part: &str| match part {
        "{tenant}" => "acme".to_owned(),
        "{member}" => "corp:new".to_owned(),
        name if name.starts_with("{engine") || name == "{operation}" => uuid(),
        name if name.starts_with('{') => "x".to_owned(),
        name => name.to_owned(),
    };
    let path = path.split('/').map(part).collect::<Vec<_>>().join("/");
    let method: Method = method.to_uppercase().parse().unwrap();
    served.ask(method, &path, &token).raw(media, body.to_string()).await
}

fn uuid() -> String {
    "018f2b5e-7c1d-7a4e-9b3a-5d0c1e2f3a4b".to_owned()
}

/// Right as they are written, but about something that is only there with an agent or by chance.
fn legitimate(id: &str, answer: &Answer) -> bool {
    match id {
        // There is no such instance, cluster or operation.
        "putEngineInstanceState" | "quarantineOperation" | "createEngineInstance" => answer.status == 404,
        // Nothing was synced yet.
        "createRollback" => answer.status == 422 && answer.text.contains("the history has no such entry"),
        _ => false,
    }
}
