//! One sentence for where a deployment is: what stands in the way first.

mod messages;

use domain::engine::explain::{Check, Code, Situation, Told, Underway, explain};
use domain::engine::facts::Life;
use domain::engine::observed::{Application, Report, report};
use domain::intent::deployment::DeploymentSpec;
use domain::operation::{Hold, Obstacle};
use serde_json::{Value, json};

use super::scene;

fn about<'a>(spec: &'a DeploymentSpec, report: Option<&'a Report>) -> Situation<'a> {
    Situation {
        life: Life::Active,
        spec,
        environment: "prod",
        placed: true,
        check: Check::Passed,
        told: Told::Now,
        refusal: None,
        underway: None,
        report,
    }
}

fn seen(status: Value) -> Report {
    let mut application = json!({});
    application["status"] = status;
    report(&Application::read(&application).unwrap())
}

/// What is said of an `Application` with this status.
fn said(status: Value, body: Value) -> (Code, String) {
    let explanation = explain(&about(&scene::spec(body), Some(&seen(status))));
    (explanation.code, explanation.sentence)
}

fn well() -> Value {
    json!({"sync": {"status": "Synced", "revision": "a1b2c3d4e5f60718293a4b5c6d7e8f9012345678"}, "health": {"status": "Healthy"}})
}

#[test]
fn what_was_compared_before_a_change_says_nothing_of_it() {
    let git = "https://git.example.com/team/shop";
    let compared = |source: Value, namespace: &str, body: Value| {
        let mut status = well();
        status["sync"]["comparedTo"] =
            json!({"source": source, "destination": {"name": "prod", "namespace": namespace}});
        said(status, body).0
    };
    let source =
        |path: &str, revision: &str| json!({"repoURL": git, "path": path, "targetRevision": revision});
    assert_eq!(compared(source("apps/shop", "main"), "shop", json!({})), Code::Synced);
    for (source, namespace) in [
        (source("apps/former", "main"), "shop"),
        (source("apps/shop", "former"), "shop"),
        (source("apps/shop", "main"), "former"),
        (
            json!({"repoURL": "https://git.example.com/former", "path": "apps/shop", "targetRevision": "main"}),
            "shop",
        ),
    ] {
        assert_eq!(
            compared(source.clone(), namespace, json!({})),
            Code::NotComparedYet,
            "{source} {namespace}"
        );
    }

    // As Argo CD spells it: a registry without its protocol.
    let chart = json!({"source": {"repository": "oci://charts.example.com/acme", "chart": "web", "version": "1.2.3"}});
    let told = |chart: &str| json!({"repoURL": "charts.example.com/acme", "chart": chart, "targetRevision": "1.2.3"});
    assert_eq!(compared(told("web"), "shop", chart.clone()), Code::Synced);
    assert_eq!(compared(told("former"), "shop", chart), Code::NotComparedYet);
}

#[test]
fn what_is_well_is_said_with_its_commit() {
    let (code, sentence) = said(well(), json!({}));
    assert_eq!(
        (code, sentence.as_str()),
        (Code::Synced, "What runs is what the source says at a1b2c3d4, and it is healthy.")
    );
}

#[track_caller]
fn explained(situation: &Situation<'_>, code: Code, sentence: &str) {
    let explanation = explain(situation);
    assert_eq!((explanation.code, explanation.sentence.as_str()), (code, sentence));
}

#[test]
fn before_an_engine_has_it_the_first_thing_in_the_way_is_said() {
    let spec = scene::spec(json!({}));
    let base = Situation { told: Told::Never, ..about(&spec, None) };
    let nowhere = Situation { placed: false, ..base };
    explained(
        &nowhere,
        Code::Unplaced,
        "No engine is available for it; it is placed as soon as there is one.",
    );
    let refused = Situation { refusal: Some("the token may not"), check: Check::Failed("401"), ..base };
    explained(&refused, Code::Refused, "The token may not");
    let unchecked = Situation { check: Check::NotYet, ..base };
    explained(
        &unchecked,
        Code::EnvironmentUnchecked,
        "It waits for the first check of environment \"prod\".",
    );
    let failed = Situation { check: Check::Failed("no answer"), ..base };
    explained(&failed, Code::EnvironmentCheckFailed, "The check of environment \"prod\" failed: no answer");
}

