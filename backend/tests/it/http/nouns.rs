//! The nouns of a tenant: each is made, listed in pages, shown, changed and taken away.

use std::collections::BTreeSet;

use reqwest::Method;
use serde_json::{Value, json};

use super::ground::{Answer, Served, TENANT, deployment, environment};

fn names(answer: &Answer) -> Vec<String> {
    let items = answer.body["items"].as_array().unwrap_or_else(|| panic!("{answer:?}"));
    items.iter().map(|item| item["name"].as_str().unwrap().to_owned()).collect()
}

/// All pages of a list.
async fn all(served: &Served, path: &str) -> Vec<String> {
    let (mut found, mut token) = (Vec::new(), String::new());
    loop {
        let page = served.get(&format!("{path}{token}")).await.is(200);
        found.extend(names(&page));
        match page.body["nextPageToken"].as_str() {
            Some(next) => token = format!("&pageToken={next}"),
            None => return found,
        }
    }
}

#[tokio::test]
async fn a_list_is_read_in_pages_whose_tokens_belong_to_it() {
    let served = Served::begin().await;
    let list = format!("{TENANT}/deployments");
    for number in 0..7 {
        let mut body = deployment("a");
        body["labels"] = json!({"team": if number % 2 == 0 { "even" } else { "odd" }});
        served.put(&format!("{list}/d{number}"), body).await.is(201);
    }
    let found = all(&served, &format!("{list}?limit=3")).await;
    assert_eq!(found, ["d0", "d1", "d2", "d3", "d4", "d5", "d6"]);
    let odd = all(&served, &format!("{list}?limit=2&labels=team%3Dodd")).await;
    assert_eq!(odd, ["d1", "d3", "d5"]);
    let few = served.get(&format!("{list}?prefix=d6&sync=Unknown&health=Unknown")).await.is(200);
    assert_eq!(names(&few), ["d6"]);
    assert!(names(&served.get(&format!("{list}?health=Degraded")).await).is_empty());
    let first = served.get(&format!("{list}?limit=2")).await;
    let token = first.body["nextPageToken"].as_str().unwrap().to_owned();
    // Something new before the place of the token is not seen, and moves nothing.
    served.put(&format!("{list}/d00"), deployment("a")).await.is(201);
    let second = served.get(&format!("{list}?limit=2&pageToken={token}")).await.is(200);
    assert_eq!(names(&second), ["d2", "d3"]);
    let globex = "/v1/tenants/globex/deployments";
    for (path, who) in [
        (format!("{list}?prefix=d&pageToken={token}"), "ann"),
        (format!("{globex}?pageToken={token}"), "gus"),
    ] {
        let carried = served.ask(Method::GET, &path, &served.token(who)).await_it().await;
        carried.problem(400, "invalid_parameters");
    }
    let mut forged = token.into_bytes();
    forged[3] ^= 1;
    let forged = String::from_utf8_lossy(&forged).into_owned();
    served.get(&format!("{list}?pageToken={forged}")).await.problem(400, "invalid_parameters");
}

#[tokio::test]
async fn environments_and_credentials_live_like_everything_else() {
    let served = Served::begin().await;
    let prod = format!("{TENANT}/environments/prod");
    served.put(&prod, environment("t")).await.is(200);
    let shown = served.get(&prod).await.is(200);
    let id = shown.body["id"].as_str().unwrap().to_owned();
    let by_id = served.get(&format!("{TENANT}/environments/{id}")).await.is(200);
    assert_eq!(by_id.text, shown.text);
    served.patch(&prod, json!({"labels": {"stage": "live"}})).await.is(200);
    let listed = served.get(&format!("{TENANT}/environments?labels=stage%3Dlive")).await.is(200);
    assert_eq!(names(&listed), ["prod"]);
    let checked = served.as_ann(Method::POST, &format!("{prod}/check")).await_it().await;
    assert!([200, 202, 409].contains(&checked.status), "{checked:?}");
    served.put(&format!("{TENANT}/deployments/shop"), deployment("a")).await;
    let used = served.delete(&prod).await.problem(409, "in_use");
    assert!(used.body["usedBy"].to_string().contains("shop"), "{used:?}");

    let github = format!("{TENANT}/repository-credentials/host");
    let body =
        json!({"prefix": "https://127.0.0.1:9443/other", "basic": {"username": "a", "password": "hunter2"}});
    let put = served.put(&github, body).await;
    assert!([201, 202].contains(&put.status) && !put.text.contains("hunter2"), "{put:?}");
    let shown = served.get(&github).await.is(200);
    assert_eq!(shown.body["spec"]["basic"], json!({"username": "a"}));
    served.patch(&github, json!({"labels": {"a": "b"}})).await;
    let listed = served.get(&format!("{TENANT}/repository-credentials")).await;
    assert_eq!(names(&listed), ["host"]);
    let gone = served.delete(&github).await;
    assert!([202, 204].contains(&gone.status), "{gone:?}");
}

