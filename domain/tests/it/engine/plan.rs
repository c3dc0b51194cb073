//! Plans bring an engine to what is wanted, and touch nothing else.

use domain::engine::desired::{application, cluster_secret, project};
use domain::engine::facts::Prune;
use domain::engine::marks::{CASCADE, GENERATION, Owner, RESOURCE, TENANT};
use domain::engine::plan::{Objection, Observed, Plan, Wait, Wanted, plan};
use domain::operation::Generation;
use proptest::prelude::*;
use serde_json::{Value, json};

use super::scene;
use super::server::Server;

fn owner() -> Owner {
    Owner { tenant: scene::tenant(), resource: scene::DEPLOYMENT.parse().unwrap() }
}

fn gone(prune: Prune) -> Wanted {
    Wanted::Absent { owner: owner(), generation: Generation(4), prune }
}

fn seen(server: &Server) -> Option<Observed> {
    server.object.as_ref().map(|object| Observed::of(object, &scene::key()).unwrap())
}

fn shop() -> Value {
    application(&scene::deployment(json!({"policy": {"mode": "automated"}})))
}

fn present(object: &Value) -> Wanted {
    Wanted::present(object, &scene::key()).unwrap()
}

/// Does what plans say until there is nothing to do, or nothing that we could do. Argo CD lets go of what it took along.
fn pursue(server: &mut Server, wanted: Wanted, object: &Value) -> Plan {
    for _ in 0..8 {
        let observed = seen(server);
        let next = plan(wanted, observed.as_ref());
        match &next {
            Plan::Create | Plan::Update(_) => server.apply(object),
            Plan::AddCascade(seen) => server.patch(&seen.cascade_added(&observed.unwrap())),
            Plan::RemoveCascade(seen) => server.patch(&seen.cascade_removed(&observed.unwrap())),
            Plan::Delete(_) => server.delete(),
            Plan::Wait(Wait::Cascade) => {
                let rest: Vec<String> =
                    observed.unwrap().finalizers.into_iter().filter(|name| name != CASCADE).collect();
                server.patch(&json!({"metadata": {"finalizers": rest}}));
            }
            Plan::Nothing | Plan::Wait(Wait::Finalizers(_)) | Plan::Refuse(_) => return next,
        }
    }
    panic!("no end of plans: {server:?}");
}

#[test]
fn what_was_applied_leaves_nothing_to_plan() {
    let secret =
        cluster_secret(&scene::environment(json!({"server": "https://k8s.example.com", "token": "t"})));
    let objects =
        [shop(), project(&scene::project(&["https://h.example/x"], vec![])), secret.unwrap().to_value()];
    for object in objects {
        let mut server = Server::default();
        assert_eq!(plan(present(&object), None), Plan::Create);
        assert_eq!(pursue(&mut server, present(&object), &object), Plan::Nothing);
    }
}

#[test]
fn what_others_add_does_not_matter_and_what_they_change_of_ours_does() {
    let object = shop();
    let mut server = Server::default();
    server.apply(&object);
    server.patch(&json!({
        "metadata": {"annotations": {"argocd.argoproj.io/refresh": "normal"}, "labels": {"by": "hand"}},
        "spec": {"info": [{"name": "by", "value": "hand"}]},
        "operation": {"sync": {}},
        "status": {"sync": {"status": "OutOfSync"}, "operationState": {"phase": "Running"}},
    }));
    assert_eq!(plan(present(&object), seen(&server).as_ref()), Plan::Nothing);
    for patch in [
        json!({"spec": {"source": {"targetRevision": "other"}}}),
        json!({"spec": {"source": {"targetRevision": null}}}),
        json!({"spec": {"syncPolicy": {"automated": null}}}),
        json!({"metadata": {"labels": {GENERATION: null}}}),
    ] {
        let mut touched = server.clone();
        touched.patch(&patch);
        assert!(matches!(plan(present(&object), seen(&touched).as_ref()), Plan::Update(_)), "{patch}");
        assert_eq!(pursue(&mut touched, present(&object), &object), Plan::Nothing);
        let info = touched.object.unwrap()["spec"]["info"].clone();
        assert_eq!(info, json!([{"name": "by", "value": "hand"}]));
    }
}

