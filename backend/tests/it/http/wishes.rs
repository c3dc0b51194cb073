//! How a wish is told apart from its repetition, what it is conditional on, and what only asks.

use reqwest::Method;
use serde_json::json;

use super::ground::{Served, TENANT, deployment, environment};

#[tokio::test]
async fn a_put_creates_then_changes_then_leaves_as_it_is() {
    let served = Served::begin().await;
    let shop = format!("{TENANT}/deployments/shop");
    let created = served.put(&shop, deployment("a")).await.is(201);
    assert_eq!(created.header("location"), shop);
    assert_eq!(created.body["generation"], 1);
    let changed = served.put(&shop, deployment("b")).await.is(200);
    assert_eq!(changed.body["generation"], 2);
    let same = served.put(&shop, deployment("b")).await.is(200);
    assert_eq!((&same.body["generation"], same.header("etag")), (&json!(2), changed.header("etag")));
    let patched = served.patch(&shop, json!({"suspended": true})).await.is(200);
    assert_eq!((&patched.body["generation"], &patched.body["spec"]["suspended"]), (&json!(3), &json!(true)));
    assert_eq!(patched.body["spec"]["source"]["path"], "b");
    served.delete(&shop).await.is(204);
    served.get(&shop).await.problem(404, "not_found");
}

#[tokio::test]
async fn a_tag_guards_a_write_by_generation_and_saves_a_read_as_a_whole() {
    let served = Served::begin().await;
    let shop = format!("{TENANT}/deployments/shop");
    let first =
        served.as_ann(Method::PUT, &shop).header("if-none-match", "*").json(deployment("a")).await.is(201);
    let again = served.as_ann(Method::PUT, &shop).header("if-none-match", "*").json(deployment("b")).await;
    assert_eq!(again.problem(412, "condition_failed").body["generation"], 1);
    let read = served.get(&shop).await.is(200);
    let tag = read.header("etag").to_owned();
    let unchanged = served.as_ann(Method::GET, &shop).header("if-none-match", &tag).await_it().await.is(304);
    assert_eq!((unchanged.text.as_str(), unchanged.header("etag")), ("", tag.as_str()));
    // What was shown besides differs between the two, and stands in nobody's way.
    let guarded = served.as_ann(Method::PUT, &shop).header("if-match", first.header("etag"));
    guarded.json(deployment("b")).await.is(200);
    for stale in [tag.as_str(), &format!("W/{tag}")] {
        let ask = served.as_ann(Method::PATCH, &shop).header("if-match", stale);
        ask.patch(json!({"suspended": true})).await.problem(412, "condition_failed");
        let ask = served.as_ann(Method::DELETE, &shop).header("if-match", stale);
        ask.await_it().await.problem(412, "condition_failed");
    }
    served.as_ann(Method::GET, &shop).header("if-none-match", &tag).await_it().await.is(200);
    let fresh = served.get(&shop).await.header("etag").to_owned();
    served.as_ann(Method::DELETE, &shop).header("if-match", &fresh).await_it().await.is(204);
}

#[tokio::test]
async fn a_wish_that_is_sent_again_is_done_once() {
    let served = Served::begin().await;
    let shop = format!("{TENANT}/deployments/shop");
    let put = |path: &'static str| {
        served.as_ann(Method::PUT, &shop).header("idempotency-key", "one").json(deployment(path))
    };
    let first = put("a").await.is(201);
    assert_eq!(first.header("idempotency-replayed"), "");
    let again = put("a").await.is(201);
    assert_eq!(again.header("idempotency-replayed"), "true");
    assert_eq!(again.body["id"], first.body["id"]);
    put("b").await.problem(422, "idempotency_key_reused");
    let other = served.ask(Method::PUT, &shop, &served.token("dan")).header("idempotency-key", "one");
    other.json(deployment("b")).await.is(200);
    let audited = served.get(&format!("{TENANT}/audit?noun=deployment")).await.is(200);
    assert_eq!(audited.body["items"].as_array().unwrap().len(), 2, "{audited:?}");
    let ask = served.as_ann(Method::PUT, &shop).header("idempotency-key", &"x".repeat(256));
    ask.json(deployment("a")).await.problem(400, "invalid_header");
}

