//! What users see of what an engine says.

use domain::engine::marks::LAST_SYNC_RUN;
use domain::engine::observed::{Application, HealthState, LARGEST, Phase, Report, SyncStatus, report};
use serde_json::{Value, json};

use super::scene::{DEPLOYMENT, ENVIRONMENT, RUN};

/// As a real controller (3.2.11) wrote it, with other names.
pub(super) fn live() -> Value {
    let source = json!({"repoURL": "https://git.example.com/team/shop", "path": "apps/shop", "targetRevision": "main"});
    let sha = "a1b2c3d4e5f60718293a4b5c6d7e8f9012345678";
    json!({
        "apiVersion": "argoproj.io/v1alpha1",
        "kind": "Application",
        "metadata": {
            "name": format!("gitopsdepl-{DEPLOYMENT}"), "namespace": "argocd-1", "uid": "uid-1", "resourceVersion": "42",
            "annotations": {LAST_SYNC_RUN: RUN}, "managedFields": [{"manager": "argosy"}],
        },
        "spec": {"project": "p", "source": source, "syncPolicy": {"syncOptions": ["CreateNamespace=true"], "retry": {"limit": 2}}},
        "status": {
            "controllerNamespace": "argocd-1",
            "reconciledAt": "2026-01-01T00:01:00Z",
            "health": {"status": "Degraded", "lastTransitionTime": "2026-01-01T00:00:30Z"},
            "sync": {
                "status": "OutOfSync", "revision": sha,
                "comparedTo": {"source": source, "destination": {"name": format!("managed-env-{ENVIRONMENT}"), "namespace": "shop"}},
            },
            "conditions": [{"type": "SharedResourceWarning", "lastTransitionTime": "2026-01-01T00:00:40Z",
                "message": "ConfigMap/x is part of applications argocd-1/gitopsdepl-99999999-9999-4999-8999-999999999999 and this"}],
            "summary": {"images": ["web:2", "db:1"], "externalURLs": ["https://shop.example.com/"]},
            "resources": [
                {"version": "v1", "kind": "Service", "namespace": "shop", "name": "web", "status": "Synced", "health": {"status": "Healthy"}},
                {"version": "v1", "kind": "ConfigMap", "namespace": "shop", "name": "old", "status": "OutOfSync", "requiresPruning": true},
                {"version": "v1", "kind": "ConfigMap", "namespace": "shop", "name": "a", "status": "Synced"},
                {"group": "apps", "version": "v1", "kind": "Deployment", "namespace": "shop", "name": "web", "status": "Synced",
                 "health": {"status": "Degraded", "message": "Deployment \"web\" exceeded its progress deadline"}},
                {"group": "batch", "version": "v1", "kind": "Job", "namespace": "shop", "name": "migrate", "hook": true},
            ],
            "operationState": {
                "operation": {"info": [{"name": LAST_SYNC_RUN, "value": RUN}], "initiatedBy": {"username": format!("sync-run/{RUN}")}, "sync": {}},
                "phase": "Failed", "message": "one or more objects failed to apply", "retryCount": 2,
                "startedAt": "2026-01-01T00:00:00Z", "finishedAt": "2026-01-01T00:00:20Z",
                "syncResult": {"revision": sha, "source": source, "resources": [
                    {"group": "", "version": "v1", "kind": "Service", "namespace": "shop", "name": "web", "status": "Synced", "message": "service/web unchanged", "syncPhase": "Sync"},
                    {"group": "batch", "version": "v1", "kind": "Job", "namespace": "shop", "name": "migrate", "hookType": "PreSync", "hookPhase": "Succeeded", "status": "Synced"},
                    {"group": "apps", "version": "v1", "kind": "Deployment", "namespace": "shop", "name": "web", "status": "SyncFailed", "message": "is invalid: spec.replicas"},
                ]},
            },
            "history": [
                {"id": 0, "revision": "0".repeat(40), "source": source, "deployedAt": "2025-12-01T00:00:00Z", "initiatedBy": {"automated": true}},
                {"id": 1, "revision": sha, "source": source, "deployedAt": "2025-12-02T00:00:00Z", "initiatedBy": {"username": format!("sync-run/{RUN}")}},
            ],
        },
    })
}

pub(super) fn read(object: &Value) -> Application {
    Application::read(object).unwrap()
}

fn reported(object: &Value) -> Report {
    report(&read(object))
}

