//! Whatever goes wrong is a problem (RFC 9457) that says what to do.

use reqwest::Method;
use serde_json::json;

use super::ground::{Served, TENANT, deployment};

#[tokio::test]
async fn every_kind_of_mistake_is_a_problem_with_a_code() {
    let served = Served::begin().await;
    let shop = format!("{TENANT}/deployments/shop");
    let raw = |media: &'static str, body: &'static str| {
        let ask = served.as_ann(Method::PUT, &shop);
        async move { ask.raw(media, body).await }
    };
    raw("application/json", "{").await.problem(400, "malformed_body");
    raw("application/json", "{\"a\": 1, \"a\": 2}").await.problem(400, "malformed_body");
    raw("text/plain", "{}").await.problem(415, "unsupported_media_type");
    let long = "x".repeat(2 * 1024 * 1024);
    served.as_ann(Method::PUT, &shop).raw("application/json", long).await.problem(413, "too_large");
    served.unsigned(Method::GET, &shop).await_it().await.problem(401, "unauthenticated");
    served.ask(Method::GET, &shop, &served.token("gus")).await_it().await.problem(404, "not_found");
    let seen = served.ask(Method::PUT, &shop, &served.token("vic")).json(deployment("a")).await;
    assert_eq!(seen.problem(403, "forbidden").body["needs"], "deployer");
    served.get(&shop).await.problem(404, "not_found");
    served.get("/v2").await.problem(404, "not_found");
    let wrong = served.as_ann(Method::POST, &shop).await_it().await.problem(405, "method_not_allowed");
    assert!(wrong.header("allow").contains("PUT"), "{wrong:?}");
    let ask = served.as_ann(Method::GET, TENANT).header("accept", "text/html");
    ask.await_it().await.problem(406, "not_acceptable");
    let ask = served.as_ann(Method::PUT, &shop).header("if-match", "\"nothing\"");
    ask.json(deployment("a")).await.problem(412, "condition_failed");
    let ask = served.as_ann(Method::PUT, &shop).header("if-match", "nothing");
    ask.json(deployment("a")).await.problem(400, "invalid_header");
    served.delete(TENANT).await.problem(428, "condition_required");
    let body = json!({"sourse": {}, "policy": {"mode": "auto"}});
    let wrong = served.put(&shop, body).await.problem(422, "invalid_fields");
    let said = wrong.body["errors"].to_string();
    assert!(said.contains("did you mean `source`?"), "{said}");
    let places: Vec<String> = wrong.errors().into_iter().map(|(place, _)| place).collect();
    assert!(
        places.contains(&"/sourse".to_owned()) && places.contains(&"/policy/mode".to_owned()),
        "{places:?}"
    );
    let wrong = served.get(&format!("{TENANT}/deployments?limti=5&health=Good")).await;
    let wrong = wrong.problem(400, "invalid_parameters");
    assert_eq!(wrong.errors().len(), 2, "{wrong:?}");
    served.get(&format!("{TENANT}/deployments?limit=0")).await.problem(400, "invalid_parameters");
    served.get(&format!("{TENANT}/deployments?pageToken=abc")).await.problem(400, "invalid_parameters");
    served.get(&format!("{TENANT}/deployments?limit=2&limit=3")).await.problem(400, "invalid_parameters");
}

#[tokio::test]
async fn a_foreign_thing_and_an_absent_one_are_the_same_byte_for_byte() {
    let served = Served::begin().await;
    let shop = "/v1/tenants/globex/deployments/shop";
    let gus = served.token("gus");
    served.ask(Method::PUT, shop, &gus).json(deployment("a")).await.is(201);
    let id = served.ask(Method::GET, shop, &gus).await_it().await.body["id"].as_str().unwrap().to_owned();
    let foreign_tenant = served.get(shop).await.problem(404, "not_found");
    let absent_tenant = served.get("/v1/tenants/nobody/deployments/shop").await.problem(404, "not_found");
    assert_eq!(foreign_tenant.text, absent_tenant.text);
    let foreign = served.get(&format!("{TENANT}/deployments/{id}")).await.problem(404, "not_found");
    let absent = served.get(&format!("{TENANT}/deployments/{}", uuid(7))).await.problem(404, "not_found");
    assert_eq!(foreign.text, absent.text);
    for method in [Method::PUT, Method::PATCH, Method::DELETE] {
        let tag = format!("\"{id}-1-0000000000000000\"");
        let ask = |path: &str| served.as_ann(method.clone(), path).header("if-match", &tag);
        let (foreign, absent) = (ask(shop), ask("/v1/tenants/nobody/deployments/shop"));
        let (foreign, absent) = (foreign.patch(json!({})).await, absent.patch(json!({})).await);
        assert_eq!((foreign.status, foreign.text), (absent.status, absent.text), "{method}");
    }
}