#[tokio::test]
async fn a_secret_is_never_in_the_answer_to_a_wish_that_is_sent_again() {
    let served = Served::begin().await;
    let keys = format!("{TENANT}/api-keys");
    let make = || {
        let body = json!({"name": "CI", "role": "deployer", "scopes": ["deploy"]});
        served.as_ann(Method::POST, &keys).header("idempotency-key", "ci").json(body)
    };
    let made = make().await.is(201);
    let key = made.body["key"].as_str().unwrap().to_owned();
    assert!(made.header("location").starts_with(&keys), "{made:?}");
    let again = make().await.is(201);
    assert!(again.body["key"].is_null() && !again.text.contains(&key), "{again:?}");
    assert_eq!(again.body["id"], made.body["id"]);
    served.ask(Method::GET, TENANT, &key).await_it().await.is(200);
    assert!(!served.backend.log().contains(&key));
}

#[tokio::test]
async fn who_only_asks_what_would_be_changes_nothing() {
    let served = Served::begin().await;
    let shop = format!("{TENANT}/deployments/shop");
    let dry = format!("{shop}?dryRun=true");
    let would = served.put(&dry, deployment("a")).await.is(200);
    assert_eq!(would.header("would"), "create");
    served.get(&shop).await.problem(404, "not_found");
    served.put(&shop, deployment("a")).await.is(201);
    assert_eq!(served.put(&dry, deployment("a")).await.is(200).header("would"), "leave");
    assert_eq!(served.put(&dry, deployment("b")).await.is(200).header("would"), "change");
    assert_eq!(served.delete(&dry).await.is(200).header("would"), "delete");
    assert_eq!(served.get(&shop).await.is(200).body["generation"], 1);
    served.put(&dry, json!({"policy": {"mode": "automated"}})).await.problem(422, "invalid_fields");
}

#[tokio::test]
async fn a_credential_is_written_and_never_read() {
    let served = Served::begin().await;
    let prod = format!("{TENANT}/environments/prod");
    let canary = "canary-4711-token";
    let put = served.put(&prod, environment(canary)).await.is(200);
    let shown = served.get(&prod).await.is(200);
    assert!(shown.body["status"]["secret"]["fingerprint"].is_string(), "{shown:?}");
    let mut elsewhere = environment(canary);
    elsewhere["server"] = json!("https://127.0.0.1:7443");
    elsewhere.as_object_mut().unwrap().remove("token");
    served.put(&prod, elsewhere).await.problem(422, "secret_required");
    let mut same = environment(canary);
    same.as_object_mut().unwrap().remove("token");
    served.put(&prod, same).await.is(200);
    let yaml = "current-context: a\ncontexts: [{name: a, context: {cluster: a, user: a}}]\n\
                clusters: [{name: a, cluster: {server: 'https://127.0.0.1:6443'}}]\nusers: [{name: a, user: {token: canary-4711-token}}]\n";
    let staged = served.put(&format!("{TENANT}/environments/staging"), json!({"kubeconfig": yaml})).await;
    assert!([201, 202].contains(&staged.status), "{staged:?}");
    let wrong = json!({"server": "https://127.0.0.1:6443", "token": {"canary-4711-token": 1}});
    let wrong = served.put(&prod, wrong).await.problem(422, "invalid_fields");
    for path in ["environments", "environments/prod", "audit", "events?after=1:0"] {
        let answer = served.get(&format!("{TENANT}/{path}")).await;
        assert!(!answer.text.contains(canary), "{path}: {answer:?}");
    }
    assert!(!put.text.contains(canary) && !wrong.text.contains(canary) && !staged.text.contains(canary));
    assert!(!served.backend.log().contains(canary));
}
