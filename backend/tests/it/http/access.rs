//! The access matrix: every operation of the contract, asked by everybody. A route without a row fails.

use std::collections::BTreeMap;

use reqwest::Method;
use serde_json::{Value, json};

use super::ground::{Served, TENANT};

/// Who asks, in the order of the columns below.
const WHO: [&str; 9] = [
    "anonymous",
    "stranger",
    "viewer",
    "syncer's key",
    "deployer",
    "owner",
    "foreign owner",
    "auditor",
    "operator",
];

/// What each is answered, by what an operation needs: `u` who are you, `n` there is no such tenant, `f` you may not,
/// `y` you may (whatever comes of it).
const ROWS: &[(&str, &str)] = &[
    ("anyone", "uyyyyyyyy"),
    ("viewer", "unyyyynnn"),
    ("syncer", "unfyyynnn"),
    ("deployer", "unffyynnn"),
    ("owner", "unfffynnn"),
    ("auditor", "uffffffyy"),
    ("operator", "ufffffffy"),
    ("founder", "ufffffffy"),
];

/// Every operation there is, and what it needs. Whoever adds a route adds its row.
const OPERATIONS: &[(&str, &[&str])] = &[
    ("anyone", &["listTenants", "whoAmI"]),
    (
        "viewer",
        &[
            "getTenant",
            "listMembers",
            "getMember",
            "listApiKeys",
            "createApiKey",
            "deleteApiKey",
            "listEnvironments",
            "getEnvironment",
            "listRepositoryCredentials",
            "getRepositoryCredential",
            "listDeployments",
            "getDeployment",
            "listResources",
            "listHistory",
            "listSyncRuns",
            "getSyncRun",
            "listOperations",
            "getOperation",
            "readEvents",
            "listAudit",
        ],
    ),
    ("syncer", &["createRefresh", "startSyncRun", "stopSyncRun"]),
    (
        "deployer",
        &[
            "putEnvironment",
            "patchEnvironment",
            "deleteEnvironment",
            "checkEnvironment",
            "putRepositoryCredential",
            "patchRepositoryCredential",
            "deleteRepositoryCredential",
            "putDeployment",
            "patchDeployment",
            "deleteDeployment",
            "createRollback",
        ],
    ),
    ("owner", &["patchTenant", "deleteTenant", "putMember", "deleteMember"]),
    (
        "auditor",
        &[
            "getLimits",
            "listEngineClusters",
            "listEngineInstances",
            "listAgents",
            "listPlacements",
            "listPrivateUrls",
            "listOpenOperations",
            "getAnyOperation",
            "listPlatformAudit",
            "listPlatformMembers",
            "listOperatorKeys",
        ],
    ),
    (
        "operator",
        &[
            "putLimits",
            "createEngineCluster",
            "createEngineInstance",
            "putEngineInstanceState",
            "requeueOperation",
            "quarantineOperation",
            "listStops",
            "createStop",
            "deleteStop",
            "putPlatformMember",
            "deletePlatformMember",
            "deleteOperatorKey",
        ],
    ),
    ("founder", &["createTenant"]),
];

/// An operation of the contract.
struct Operation {
    id: String,
    method: Method,
    path: String,
    needs: String,
    body: bool,
}

fn operations(contract: &Value) -> Vec<Operation> {
    let paths = contract["paths"].as_object().unwrap();
    let each = paths.iter().flat_map(|(path, methods)| {
        methods.as_object().unwrap().iter().map(move |(method, operation)| Operation {
            id: operation["operationId"].as_str().unwrap().to_owned(),
            method: method.to_uppercase().parse().unwrap(),
            path: filled(path),
            needs: operation["x-argosy-needs"].as_str().unwrap_or_default().to_owned(),
            body: !operation["requestBody"].is_null(),
        })
    });
    each.collect()
}

/// A path to things that are not there, in a tenant that is: nobody changes anything.
fn filled(path: &str) -> String {
    let part = |part: &str| match part {
        "{tenant}" => "acme".to_owned(),
        "{member}" => "corp:nobody".to_owned(),
        "{environment}" | "{credential}" | "{deployment}" => "nothing".to_owned(),
        name if name.starts_with('{') => "018f2b5e-7c1d-7a4e-9b3a-5d0c1e2f3a4b".to_owned(),
        name => name.to_owned(),
    };
    path.split('/').map(part).collect::<Vec<_>>().join("/")
}

#[tokio::test]
async fn every_operation_lets_in_exactly_who_may() {
    let served = Served::begin().await;
    served
        .ask(Method::PUT, "/v1/platform-members/corp:aud", &served.operator)
        .json(json!({"role": "auditor"}))
        .await
        .is(200);
    let key = json!({"name": "sync", "role": "deployer", "scopes": ["sync"]});
    let key = served.as_ann(Method::POST, &format!("{TENANT}/api-keys")).json(key).await.is(201);
    let callers: Vec<Option<String>> = vec![
        None,
        Some(served.token("eve")),
        Some(served.token("vic")),
        key.body["key"].as_str().map(ToOwned::to_owned),
        Some(served.token("dan")),
        Some(served.token("ann")),
        Some(served.token("gus")),
        Some(served.token("aud")),
        Some(served.operator.clone()),
    ];
    let contract = served.unsigned(Method::GET, "/openapi.json").await_it().await.is(200).body;
    let rows: BTreeMap<&str, &str> =
        OPERATIONS.iter().flat_map(|(needs, ids)| ids.iter().map(|id| (*id, *needs))).collect();
    let all = operations(&contract);
    let known: Vec<&str> = all.iter().map(|operation| operation.id.as_str()).collect();
    for id in rows.keys() {
        assert!(known.contains(id), "{id} has a row, but is no operation");
    }
    for operation in &all {
        let needs = rows.get(operation.id.as_str()).unwrap_or_else(|| panic!("{} has no row", operation.id));
        assert_eq!(operation.needs, *needs, "{}", operation.id);
        let expected = ROWS.iter().find(|(name, _)| name == needs).unwrap().1;
        let mut seen = String::new();
        for caller in &callers {
            seen.push(asked(&served, operation, caller.as_deref()).await);
        }
        assert_eq!(seen, expected, "{} {} by {WHO:?}", operation.method, operation.path);
    }
}

/// What a caller is answered, as one letter. Bodies are no bodies: who may not never gets so far as to hear that.
async fn asked(served: &Served, operation: &Operation, caller: Option<&str>) -> char {
    let ask = match caller {
        Some(token) => served.ask(operation.method.clone(), &operation.path, token),
        None => served.unsigned(operation.method.clone(), &operation.path),
    };
    let answer = if operation.body { ask.raw("application/json", "[]").await } else { ask.await_it().await };
    match (answer.status, answer.body["detail"].as_str()) {
        (401, _) => 'u',
        (403, _) => 'f',
        (404, Some("there is no such tenant")) => 'n',
        (500.., _) => panic!("{}: {answer:?}", operation.id),
        _ => 'y',
    }
}
