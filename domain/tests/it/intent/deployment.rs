//! Deployments: what is filled in, what is refused, and how rows keep them.

use std::collections::BTreeSet;

use domain::field::{FieldError, Shape};
use domain::intent::deployment::{
    Attempts, DeploymentSpec, Destination, Policy, Propagation, RawDeployment, SyncOption, parse,
};
use domain::intent::{Stored, Terms};
use proptest::prelude::*;
use serde_json::{Value, json};

use super::terms::{custom_resources, expected, places, rest};

fn read_with(body: Value, terms: &Terms<'_>) -> Result<DeploymentSpec, Vec<FieldError>> {
    parse(Shape::<RawDeployment>::new().read(body)?, terms)
}

fn read(body: Value) -> Result<DeploymentSpec, Vec<FieldError>> {
    read_with(body, &rest())
}

/// The smallest deployment, with some fields besides.
fn shop(more: Value) -> Value {
    let mut body = json!({
        "source": {"repository": "https://github.com/acme/shop", "path": "apps/shop"},
        "destination": {"environment": "prod", "namespace": "shop"},
        "policy": {"mode": "automated"},
    });
    let Value::Object(more) = more else { panic!("an object") };
    body.as_object_mut().unwrap().extend(more);
    body
}

fn mistakes(more: Value) -> Vec<(String, &'static str)> {
    places(&read(shop(more)).unwrap_err())
}

#[test]
fn what_is_left_out_means_what_it_means_to_the_reference_service() {
    let spec = read(shop(json!({}))).unwrap();
    assert_eq!(spec.policy, Policy::Automated { prune: true, self_heal: true, allow_empty: true });
    assert_eq!(spec.engine_sync_options(), ["PrunePropagationPolicy=background"]);
    let retry = spec.retry();
    assert_eq!(retry.attempts, Attempts::Unlimited);
    let backoff = retry.backoff;
    assert_eq!((backoff.first.as_secs(), backoff.factor, backoff.longest.as_secs()), (5, 2, 180));
    assert_eq!((spec.suspended, spec.revision_history_limit), (false, 10));

    let manual = read(shop(json!({"policy": {"mode": "manual"}}))).unwrap();
    assert_eq!(manual.policy, Policy::Manual);
    assert!(manual.engine_sync_options().is_empty());
    assert_eq!(manual.retry().attempts, Attempts::Limited(0));
}

#[test]
fn all_mistakes_of_meaning_come_at_once() {
    let body = json!({
        "source": {"repository": "file:///etc", "path": "../x", "revision": "--x", "helm": {"releaseName": "UP"}},
        "destination": {"environment": "Prod", "namespace": "a_b"},
        "policy": {"mode": "manual", "prune": true, "selfHeal": false},
        "syncOptions": ["Replace=true", "CreateNamespace=maybe", "nonsense", "PruneLast=true", "PruneLast=false"],
        "retry": {"limit": 1000, "backoff": {"duration": "soon", "factor": 0, "maxDuration": "2d"}},
        "ignoreDifferences": [{"kind": "a b"}, {"kind": "Secret", "jsonPointers": ["data"], "group": "A"}],
        "revisionHistoryLimit": 21,
        "labels": {"-": "x"},
    });
    assert_eq!(
        places(&read(body).unwrap_err()),
        expected(&[
            ("/source/repository", "malformed"),
            ("/source/path", "malformed"),
            ("/source/revision", "malformed"),
            ("/source/helm/releaseName", "malformed"),
            ("/destination/environment", "malformed"),
            ("/destination/namespace", "malformed"),
            ("/policy/prune", "conflict"),
            ("/policy/selfHeal", "conflict"),
            ("/syncOptions/0", "unsupported"),
            ("/syncOptions/1", "unknown_value"),
            ("/syncOptions/2", "malformed"),
            ("/syncOptions/4", "duplicate"),
            ("/retry/limit", "out_of_range"),
            ("/retry/backoff/duration", "malformed"),
            ("/retry/backoff/factor", "out_of_range"),
            ("/retry/backoff/maxDuration", "malformed"),
            ("/ignoreDifferences/0", "required"),
            ("/ignoreDifferences/0/kind", "malformed"),
            ("/ignoreDifferences/1/jsonPointers/0", "malformed"),
            ("/ignoreDifferences/1/group", "malformed"),
            ("/revisionHistoryLimit", "out_of_range"),
            ("/labels/-", "malformed"),
        ])
    );
}

