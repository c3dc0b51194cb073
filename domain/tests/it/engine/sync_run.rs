//! How a run is started, stopped and judged.

use domain::engine::marks::LAST_SYNC_RUN;
use domain::engine::sync_run::{Judgement, NotNow, Pointless, start, terminate, verdict};
use domain::ids::SyncRunId;
use serde_json::{Value, json};

use super::report::{live, read};
use super::scene::{self, RUN};

const OTHER: &str = "77777777-7777-4777-8777-777777777777";

/// Nobody has run anything here yet.
fn fresh() -> Value {
    let mut live = live();
    live["metadata"]["annotations"] = json!({});
    live
}

fn run() -> SyncRunId {
    RUN.parse().unwrap()
}

fn with(mut object: Value, at: &str, value: Value) -> Value {
    let (parent, key) = at.rsplit_once('/').unwrap();
    object.pointer_mut(parent).unwrap()[key] = value;
    object
}

#[test]
fn a_run_starts_by_one_patch_that_proves_it() {
    let patch = start(&scene::run(json!({})), &read(&fresh())).unwrap();
    let expected = json!({
        "metadata": {"uid": "uid-1", "resourceVersion": "42", "annotations": {LAST_SYNC_RUN: RUN}},
        "operation": {
            "initiatedBy": {"username": format!("sync-run/{RUN}")},
            "info": [{"name": LAST_SYNC_RUN, "value": RUN}],
            "retry": {"limit": 2},
            "sync": {"syncOptions": ["CreateNamespace=true"], "syncStrategy": {"hook": {}}},
        },
        "status": {"operationState": null},
    });
    assert_eq!(patch, expected);
}

#[test]
fn a_run_says_all_that_was_asked_for() {
    let body = json!({"revision": "v2", "prune": true, "dryRun": true, "force": true, "strategy": "apply",
        "resources": [{"group": "apps", "kind": "Deployment", "name": "web", "namespace": "shop"}, {"kind": "ConfigMap", "name": "a"}]});
    let patch = start(&scene::run(body), &read(&fresh())).unwrap();
    let expected = json!({
        "revision": "v2", "prune": true, "dryRun": true, "syncStrategy": {"apply": {"force": true}},
        "syncOptions": ["CreateNamespace=true"],
        "resources": [{"group": "apps", "kind": "Deployment", "name": "web", "namespace": "shop"}, {"kind": "ConfigMap", "name": "a"}],
    });
    assert_eq!(patch["operation"]["sync"], expected);
    // What only tries is tried once.
    assert_eq!(patch["operation"].get("retry"), None);
    let several = start(&scene::run(json!({"revisions": ["1", "2"]})), &read(&fresh())).unwrap();
    assert_eq!(several["operation"]["sync"]["revisions"], json!(["1", "2"]));
}

#[test]
fn without_a_word_a_run_prunes_as_the_policy_does() {
    let automated = with(fresh(), "/spec/syncPolicy/automated", json!({"prune": true}));
    let sync = |body: Value, object: &Value| {
        start(&scene::run(body), &read(object)).unwrap()["operation"]["sync"].take()
    };
    assert_eq!(sync(json!({}), &automated)["prune"], true);
    assert_eq!(sync(json!({"prune": false}), &automated).get("prune"), None);
    assert_eq!(sync(json!({}), &fresh()).get("prune"), None);
}

#[test]
fn a_run_has_a_verdict_some_time_even_where_syncs_are_retried_for_ever() {
    let endless = with(
        fresh(),
        "/spec/syncPolicy/retry",
        json!({"limit": -1, "refresh": true, "backoff": {"factor": 2}}),
    );
    let patch = start(&scene::run(json!({})), &read(&endless)).unwrap();
    assert_eq!(patch["operation"]["retry"], json!({"limit": 5, "backoff": {"factor": 2}}));
    let never = with(fresh(), "/spec/syncPolicy/retry", json!({"backoff": {"factor": 2}}));
    assert_eq!(start(&scene::run(json!({})), &read(&never)).unwrap()["operation"].get("retry"), None);
}

#[test]
fn a_run_starts_once_and_not_into_another_sync() {
    let started = |object: Value| start(&scene::run(json!({})), &read(&object)).unwrap_err();
    assert_eq!(started(live()), NotNow::Started);
    let busy = with(fresh(), "/operation", json!({"initiatedBy": {"username": "sync-run/x"}}));
    assert_eq!(started(busy), NotNow::Busy { automated: false });
    let by_itself = with(fresh(), "/operation", json!({"initiatedBy": {"automated": true}}));
    assert_eq!(started(by_itself), NotNow::Busy { automated: true });
    let leaving = with(fresh(), "/metadata/deletionTimestamp", json!("2026-01-01T00:00:00Z"));
    assert_eq!(started(leaving), NotNow::Leaving);
}