#[test]
fn a_report_has_what_users_ask_for() {
    let report = reported(&live());
    assert_eq!((report.sync.status, report.health.status), (SyncStatus::OutOfSync, HealthState::Degraded));
    let compared = report.sync.compared_to.unwrap();
    assert_eq!(compared.environment_id.unwrap().to_string(), ENVIRONMENT);
    assert_eq!((compared.namespace.as_str(), compared.sources[0].path.as_str()), ("shop", "apps/shop"));
    assert_eq!(report.sync.revisions, ["a1b2c3d4e5f60718293a4b5c6d7e8f9012345678"]);
    assert_eq!(report.images, ["db:1", "web:2"]);
    assert_eq!(report.urls, ["https://shop.example.com/"]);
    let operation = report.operation.unwrap();
    assert_eq!((operation.phase, operation.retries, operation.results_total), (Phase::Failed, 2, 3));
    assert_eq!(operation.sync_run_id.unwrap().to_string(), RUN);
    let results: Vec<_> = operation
        .results
        .iter()
        .map(|one| (one.kind.as_str(), one.status.as_str(), one.hook.as_str()))
        .collect();
    assert_eq!(
        results,
        [("Deployment", "SyncFailed", ""), ("Service", "Synced", ""), ("Job", "Succeeded", "PreSync")]
    );
    let history: Vec<_> =
        report.history.iter().map(|entry| (entry.id, entry.sync_run_id.is_some())).collect();
    assert_eq!(history, [(1, true), (0, false)]);
}

#[test]
fn what_is_wrong_comes_first() {
    let report = reported(&live());
    let resources: Vec<_> =
        report.resources.iter().map(|one| (one.kind.as_str(), one.name.as_str(), one.sync)).collect();
    let expected = [
        ("Deployment", "web", Some(SyncStatus::Synced)),
        ("ConfigMap", "old", Some(SyncStatus::OutOfSync)),
        ("ConfigMap", "a", Some(SyncStatus::Synced)),
        ("Service", "web", Some(SyncStatus::Synced)),
        ("Job", "migrate", None),
    ];
    assert_eq!(resources, expected);
    assert_eq!(report.resources[0].message, "Deployment \"web\" exceeded its progress deadline");
    let counts = report.counts;
    assert_eq!(
        (counts.total, counts.synced, counts.out_of_sync, counts.healthy, counts.degraded),
        (5, 3, 1, 1, 1)
    );
    assert!(!report.truncated);
}

#[test]
fn a_report_says_nothing_of_others_or_of_the_engine() {
    let report = reported(&live());
    let text = serde_json::to_string(&report).unwrap();
    assert!(report.conditions[0].message.contains("another deployment"), "{text}");
    for foreign in ["99999999", "gitopsdepl", "managed-env", "managedFields", "resourceVersion"] {
        assert!(!text.contains(foreign), "{foreign} in {text}");
    }
}

#[test]
fn a_report_is_kept_and_read_again() {
    let report = reported(&live());
    let row = serde_json::to_value(&report).unwrap();
    assert_eq!(serde_json::from_value::<Report>(row.clone()).unwrap(), report);
    assert_eq!(
        row["sync"]["comparedTo"]["sources"][0],
        json!({"repository": "https://git.example.com/team/shop", "path": "apps/shop", "revision": "main"})
    );
    assert_eq!(row["operation"]["syncRunId"], RUN);
    // What an older program kept, and what a newer one adds.
    assert_eq!(
        serde_json::from_value::<Report>(json!({"sync": {"status": "Fancy"}, "more": 1})).unwrap(),
        Report::default()
    );
}

#[test]
fn when_it_was_seen_does_not_change_the_hash_and_what_was_seen_does() {
    let hash = reported(&live()).hash();
    for (same, at) in [
        ("/status/reconciledAt", json!("2027-01-01T00:00:00Z")),
        ("/status/health/lastTransitionTime", json!("2027-01-01T00:00:00Z")),
        ("/status/conditions/0/lastTransitionTime", json!("2027-01-01T00:00:00Z")),
        ("/metadata/resourceVersion", json!("43")),
        ("/metadata/managedFields", json!([])),
    ] {
        let mut live = live();
        *live.pointer_mut(same).unwrap() = at;
        assert_eq!(reported(&live).hash(), hash, "{same}");
    }
    let mut turned = live();
    turned["status"]["resources"].as_array_mut().unwrap().reverse();
    turned["status"]["summary"]["images"].as_array_mut().unwrap().reverse();
    assert_eq!(reported(&turned).hash(), hash, "the order of resources");
    for (other, value) in [
        ("/status/sync/status", json!("Synced")),
        ("/status/sync/revision", json!("b".repeat(40))),
        ("/status/health/status", json!("Healthy")),
        ("/status/conditions/0/message", json!("other")),
        ("/status/resources/2/health", json!({"status": "Missing"})),
        ("/status/operationState/phase", json!("Succeeded")),
        ("/status/operationState/startedAt", json!("2027-01-01T00:00:00Z")),
        ("/status/history/0/deployedAt", json!("2027-01-01T00:00:00Z")),
    ] {
        let mut live = live();
        match live.pointer_mut(other) {
            Some(place) => *place = value,
            None => live["status"]["resources"][2]["health"] = value,
        }
        assert_ne!(reported(&live).hash(), hash, "{other}");
    }
}