#[test]
fn on_its_way_to_an_engine_it_says_how_it_is_going() {
    let spec = scene::spec(json!({}));
    let with = |underway| Situation { told: Told::Before, underway, ..about(&spec, None) };
    let obstacle = Obstacle::EngineUnreachable { message: "connection refused".to_owned() };
    let waits = "It has not reached the engine yet: it waits for an agent.";
    explained(&with(None), Code::WaitingForAgent, waits);
    explained(&with(Some(Underway::Due { obstacle: None })), Code::WaitingForAgent, waits);
    explained(
        &with(Some(Underway::Due { obstacle: Some(&obstacle) })),
        Code::Obstructed,
        "It has not reached the engine yet: the engine did not answer: connection refused; it is tried again by itself.",
    );
    explained(
        &with(Some(Underway::Held(Hold::Lane))),
        Code::WaitingForTurn,
        "It has not reached the engine yet: another operation on the same object came first.",
    );
    let agent = Some(Underway::Running { agent: Some("agent-1") });
    explained(&with(agent), Code::BeingApplied, "Agent agent-1 is telling the engine.");
    explained(
        &with(Some(Underway::Running { agent: None })),
        Code::BeingApplied,
        "An agent is telling the engine.",
    );
    let told = Situation { told: Told::Now, ..with(agent) };
    explained(&told, Code::NotComparedYet, "The engine has it, and has not looked at it yet.");
}

#[test]
fn what_is_taken_down_says_what_holds_it() {
    let spec = scene::spec(json!({}));
    let gone = Situation { life: Life::Deleting, ..about(&spec, None) };
    assert_eq!(explain(&gone).code, Code::TakingDown);
    let held = explain(&Situation { refusal: Some("the token may not delete deployments"), ..gone });
    assert_eq!(held.code, Code::TakeDownHeld);
    assert_eq!(held.sentence, "It is being taken down, but the token may not delete deployments");
    let report =
        seen(json!({"conditions": [{"type": "DeletionError", "message": "dial tcp: connection refused"}]}));
    let error = explain(&Situation { report: Some(&report), ..gone });
    assert_eq!(
        error.sentence,
        "It is being taken down, but the engine could not remove all of it: dial tcp: connection refused"
    );
    let obstacle = Obstacle::Contested;
    let tried = explain(&Situation { underway: Some(Underway::Due { obstacle: Some(&obstacle) }), ..gone });
    assert_eq!(tried.code, Code::TakeDownHeld);
}

fn out_of_sync() -> Value {
    json!({"sync": {"status": "OutOfSync", "revision": "1.2.3"}, "health": {"status": "Missing"}, "resources": [
        {"kind": "ConfigMap", "name": "a", "status": "Synced"},
        {"kind": "ConfigMap", "name": "b", "status": "OutOfSync", "requiresPruning": true}]})
}

#[test]
fn what_differs_is_synced_by_itself_or_by_a_run() {
    let (code, sentence) = said(out_of_sync(), json!({}));
    assert_eq!(code, Code::OutOfSync);
    assert_eq!(
        sentence,
        "1 of 2 resources are not as the source says at 1.2.3; ask for a sync run to change that."
    );
    let (_, sentence) = said(out_of_sync(), json!({"policy": {"mode": "automated"}}));
    assert_eq!(sentence, "1 of 2 resources are not as the source says at 1.2.3; it is synced by itself.");
    let (_, sentence) = said(out_of_sync(), json!({"policy": {"mode": "automated", "prune": false}}));
    assert_eq!(
        sentence,
        "1 of 2 resources are no longer in the source, and the policy does not remove them."
    );
    let mut more = out_of_sync();
    more["resources"][0]["status"] = "OutOfSync".into();
    let (_, sentence) = said(more, json!({"policy": {"mode": "automated", "prune": false}}));
    assert!(sentence.starts_with("2 of 2 resources are not as"), "{sentence}");
}

#[test]
fn what_is_ill_is_named() {
    let resource = |state: &str, message: &str| {
        let ill = json!({"status": state, "message": message});
        json!({"sync": {"status": "Synced"}, "health": {"status": state}, "resources": [
            {"kind": "Service", "name": "s", "status": "Synced", "health": {"status": "Healthy"}},
            {"kind": "Deployment", "name": "web", "status": "Synced", "health": ill},
            {"kind": "Deployment", "name": "xeb", "status": "Synced", "health": ill}]})
    };
    for (state, code) in [
        ("Degraded", Code::Degraded),
        ("Missing", Code::Missing),
        ("Progressing", Code::Progressing),
        ("Suspended", Code::Paused),
    ] {
        let (found, sentence) = said(resource(state, "exceeded its progress deadline"), json!({}));
        assert_eq!(found, code);
        assert_eq!(
            sentence,
            format!("Deployment \"web\" is {state}, like 1 more: exceeded its progress deadline")
        );
    }
    let (_, sentence) =
        said(json!({"sync": {"status": "Synced"}, "health": {"status": "Progressing"}}), json!({}));
    assert_eq!(sentence, "What runs is Progressing.");
}