#[test]
fn a_deployment_has_one_source_or_several() {
    let source = json!({"repository": "https://github.com/acme/shop", "path": "."});
    let several = read(shop(json!({"source": null, "sources": [source, source]}))).unwrap();
    assert_eq!(several.sources.len(), 2);
    assert_eq!(mistakes(json!({"sources": [source]})), expected(&[("/sources", "conflict")]));
    assert_eq!(mistakes(json!({"source": null})), expected(&[("/source", "required")]));
    assert_eq!(mistakes(json!({"source": null, "sources": []})), expected(&[("/source", "required")]));
}

#[test]
fn a_destination_is_an_environment_with_a_namespace_or_the_tenants_own() {
    let at = |destination: Value| read_with(shop(json!({"destination": destination})), &custom_resources());
    for own in [json!(null), json!({}), json!({"environment": "", "namespace": ""})] {
        assert_eq!(at(own).unwrap().destination, Destination::Implicit);
    }
    let named = at(json!({"environment": "prod", "namespace": "shop"})).unwrap().destination;
    assert!(matches!(named, Destination::Environment { environment, namespace }
        if environment.as_str() == "prod" && namespace.as_str() == "shop"));
    let nameless = at(json!({"namespace": "shop"})).unwrap_err();
    assert_eq!(places(&nameless), expected(&[("/destination/environment", "required")]));
    let homeless = at(json!({"environment": "prod"})).unwrap_err();
    assert_eq!(places(&homeless), expected(&[("/destination/namespace", "required")]));
}

#[test]
fn sync_options_are_those_that_harm_nobody() {
    let spec =
        read(shop(json!({"syncOptions": ["ServerSideApply=true", "PrunePropagationPolicy=foreground",
        "CreateNamespace=true", "Validate=false"]})))
        .unwrap();
    assert_eq!(spec.sync_options.propagation, Some(Propagation::Foreground));
    assert!(spec.sync_options.switches[&SyncOption::CreateNamespace]);
    let expected = [
        "PrunePropagationPolicy=foreground",
        "CreateNamespace=true",
        "ServerSideApply=true",
        "Validate=false",
    ];
    assert_eq!(spec.engine_sync_options(), expected);
    for bad in [
        "Replace=true",
        "Force=true",
        "Prune=confirm",
        "Delete=false",
        "SkipDryRunOnMissingResource=true",
        "x=y",
    ] {
        assert!(read(shop(json!({"syncOptions": [bad]}))).is_err(), "{bad}");
    }
}

#[test]
fn differences_are_named_by_pointer_or_owner_and_never_by_jq() {
    let difference = json!({"group": "apps", "kind": "Deployment", "jsonPointers": ["/spec/replicas", "/a~1b/~0c"],
        "managedFieldsManagers": ["kube-controller-manager"]});
    assert!(read(shop(json!({"ignoreDifferences": [difference]}))).is_ok());
    let jq = json!({"ignoreDifferences": [{"kind": "Secret", "jqPathExpressions": [".data"]}]});
    assert_eq!(mistakes(jq), expected(&[("/ignoreDifferences/0/jqPathExpressions", "unknown_field")]));
    for bad in ["", "spec", "/a~2", "/a~", "/a\n"] {
        let one = json!({"ignoreDifferences": [{"kind": "Secret", "jsonPointers": [bad]}]});
        assert!(read(shop(one)).is_err(), "{bad:?}");
    }
}

#[test]
fn a_deployment_has_a_largest_size() {
    let values = json!({"a": "x".repeat(20_000)});
    let source =
        json!({"repository": "https://github.com/acme/shop", "path": ".", "helm": {"values": values}});
    let sources = |count: usize| json!({"source": null, "sources": vec![source.clone(); count]});
    assert!(read(shop(sources(3))).is_ok());
    assert_eq!(mistakes(sources(4)), expected(&[("", "too_long")]));
}