#[test]
fn a_big_application_has_a_report_that_fits_with_all_that_is_wrong() {
    let mut live = live();
    let resource = |index: usize| {
        let ill = index % 100 == 99;
        let state = if ill { "Degraded" } else { "Healthy" };
        json!({"group": "apps", "version": "v1", "kind": "Deployment", "namespace": "a-rather-long-namespace",
            "name": format!("deployment-number-{index:05}"), "status": "Synced",
            "health": {"status": state, "message": if ill { "x".repeat(1000) } else { String::new() }}})
    };
    let result = |index: usize| {
        let status = if index == 2999 { "SyncFailed" } else { "Synced" };
        json!({"group": "apps", "version": "v1", "kind": "Deployment", "name": format!("r{index}"), "status": status, "message": "m".repeat(10_000)})
    };
    let conditions =
        |index: usize| json!({"type": "SyncError", "message": format!("{index}{}", "ä".repeat(5000))});
    let entry = |id: usize| json!({"id": id, "revisions": vec!["r".repeat(4000); 40], "sources": vec![json!({"repoURL": "u"}); 40]});
    live["status"]["resources"] = (0..5000).map(resource).collect();
    live["status"]["operationState"]["syncResult"]["resources"] = (0..3000).map(result).collect();
    live["status"]["conditions"] = (0..200).map(conditions).collect();
    live["status"]["history"] = (0..100).map(entry).collect();
    live["status"]["summary"]["images"] =
        (0..5000).map(|index| json!(format!("{index}{}", "i".repeat(2000)))).collect();

    let report = reported(&live);

    let size = serde_json::to_string(&report).unwrap().len();
    assert!(size <= LARGEST, "{size}");
    assert!(report.truncated);
    assert_eq!((report.counts.total, report.counts.degraded), (5000, 50));
    let ill = |index: &usize| report.resources[*index].health == Some(HealthState::Degraded);
    let first = (0..report.resources.len()).take_while(ill).count();
    assert!(first > 20 && first == report.resources.len().min(50), "{first} of {}", report.resources.len());
    let operation = report.operation.unwrap();
    assert_eq!((operation.results_total, operation.results[0].name.as_str()), (3000, "r2999"));
    assert!(!report.history.is_empty() && report.history[0].id == 99);
}

#[test]
fn a_middling_application_is_told_whole() {
    let mut live = live();
    let resource = |index: usize| json!({"version": "v1", "kind": "ConfigMap", "namespace": "shop", "name": format!("map-{index}"), "status": "Synced"});
    live["status"]["resources"] = (0..1000).map(resource).collect();
    let report = reported(&live);
    assert_eq!((report.resources.len(), report.truncated), (1000, false));
}

#[test]
fn an_application_that_says_little_or_oddly_is_read_as_far_as_it_goes() {
    assert_eq!(reported(&json!({})), Report::default());
    let odd = json!({
        "metadata": {"name": null, "annotations": null},
        "operation": null,
        "status": {
            "resources": null, "conditions": null, "history": null, "summary": {"images": null},
            "health": {"status": "Splendid", "lastTransitionTime": "yesterday"},
            "sync": {"status": "Synced", "revision": "", "revisions": ["1", "2"]},
            "operationState": {"phase": "Dancing", "syncResult": null, "startedAt": null},
        },
    });
    let report = reported(&odd);
    assert_eq!((report.health.status, report.health.since), (HealthState::Unknown, None));
    assert_eq!(report.sync.revisions, ["1", "2"]);
    assert_eq!(report.operation.unwrap().phase, Phase::Unknown);
    assert!(Application::read(&json!({"status": {"resources": 7}})).is_err());
}

/// Argo CD sets an end time while it waits to try again.
#[test]
fn a_sync_that_is_tried_again_has_not_ended() {
    let mut live = live();
    live["status"]["operationState"]["phase"] = "Running".into();
    let operation = reported(&live).operation.unwrap();
    assert_eq!((operation.phase.completed(), operation.finished_at), (false, None));
}
