//! What operators see and do.

use reqwest::Method;
use serde_json::json;

use super::ground::{Served, TENANT};

#[tokio::test]
async fn operators_introduce_engines_and_see_what_is_there() {
    let served = Served::begin().await;
    let ask = |method: Method, path: &str| served.ask(method, path, &served.operator);
    let cluster = ask(Method::POST, "/v1/engine-clusters").json(json!({"name": "hub"})).await.is(201);
    let id = cluster.body["id"].as_str().unwrap();
    assert_eq!(cluster.header("location"), format!("/v1/engine-clusters/{id}"));
    ask(Method::POST, "/v1/engine-clusters").json(json!({"name": "hub"})).await.problem(409, "name_taken");
    ask(Method::POST, "/v1/engine-clusters")
        .json(json!({"name": "Hub/.."}))
        .await
        .problem(422, "invalid_fields");
    let wrong =
        json!({"engineCluster": "hub", "name": "", "namespace": "A", "repoServer": "r", "capacity": 0});
    let wrong = ask(Method::POST, "/v1/engine-instances").json(wrong).await.problem(422, "invalid_fields");
    assert_eq!(wrong.errors().len(), 4, "{wrong:?}");
    let body =
        json!({"engineCluster": id, "name": "one", "namespace": "a", "repoServer": "r", "capacity": 5});
    let instance = ask(Method::POST, "/v1/engine-instances").json(body).await.is(201);
    let state = format!("/v1/engine-instances/{}/state", instance.body["id"].as_str().unwrap());
    ask(Method::PUT, &state).json(json!({"state": "cordoned", "reason": "upgrade"})).await.is(204);
    let listed =
        ask(Method::GET, &format!("/v1/engine-instances?engineCluster={id}")).await_it().await.is(200);
    let item = &listed.body["items"][0];
    assert_eq!((&item["state"], &item["reason"]), (&json!("cordoned"), &json!("upgrade")));
    for path in ["agents", "placements", "operations", "private-urls?repoServer=r", "audit", "operator-keys"]
    {
        ask(Method::GET, &format!("/v1/{path}")).await_it().await.is(200);
    }
}

#[tokio::test]
async fn operators_stop_claiming_and_go_on() {
    let served = Served::begin().await;
    let ask = |method: Method, path: &str| served.ask(method, path, &served.operator);
    let stop = ask(Method::POST, "/v1/stops").json(json!({"reason": "restore"})).await.is(201);
    let listed = ask(Method::GET, "/v1/stops").await_it().await.is(200);
    assert_eq!(listed.body["items"][0]["reason"], "restore");
    let both = json!({"reason": "x", "tenant": stop.body["id"], "engineCluster": stop.body["id"]});
    ask(Method::POST, "/v1/stops").json(both).await.problem(422, "invalid_fields");
    ask(Method::POST, "/v1/stops").json(json!({"reason": ""})).await.problem(422, "invalid_fields");
    let path = stop.header("location").to_owned();
    ask(Method::DELETE, &path).await_it().await.is(204);
    ask(Method::DELETE, &path).await_it().await.problem(404, "not_found");
}

#[tokio::test]
async fn operators_say_who_may_what_on_the_platform() {
    let served = Served::begin().await;
    let ask = |method: Method, path: &str| served.ask(method, path, &served.operator);
    ask(Method::PUT, "/v1/platform-members/corp:aud").json(json!({"role": "auditor"})).await.is(200);
    let seen = served.ask(Method::GET, "/v1/tenants?all=true", &served.token("aud")).await_it().await.is(200);
    assert_eq!(seen.body["items"].as_array().map(Vec::len), Some(2), "{seen:?}");
    served.get("/v1/tenants?all=true").await.problem(403, "forbidden");
    let me = served.ask(Method::GET, "/v1/whoami", &served.token("aud")).await_it().await.is(200);
    assert_eq!(me.body["platformRoles"], json!(["auditor"]));
    ask(Method::DELETE, "/v1/platform-members/corp:aud").await_it().await.is(204);
    let refused = served.ask(Method::GET, "/v1/tenants?all=true", &served.token("aud")).await_it().await;
    refused.problem(403, "forbidden");
    let limits = format!("{TENANT}/limits");
    let limited = ask(Method::PUT, &limits).json(json!({"deployments": 1})).await.is(200);
    assert_eq!(limited.body["limits"]["deployments"]["max"], 1);
    served.put_deployment("one").await.is(201);
    let full = served.put_deployment("two").await.problem(409, "quota_exceeded");
    assert_eq!(full.body["limit"], "deployments");
}