#[test]
fn what_is_wished_no_more_is_taken_out() {
    let mut server = Server::default();
    server.apply(&application(&scene::deployment(
        json!({"ignoreDifferences": [{"kind": "Service", "jsonPointers": ["/spec"]}]}),
    )));
    let object = shop();
    assert_eq!(pursue(&mut server, present(&object), &object), Plan::Nothing);
    assert_eq!(server.object.unwrap()["spec"].get("ignoreDifferences"), None);
}

#[test]
fn a_step_names_the_object_and_the_state_it_was_seen_in() {
    let mut server = Server::default();
    server.apply(&shop());
    let Plan::AddCascade(step) = plan(gone(Prune::Cascade), seen(&server).as_ref()) else { panic!() };
    let live = server.object.unwrap();
    assert_eq!(
        json!([step.uid, step.resource_version]),
        json!([live["metadata"]["uid"], live["metadata"]["resourceVersion"]])
    );
}

#[test]
fn a_cascade_puts_the_finalizer_on_before_it_deletes_and_keeps_others() {
    let mut object = shop();
    let mut server = Server::default();
    server.apply(&object);
    server.patch(&json!({"metadata": {"finalizers": ["example.com/mine"]}}));
    let observed = seen(&server).unwrap();
    assert!(!observed.cascades());
    let Plan::AddCascade(step) = plan(gone(Prune::Cascade), Some(&observed)) else { panic!() };
    server.patch(&step.cascade_added(&observed));
    let observed = seen(&server).unwrap();
    assert_eq!(observed.finalizers, ["example.com/mine", CASCADE]);
    assert!(matches!(plan(gone(Prune::Cascade), Some(&observed)), Plan::Delete(_)));
    server.delete();
    assert_eq!(plan(gone(Prune::Cascade), seen(&server).as_ref()), Plan::Wait(Wait::Cascade));
    let held = Plan::Wait(Wait::Finalizers(vec!["example.com/mine".to_owned()]));
    assert_eq!(pursue(&mut server, gone(Prune::Cascade), &object), held);
    // Nor is it called back while it goes.
    object["metadata"]["labels"][GENERATION] = "9".into();
    assert_eq!(plan(present(&object), seen(&server).as_ref()), held);
}

#[test]
fn abandoning_takes_nothing_along_even_if_a_cascade_was_prepared() {
    let mut server = Server::default();
    server.apply(&shop());
    server.patch(&json!({"metadata": {"finalizers": [CASCADE]}}));
    assert!(matches!(plan(gone(Prune::Abandon), seen(&server).as_ref()), Plan::RemoveCascade(_)));
    assert_eq!(pursue(&mut server, gone(Prune::Abandon), &Value::Null), Plan::Nothing);
    assert_eq!(server.object, None);
}

#[test]
fn what_is_wished_for_is_never_left_ready_to_cascade() {
    let object = shop();
    let mut server = Server::default();
    server.apply(&object);
    server.patch(&json!({"metadata": {"finalizers": [CASCADE]}}));
    assert!(matches!(plan(present(&object), seen(&server).as_ref()), Plan::RemoveCascade(_)));
    assert_eq!(pursue(&mut server, present(&object), &object), Plan::Nothing);
}

#[test]
fn a_late_worker_does_not_undo_what_came_after_the_rows_it_read() {
    let mut later = shop();
    later["metadata"]["labels"][GENERATION] = "4".into();
    let mut server = Server::default();
    server.apply(&later);
    assert_eq!(plan(present(&shop()), seen(&server).as_ref()), Plan::Refuse(Objection::Stale));
    assert!(matches!(plan(gone(Prune::Abandon), seen(&server).as_ref()), Plan::Delete(_)));
}

#[test]
fn nothing_where_nothing_is_wanted_is_right() {
    assert_eq!(plan(gone(Prune::Cascade), None), Plan::Nothing);
}