/// How rows have looked since the first version. This text does not change: rows that look so exist.
const FIRST_ROW: &str = r#"{
    "version": "v1",
    "sources": [{"kind": "git", "repository": "https://github.com/acme/shop", "path": "apps/shop", "revision": "",
        "reference": null, "rendering": {"tool": "detected"}}],
    "destination": {"to": "environment", "environment": "prod", "namespace": "shop"},
    "policy": {"mode": "automated", "prune": true, "selfHeal": true, "allowEmpty": true},
    "suspended": false,
    "syncOptions": {"switches": {}, "propagation": null},
    "retry": null,
    "ignoreDifferences": [],
    "revisionHistoryLimit": 10,
    "labels": {}
}"#;

#[test]
fn rows_of_the_first_version_are_written_and_read_as_they_always_were() {
    let spec = read(shop(json!({}))).unwrap();
    let mut row: Value = serde_json::from_str(FIRST_ROW).unwrap();
    assert_eq!(Stored::of(&spec), row);
    row["later"] = json!("a field that a newer program of the same version wrote");
    assert_eq!(Stored::<DeploymentSpec>::read(row.clone()).unwrap(), spec);
    row["version"] = json!("v2");
    assert!(Stored::<DeploymentSpec>::read(row).is_err());
}

/// Bodies with a bit of everything, most of them good.
fn any_body() -> impl Strategy<Value = Value> {
    let source = prop_oneof![
        Just(json!({"repository": "git@github.com:acme/shop.git", "path": "/apps", "revision": "main"})),
        Just(
            json!({"repository": "https://github.com/acme/shop", "path": "a//b/", "ref": "files", "directory": {}})
        ),
        Just(json!({"repository": "https://charts.example.com/x", "chart": "nginx", "version": ">=1 <2",
            "helm": {"values": {"a": [1, {"b": null}]}, "parameters": [{"name": "a.b", "value": "c"}]}})),
        Just(json!({"repository": "oci://registry.example.com/app", "path": ".", "revision": "1.x",
            "kustomize": {"patches": [{"patch": "a: b", "target": {"kind": "Job"}}]}})),
    ];
    let sources = prop::collection::vec(source, 1..4);
    let policy = prop_oneof![
        Just(json!({"mode": "manual"})),
        (any::<bool>(), any::<Option<bool>>())
            .prop_map(|(prune, heal)| json!({"mode": "automated", "prune": prune, "selfHeal": heal})),
    ];
    let options = prop::collection::btree_set(
        prop::sample::select(vec![
            "CreateNamespace=true",
            "PruneLast=false",
            "PrunePropagationPolicy=orphan",
        ]),
        0..3,
    );
    let retry = prop_oneof![
        Just(json!(null)),
        (-1_i64..101, 1_i64..11).prop_map(
            |(limit, factor)| json!({"limit": limit, "backoff": {"factor": factor, "duration": "1m30s"}})
        ),
    ];
    (sources, policy, options, retry, 0_i64..21).prop_map(|(sources, policy, options, retry, history)| {
        json!({"sources": sources, "policy": policy, "syncOptions": options.into_iter().collect::<BTreeSet<_>>(),
            "retry": retry, "revisionHistoryLimit": history, "suspended": history % 2 == 0})
    })
}

proptest! {
    #[test]
    fn what_is_shown_and_what_is_stored_mean_the_same(body in any_body()) {
        let shape = Shape::<RawDeployment>::new();
        let raw = shape.read(body).unwrap();
        if let Ok(spec) = parse(raw, &custom_resources()) {
            let shown = serde_json::to_value(RawDeployment::from(&spec)).unwrap();
            prop_assert_eq!(&parse(shape.read(shown).unwrap(), &custom_resources()).unwrap(), &spec);
            prop_assert_eq!(Stored::<DeploymentSpec>::read(Stored::of(&spec)).unwrap(), spec);
        }
    }
}