fn running() -> Value {
    let operation = json!({"info": [{"name": LAST_SYNC_RUN, "value": RUN}], "sync": {}});
    with(with(live(), "/operation", operation), "/status/operationState/phase", json!("Running"))
}

#[test]
fn a_run_is_stopped_only_while_it_is_the_one_that_runs() {
    let patch = terminate(run(), &read(&running())).unwrap();
    let expected = json!({
        "metadata": {"uid": "uid-1", "resourceVersion": "42"},
        "status": {"operationState": {"phase": "Terminating"}},
    });
    assert_eq!(patch, expected);
    let pointless = |object: Value| terminate(run(), &read(&object)).unwrap_err();
    assert_eq!(pointless(fresh()), Pointless::NotIt);
    assert_eq!(pointless(live()), Pointless::Over);
    assert_eq!(pointless(with(running(), "/operation/info", json!([]))), Pointless::Over);
    assert_eq!(pointless(with(running(), "/status/operationState", Value::Null)), Pointless::NotBegun);
    assert_eq!(
        pointless(with(running(), "/status/operationState/phase", json!("Terminating"))),
        Pointless::Stopping
    );
    assert_eq!(
        pointless(with(running(), "/status/operationState/phase", json!("Succeeded"))),
        Pointless::Over
    );
    assert_eq!(terminate(OTHER.parse().unwrap(), &read(&running())).unwrap_err(), Pointless::NotIt);
}

fn judged(phase: &str, message: &str) -> Judgement {
    let object = with(live(), "/status/operationState/phase", json!(phase));
    let object = with(object, "/status/operationState/message", json!(message));
    verdict(run(), &read(&object)).unwrap().judgement
}

#[test]
fn a_run_is_judged_by_how_its_sync_ended() {
    assert_eq!(judged("Succeeded", "successfully synced (all tasks run)"), Judgement::Succeeded);
    assert_eq!(judged("Failed", "one or more objects failed to apply"), Judgement::Failed);
    assert_eq!(judged("Error", "ComparisonError: x"), Judgement::Error);
    assert_eq!(judged("Failed", "Operation terminated"), Judgement::Terminated);
    assert_eq!(judged("Error", "Operation termination had errors"), Judgement::Terminated);
    assert_eq!(
        judged("Failed", "Operation terminated, triggered by controller sync timeout (retried 2 times)."),
        Judgement::Terminated
    );
}

#[test]
fn a_verdict_names_what_failed() {
    let verdict = verdict(run(), &read(&live())).unwrap();
    assert_eq!(verdict.message, "one or more objects failed to apply");
    assert_eq!(verdict.revisions, ["a1b2c3d4e5f60718293a4b5c6d7e8f9012345678"]);
    let failed: Vec<_> = verdict.failed.iter().map(|one| (one.kind.as_str(), one.message.as_str())).collect();
    assert_eq!(failed, [("Deployment", "is invalid: spec.replicas")]);
    assert_eq!(verdict.finished_at, Some("2026-01-01T00:00:20Z".parse().unwrap()));
    let row = serde_json::to_value(&verdict).unwrap();
    assert_eq!(row["judgement"], "failed");
    assert_eq!(serde_json::from_value::<domain::engine::sync_run::Verdict>(row).unwrap(), verdict);
}

#[test]
fn there_is_no_verdict_before_the_end_or_of_what_never_started() {
    assert_eq!(verdict(run(), &read(&running())), None);
    assert_eq!(verdict(run(), &read(&fresh())), None);
    assert_eq!(verdict(OTHER.parse().unwrap(), &read(&live())), None);
    // It waits to be tried again: with an end time, and without having ended.
    let waiting = with(live(), "/status/operationState/phase", json!("Running"));
    assert_eq!(verdict(run(), &read(&waiting)), None);
    // Over, and not cleared away yet.
    let finished = with(running(), "/status/operationState/phase", json!("Succeeded"));
    assert_eq!(verdict(run(), &read(&finished)), None);
}

#[test]
fn what_argo_cd_began_by_itself_afterwards_is_not_taken_for_the_run() {
    let automated =
        json!({"phase": "Failed", "message": "no", "operation": {"initiatedBy": {"automated": true}}});
    let overtaken = with(live(), "/status/operationState", automated);
    let told = verdict(run(), &read(&overtaken)).unwrap();
    assert_eq!((told.judgement, told.revisions.len()), (Judgement::Succeeded, 1));
    let forgotten = with(overtaken, "/status/history", json!([]));
    assert_eq!(verdict(run(), &read(&forgotten)).unwrap().judgement, Judgement::Unknown);
    // Started, and the engine has cleared what was there but not begun.
    let asked = with(running(), "/status/operationState", Value::Null);
    assert_eq!(verdict(run(), &read(&asked)), None);
}