#[test]
fn a_sync_is_told_while_it_runs_and_when_it_failed() {
    let with = |operation: Value, sync: &str| {
        let mut status = well();
        status["operationState"] = operation;
        status["sync"]["status"] = sync.into();
        said(status, json!({"policy": {"mode": "automated"}}))
    };
    let running = json!({"phase": "Running", "message": "waiting for healthy state of apps/Deployment/web"});
    assert_eq!(
        with(running, "OutOfSync"),
        (Code::Syncing, "A sync is going on: waiting for healthy state of apps/Deployment/web".to_owned())
    );
    assert_eq!(
        with(json!({"phase": "Running"}), "OutOfSync"),
        (Code::Syncing, "A sync is going on.".to_owned())
    );
    assert_eq!(with(json!({"phase": "Terminating"}), "OutOfSync").0, Code::Syncing);
    let again = json!({"phase": "Running", "retryCount": 1, "message": "one or more objects failed to apply. Retrying attempt #1 at 3:04PM.", "finishedAt": "2026-01-01T00:00:00Z"});
    let (code, sentence) = with(again, "OutOfSync");
    assert_eq!((code, sentence.contains("is tried again: one or more objects")), (Code::SyncRetrying, true));
    let failed = json!({"phase": "Failed", "message": "one or more objects failed to apply, reason: …", "syncResult": {"resources": [
        {"kind": "Service", "name": "s", "status": "Synced", "message": "unchanged"},
        {"kind": "ConfigMap", "name": "a", "status": "SyncFailed", "message": "configmaps is forbidden: User \"x\" cannot create resource"},
        {"kind": "ConfigMap", "name": "b", "status": "SyncFailed", "message": "the same"}]}});
    let (code, sentence) = with(failed.clone(), "OutOfSync");
    assert_eq!(code, Code::SyncFailed);
    assert_eq!(
        sentence,
        "The last sync failed at ConfigMap \"a\" and 1 more: configmaps is forbidden: User \"x\" cannot create resource"
    );
    assert_eq!(with(failed, "Synced").0, Code::Synced, "what is right now is over");
    let (code, sentence) = with(
        json!({"phase": "Error", "message": "Failed to load live state: failed to get cluster info for \"x\": connection refused"}),
        "Unknown",
    );
    assert_eq!((code, sentence.starts_with("The last sync failed: ")), (Code::EnvironmentUnreachable, true));
}

#[test]
fn argo_cds_own_refusal_to_sync_is_told() {
    let mut status = out_of_sync();
    status["conditions"] = json!([{"type": "SyncError", "message": "Skipping sync attempt to 1.2.3: auto-sync will wipe out all resources"}]);
    status["operationState"] = json!({"phase": "Succeeded"});
    let (code, sentence) = said(status, json!({"policy": {"mode": "automated", "allowEmpty": false}}));
    assert_eq!(code, Code::SyncFailed);
    assert!(sentence.ends_with("auto-sync will wipe out all resources"), "{sentence}");
}

#[test]
fn what_is_suspended_says_so_unless_something_is_wrong() {
    let body = || json!({"suspended": true});
    let (code, sentence) = said(out_of_sync(), body());
    assert_eq!(
        (code, sentence.as_str()),
        (
            Code::Suspended,
            "It is suspended: nothing is synced until it is resumed. What runs is OutOfSync and Missing."
        )
    );
    let mut wrong = out_of_sync();
    wrong["conditions"] = json!([{"type": "ComparisonError", "message": "apps/x: app path does not exist"}]);
    assert_eq!(said(wrong, body()).0, Code::PathNotFound);
}

#[test]
fn what_nobody_knows_is_not_called_well() {
    assert_eq!(said(json!({}), json!({})).0, Code::NotComparedYet);
    assert_eq!(said(json!({"sync": {"status": "Synced"}}), json!({})).0, Code::Unknown);
}
