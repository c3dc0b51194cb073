//! What a body may say about a sync run.

use domain::field::{FieldError, Shape};
use domain::intent::Stored;
use domain::intent::deployment::{self, DeploymentSpec, RawDeployment};
use domain::intent::sync_run::{self, RawSyncRun, Strategy, SyncRunSpec};
use serde_json::{Value, json};

use super::terms::{expected, places, rest};

fn read(body: Value) -> Result<SyncRunSpec, Vec<FieldError>> {
    sync_run::parse(Shape::<RawSyncRun>::new().read(body)?)
}

fn deployment(body: Value) -> DeploymentSpec {
    let mut whole =
        json!({"destination": {"environment": "e", "namespace": "n"}, "policy": {"mode": "manual"}});
    let Value::Object(body) = body else { panic!("a body is an object") };
    whole.as_object_mut().unwrap().extend(body);
    deployment::parse(Shape::<RawDeployment>::new().read(whole).unwrap(), &rest()).unwrap()
}

fn git() -> Value {
    json!({"repository": "https://h.example/x", "path": "."})
}

fn chart() -> Value {
    json!({"repository": "https://h.example/x", "chart": "c", "version": "1"})
}

#[test]
fn an_empty_body_syncs_all_of_it_as_it_is_declared() {
    assert_eq!(read(json!({})).unwrap(), SyncRunSpec::default());
    assert!(Shape::<RawSyncRun>::new().unread().is_empty());
}

#[test]
fn a_full_body_is_read_kept_and_shown() {
    let body = json!({
        "revision": "v1.2", "prune": false, "dryRun": true, "force": true, "strategy": "apply",
        "resources": [{"group": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "system:x"},
                      {"kind": "Service", "name": "web", "namespace": "shop"}],
    });
    let spec = read(body.clone()).unwrap();
    assert_eq!(
        (spec.strategy, spec.prune, spec.revisions[0].as_str()),
        (Strategy::Apply, Some(false), "v1.2")
    );
    assert_eq!(serde_json::to_value(RawSyncRun::from(&spec)).unwrap(), body);
    assert_eq!(Stored::<SyncRunSpec>::read(Stored::of(&spec)).unwrap(), spec);
}

#[test]
fn all_mistakes_are_told_at_once() {
    let body = json!({
        "revision": "--x", "revisions": ["ok", ""],
        "resources": [{"kind": "*", "name": "a/b", "namespace": "UPPER", "group": "-"}],
    });
    let wanted = [
        ("/revision", "malformed"),
        ("/revisions", "conflict"),
        ("/revisions/1", "required"),
        ("/resources/0/kind", "malformed"),
        ("/resources/0/name", "malformed"),
        ("/resources/0/namespace", "malformed"),
        ("/resources/0/group", "malformed"),
    ];
    assert_eq!(places(&read(body).unwrap_err()), expected(&wanted));
    let many: Vec<Value> =
        (0..101).map(|index| json!({"kind": "Pod", "name": format!("p{index}")})).collect();
    assert_eq!(
        places(&read(json!({"resources": many})).unwrap_err()),
        expected(&[("/resources", "too_many")])
    );
    let unknown = read(json!({"revison": "x", "strategy": "magic"})).unwrap_err();
    assert_eq!(places(&unknown), expected(&[("/revison", "unknown_field"), ("/strategy", "unknown_value")]));
}

#[test]
fn a_run_suits_its_deployment_or_says_why_not() {
    let suits = |run: Value, deployment: &DeploymentSpec| match read(run).unwrap().suits(deployment) {
        Ok(()) => Vec::new(),
        Err(errors) => places(&errors),
    };
    let one = deployment(json!({"source": git()}));
    let two = deployment(json!({"sources": [git(), chart()]}));
    let automated = deployment(json!({"source": git(), "policy": {"mode": "automated"}}));
    let applied = deployment(json!({"source": git(), "syncOptions": ["ServerSideApply=true"]}));
    for (run, deployment, wanted) in [
        (json!({"revision": "feature/x"}), &one, vec![]),
        (json!({"revisions": ["main", "^1.2"]}), &two, vec![]),
        (json!({"revision": "main"}), &two, vec![("/revision", "conflict")]),
        (json!({"revisions": ["a", "b"]}), &one, vec![("/revisions", "conflict")]),
        (json!({"revision": ">=1.0 <2.0"}), &one, vec![("/revision", "malformed")]),
        (json!({"revisions": ["main", "feature/x"]}), &two, vec![("/revisions/1", "malformed")]),
        (json!({"revision": "main"}), &automated, vec![("/revision", "conflict")]),
        (json!({"revision": "main", "dryRun": true}), &automated, vec![]),
        (json!({"prune": true}), &automated, vec![]),
        (json!({"force": true}), &applied, vec![("/force", "conflict")]),
        (json!({"force": true}), &one, vec![]),
    ] {
        assert_eq!(suits(run.clone(), deployment), expected(&wanted), "{run}");
    }
}