#[tokio::test]
async fn owners_say_who_may_what_and_one_stays() {
    let served = Served::begin().await;
    let listed = served.get(&format!("{TENANT}/members?limit=2")).await.is(200);
    let principals: BTreeSet<&str> = listed.body["items"]
        .as_array()
        .unwrap()
        .iter()
        .filter_map(|member| member["principal"].as_str())
        .collect();
    assert_eq!(principals, BTreeSet::from(["corp:ann", "corp:dan"]));
    let next = listed.body["nextPageToken"].as_str().unwrap();
    let rest = served.get(&format!("{TENANT}/members?limit=2&pageToken={next}")).await.is(200);
    assert_eq!(rest.body["items"][0]["principal"], "corp:vic");
    served.delete(&format!("{TENANT}/members/corp:ann")).await.problem(409, "last_owner");
    served.delete(&format!("{TENANT}/members/corp:vic")).await.is(204);
    served.ask(Method::GET, TENANT, &served.token("vic")).await_it().await.problem(404, "not_found");
    served.get(&format!("{TENANT}/members/corp:vic")).await.problem(404, "not_found");
    let wrong = served.put(&format!("{TENANT}/members/nobody"), json!({"role": "viewer"})).await;
    wrong.problem(400, "invalid_parameters");
}

#[tokio::test]
async fn a_tenant_is_shown_renamed_and_taken_down_by_who_looked_at_it() {
    let served = Served::begin().await;
    let shown = served.get(TENANT).await.is(200);
    assert_eq!(shown.body["limits"]["deployments"]["used"], 0);
    let mine = served.get("/v1/tenants").await.is(200);
    assert_eq!((names(&mine), &mine.body["items"][0]["role"]), (vec!["acme".to_owned()], &json!("owner")));
    let renamed = served.patch(TENANT, json!({"displayName": "Acme Corp"})).await.is(200);
    assert_eq!(renamed.body["displayName"], "Acme Corp");
    let all = format!("{TENANT}?cascade=true");
    let delete = |tag: String| served.as_ann(Method::DELETE, &all).header("if-match", &tag).await_it();
    let ask = served.as_ann(Method::DELETE, TENANT).header("if-match", renamed.header("etag"));
    assert!(ask.await_it().await.problem(409, "in_use").body["usedBy"].to_string().contains("prod"));
    delete(shown.header("etag").to_owned()).await.problem(412, "condition_failed");
    let gone = delete(renamed.header("etag").to_owned()).await;
    assert!([202, 204].contains(&gone.status), "{gone:?}");
}

#[tokio::test]
async fn what_reaches_an_engine_has_an_operation_that_can_be_waited_for() {
    let served = Served::begin().await;
    let operator = |method: Method, path: &str| served.ask(method, path, &served.operator);
    let cluster = operator(Method::POST, "/v1/engine-clusters").json(json!({"name": "hub"})).await.is(201);
    let instance = json!({
        "engineCluster": cluster.body["id"], "name": "one", "namespace": "argocd", "repoServer": "one", "capacity": 10,
    });
    operator(Method::POST, "/v1/engine-instances").json(instance).await.is(201);
    let shop = format!("{TENANT}/deployments/shop");
    let trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    let put =
        served.as_ann(Method::PUT, &shop).header("traceparent", trace).json(deployment("a")).await.is(202);
    let operation = put.header("operation-id").to_owned();
    assert_eq!(put.header("location"), format!("{TENANT}/operations/{operation}"));
    let seen = operator(Method::GET, &format!("/v1/operations/{operation}")).await_it().await.is(200);
    assert_eq!(seen.body["traceparent"], trace);
    let begun = std::time::Instant::now();
    let waited = served.get(&format!("{TENANT}/operations/{operation}?wait=1s")).await.is(200);
    assert!(begun.elapsed().as_millis() >= 900, "it was not waited for");
    assert_eq!((&waited.body["state"], &waited.body["done"]), (&json!("waiting"), &json!(false)));
    served
        .get(&format!("{TENANT}/operations/{operation}?wait=soon"))
        .await
        .problem(400, "invalid_parameters");
    let ask = served.as_ann(Method::GET, put.header("location")).header("prefer", "wait=1");
    ask.await_it().await.is(200);
    let of = format!("{TENANT}/operations?resource={}", put.body["id"].as_str().unwrap());
    let listed = served.get(&of).await.is(200);
    assert_eq!(listed.body["items"][0]["id"], operation.as_str());

    // An operator sets it aside: whoever waits hears it at once.
    let waiting = format!("{TENANT}/operations/{operation}?wait=30s");
    let aside = format!("/v1/operations/{operation}/quarantine");
    let (waited, _) = tokio::join!(
        served.get(&waiting),
        operator(Method::POST, &aside).json(json!({"reason": "it breaks agents"}))
    );
    assert_eq!(
        (&waited.body["state"], &waited.body["done"]),
        (&json!("quarantined"), &json!(true)),
        "{waited:?}"
    );
    assert!(begun.elapsed().as_secs() < 20, "{:?}", begun.elapsed());

    let run = served.as_ann(Method::POST, &format!("{shop}/sync-runs")).json(json!({})).await.is(202);
    let path = format!("{shop}/sync-runs/{}", run.body["id"].as_str().unwrap());
    assert_eq!(served.get(&path).await.is(200).body["state"], "waiting");
    let runs = served.get(&format!("{shop}/sync-runs")).await.is(200);
    assert_eq!(runs.body["items"].as_array().map(Vec::len), Some(1));
    let stopped = served.delete(&path).await;
    assert_eq!(stopped.is(200).body["state"], "ended");
    let refreshed = served.as_ann(Method::POST, &format!("{shop}/refreshes")).await_it().await.is(202);
    assert!(!refreshed.header("operation-id").is_empty());
    for part in ["resources", "history"] {
        assert_eq!(served.get(&format!("{shop}/{part}")).await.is(200).body["items"], Value::Array(vec![]));
    }
    let back = served.as_ann(Method::POST, &format!("{shop}/rollbacks")).json(json!({"to": 3})).await;
    back.problem(422, "invalid_fields");
}