fn mode() -> impl Strategy<Value = Value> {
    let automated = (any::<bool>(), any::<bool>(), any::<bool>()).prop_map(|(prune, heal, empty)| {
        json!({"mode": "automated", "prune": prune, "selfHeal": heal, "allowEmpty": empty})
    });
    prop_oneof![Just(json!({"mode": "manual"})), automated]
}

fn body() -> impl Strategy<Value = Value> {
    let source = prop_oneof![
        Just(json!({"repository": "https://h.example/a", "path": "."})),
        Just(json!({"repository": "https://h.example/a", "path": "x", "helm": {"values": {"a": null}}})),
        Just(json!({"repository": "https://h.example/a", "path": "x", "kustomize": {"namePrefix": "p-"}})),
        Just(json!({"repository": "https://h.example/a", "path": "x", "directory": {}})),
        Just(json!({"repository": "https://h.example/charts", "chart": "c", "version": "1.x"})),
    ];
    let sources = proptest::collection::vec(source, 1..4);
    (sources, mode(), any::<bool>(), 0_i64..5, any::<bool>()).prop_map(
        |(sources, policy, suspended, limit, create)| {
            json!({
                "sources": sources,
                "policy": policy,
                "suspended": suspended,
                "retry": {"limit": limit - 1},
                "syncOptions": [format!("CreateNamespace={create}")],
            })
        },
    )
}

/// Whatever may be under the name: nothing, something of ours in any state, or somebody else's.
fn there() -> impl Strategy<Value = Server> {
    let ours = (
        body(),
        proptest::collection::vec(prop_oneof![Just(CASCADE), Just("example.com/mine")], 0..3),
        any::<bool>(),
    );
    let ours = ours.prop_map(|(body, finalizers, deleting)| {
        let mut server = Server::default();
        server.apply(&application(&scene::deployment(body)));
        server.patch(&json!({"metadata": {"finalizers": finalizers}}));
        if deleting {
            server.delete();
        }
        server
    });
    let foreign = prop_oneof![
        Just(json!({})),
        Just(json!({TENANT: scene::ENVIRONMENT, RESOURCE: scene::DEPLOYMENT})),
        Just(json!({TENANT: scene::TENANT, RESOURCE: scene::ENVIRONMENT})),
        Just(json!({RESOURCE: scene::DEPLOYMENT, GENERATION: "1"})),
        Just(json!({TENANT: "not an id", RESOURCE: scene::DEPLOYMENT})),
    ];
    let foreign = foreign.prop_map(|labels| {
        Server::holding(
            json!({"metadata": {"uid": "theirs", "labels": labels}, "spec": {"project": "theirs"}}),
        )
    });
    prop_oneof![1 => Just(Server::default()), 4 => ours, 2 => foreign]
}

proptest! {
    #[test]
    fn plans_lead_to_what_is_wanted_and_never_touch_what_is_not_ours(
        mut server in there(),
        body in body(),
        wanted in 0_u8..3,
    ) {
        let object = application(&scene::deployment(body));
        let wanted = match wanted {
            0 => present(&object),
            1 => gone(Prune::Cascade),
            _ => gone(Prune::Abandon),
        };
        let before = server.clone();
        match pursue(&mut server, wanted, &object) {
            Plan::Nothing => {
                let is_there = server.object.as_ref();
                match wanted {
                    Wanted::Absent { .. } => prop_assert!(is_there.is_none()),
                    Wanted::Present { .. } => {
                        let spec = &is_there.unwrap()["spec"];
                        prop_assert_eq!(spec, &object["spec"]);
                    }
                }
            }
            Plan::Refuse(Objection::Foreign) => {
                prop_assert_eq!(&server, &before);
                prop_assert_ne!(Owner::of(before.object.as_ref().unwrap()), Some(owner()));
            }
            Plan::Wait(Wait::Finalizers(held)) => prop_assert_eq!(held.contains(&"example.com/mine".to_owned()), true),
            other @ (Plan::Create
            | Plan::Update(_)
            | Plan::AddCascade(_)
            | Plan::RemoveCascade(_)
            | Plan::Delete(_)
            | Plan::Wait(Wait::Cascade)
            | Plan::Refuse(Objection::Stale)) => prop_assert!(false, "{:?}", other),
        }
    }
}