fn uuid(last: u8) -> String {
    format!("018f2b5e-7c1d-7a4e-9b3a-5d0c1e2f3a{last:02x}")
}

#[tokio::test]
async fn every_answer_has_the_id_of_its_request_and_keeps_browsers_in_check() {
    let served = Served::begin().await;
    let named = served.as_ann(Method::GET, TENANT).header("x-request-id", "build-7").await_it().await;
    assert_eq!(named.header("x-request-id"), "build-7");
    for path in [TENANT, "/nowhere", "/readyz", "/openapi.json"] {
        let answer = served.as_ann(Method::GET, path).header("x-request-id", "no good").await_it().await;
        assert_eq!(answer.header("x-request-id").len(), 36, "{path} {answer:?}");
        assert_eq!(answer.header("x-content-type-options"), "nosniff", "{path}");
        assert!(answer.header("content-security-policy").contains("default-src 'none'"), "{path}");
    }
    served.backend.until_log("\"request.id\":\"build-7\"").await;
}

#[tokio::test]
async fn only_pages_of_the_operators_origins_may_ask() {
    let served = Served::begin_with(&["--cors-origins", "https://console.example.com"]).await;
    let preflight = |origin: &'static str| {
        let ask = served.unsigned(Method::OPTIONS, TENANT).header("origin", origin);
        ask.header("access-control-request-method", "PUT").await_it()
    };
    let right = preflight("https://console.example.com").await.is(200);
    assert_eq!(right.header("access-control-allow-origin"), "https://console.example.com");
    assert!(right.header("access-control-allow-headers").contains("if-match"), "{right:?}");
    assert_eq!(preflight("https://evil.example.com").await.header("access-control-allow-origin"), "");
    let ask = served.as_ann(Method::GET, TENANT).header("origin", "https://console.example.com");
    assert!(ask.await_it().await.is(200).header("access-control-expose-headers").contains("etag"));
}

#[tokio::test]
async fn who_asks_too_often_is_told_when_to_come_back() {
    let served = Served::begin_with(&["--request-rate", "12"]).await;
    let mut left = Vec::new();
    let refused = loop {
        let answer = served.ask(Method::GET, "/v1/whoami", &served.token("vic")).await_it().await;
        if answer.status != 200 {
            break answer.problem(429, "rate_limited");
        }
        left.push(answer.header("ratelimit-remaining").parse::<u32>().unwrap());
        assert!(left.len() < 20, "{left:?}");
    };
    assert!(left.is_sorted_by(|before, after| before > after), "{left:?}");
    let wait: u64 = refused.header("retry-after").parse().unwrap();
    assert!((1..=5).contains(&wait), "{refused:?}");
    assert_eq!(refused.header("ratelimit-limit"), "12");
    served.ask(Method::GET, "/v1/whoami", &served.token("dan")).await_it().await.is(200);
}

#[tokio::test]
async fn a_tenants_own_limit_of_requests_holds_in_it() {
    let served = Served::begin().await;
    let limits = format!("{TENANT}/limits");
    served.ask(Method::PUT, &limits, &served.operator).json(json!({"requestRate": 10})).await.is(200);
    let mut asked = 0;
    let refused = loop {
        let answer = served.ask(Method::GET, TENANT, &served.token("vic")).await_it().await;
        if answer.status != 200 {
            break answer;
        }
        asked += 1;
        assert!(asked < 100, "no end");
    };
    refused.problem(429, "rate_limited");
    served.ask(Method::GET, "/v1/whoami", &served.token("vic")).await_it().await.is(200);
}
