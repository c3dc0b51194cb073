//! Applications and projects, word for word.

use domain::engine::desired::{application, project};
use domain::engine::facts::namespace_of;
use domain::intent::deployment::Destination;
use domain::intent::environment::Reach;
use domain::text::Name;
use serde_json::{Value, json};

use super::scene::{self, ENVIRONMENT, TENANT};

fn told(body: Value) -> Value {
    application(&scene::deployment(body))["spec"].take()
}

#[test]
fn an_application_says_what_its_row_says_and_nothing_else() {
    let expected = json!({
        "apiVersion": "argoproj.io/v1alpha1",
        "kind": "Application",
        "metadata": {
            "name": "gitopsdepl-33333333-3333-4333-8333-333333333333",
            "namespace": "argocd-1",
            "labels": {
                "app.kubernetes.io/managed-by": "argosy",
                "argosy.dev/tenant": TENANT,
                "argosy.dev/resource": "33333333-3333-4333-8333-333333333333",
                "argosy.dev/generation": "3",
            },
            "annotations": {"argosy.dev/name": "shop"},
        },
        "spec": {
            "project": format!("app-project-{TENANT}"),
            "destination": {"name": format!("managed-env-{ENVIRONMENT}"), "namespace": "shop"},
            "source": {
                "repoURL": "https://git.example.com/team/shop",
                "path": "apps/shop",
                "targetRevision": "main",
            },
            "syncPolicy": {
                "automated": {"prune": true, "selfHeal": true, "allowEmpty": true},
                "syncOptions": ["PrunePropagationPolicy=background"],
                "retry": {
                    "limit": -1, "refresh": true,
                    "backoff": {"duration": "5s", "factor": 2, "maxDuration": "180s"},
                },
            },
            "revisionHistoryLimit": 10,
        },
    });
    assert_eq!(application(&scene::deployment(json!({"policy": {"mode": "automated"}}))), expected);
}

#[test]
fn a_manual_or_suspended_deployment_is_not_synced_by_itself() {
    let manual = told(json!({}));
    assert_eq!(manual["syncPolicy"].get("automated"), None);
    // Zero tries are said by silence: Argo CD's own types drop a zero.
    assert_eq!(manual["syncPolicy"]["retry"].get("limit"), None);
    let suspended = told(json!({"policy": {"mode": "automated"}, "suspended": true}));
    assert_eq!(suspended["syncPolicy"].get("automated"), None);
    let bare =
        json!({"policy": {"mode": "automated", "prune": false, "selfHeal": false, "allowEmpty": false}});
    assert_eq!(told(bare)["syncPolicy"]["automated"], json!({}));
}

/// Argo CD writes Applications whole, through types that drop what is false, zero or empty; and takes blocks out that say
/// nothing. What we say must survive that, or we would say it for ever.
#[test]
fn nothing_is_said_that_argo_cd_would_take_out() {
    let bodies = [
        json!({"source": {"repository": "https://h.example/a", "path": ".", "helm": {}}}),
        json!({"source": {"repository": "https://h.example/a", "path": ".", "kustomize": {}}}),
        json!({"source": {"repository": "https://h.example/a", "path": ".", "directory": {}}}),
        json!({"source": {"repository": "https://h.example/a", "path": ".", "directory": {"jsonnet": {}}}}),
        json!({"source": {"repository": "https://h.example/a", "path": ".",
            "helm": {"parameters": [{"name": "a", "value": ""}]}}}),
        json!({"policy": {"mode": "automated", "prune": false}, "retry": {"limit": 0}}),
        json!({"revisionHistoryLimit": 0}),
    ];
    for body in bodies {
        let spec = told(body);
        assert_eq!(empty(&spec, "spec"), Vec::<String>::new(), "{spec:#}");
    }
}

fn empty(value: &Value, at: &str) -> Vec<String> {
    match value {
        Value::Object(members) => members
            .iter()
            .flat_map(|(key, value)| {
                let at = format!("{at}.{key}");
                // Pointers in Argo CD's types: what they point to may be nothing.
                let kept = ["spec.revisionHistoryLimit", "spec.syncPolicy.automated"].contains(&at.as_str());
                let nothing =
                    [json!(false), json!(0), json!(""), json!([]), json!({}), Value::Null].contains(value);
                if nothing && !kept { vec![at] } else { empty(value, &at) }
            })
            .collect(),
        Value::Array(entries) => entries.iter().flat_map(|entry| empty(entry, at)).collect(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => Vec::new(),
    }
}

#[test]
fn a_chart_is_named_by_registry_without_protocol_and_rendered_under_the_deployments_name() {
    let source = json!({"repository": "oci://registry.example.com/charts", "chart": "redis", "version": "^1.2",
        "helm": {"values": {"replicas": 2, "persistence": null}, "valueFiles": ["values-prod.yaml"],
                 "parameters": [{"name": "a.b", "value": "true", "forceString": true}], "skipCrds": true}});
    let expected = json!({
        "repoURL": "registry.example.com/charts",
        "chart": "redis",
        "targetRevision": "^1.2",
        "helm": {
            "releaseName": "shop",
            "parameters": [{"name": "a.b", "value": "true", "forceString": true}],
            "values": r#"{"persistence":null,"replicas":2}"#,
            "valueFiles": ["values-prod.yaml"],
            "skipCrds": true,
        },
    });
    assert_eq!(told(json!({"source": source}))["source"], expected);
    let mut long = scene::deployment(json!({"source": source}));
    long.name = Name::parse(&"x".repeat(63)).unwrap();
    assert_eq!(application(&long)["spec"]["source"]["helm"].get("releaseName"), None);
}

#[test]
fn several_sources_may_lend_each_other_files() {
    let sources = json!([
        {"repository": "https://h.example/charts", "chart": "redis", "version": "1.2.3",
         "helm": {"valueFiles": ["$values/prod/values.yaml"], "releaseName": "cache"}},
        {"repository": "git@h.example:team/values", "ref": "values"},
    ]);
    let spec = told(json!({"sources": sources}));
    assert_eq!(spec.get("source"), None);
    let expected = json!([
        {"repoURL": "https://h.example/charts", "chart": "redis", "targetRevision": "1.2.3",
         "helm": {"valueFiles": ["$values/prod/values.yaml"], "releaseName": "cache"}},
        {"repoURL": "git@h.example:team/values", "ref": "values", "targetRevision": "HEAD"},
    ]);
    assert_eq!(spec["sources"], expected);
}

#[test]
fn kustomize_and_directories_are_told_in_full() {
    let source = |rendering: Value| {
        let mut source =
            json!({"repository": "oci://r.example.com/manifests", "path": "./a//b/", "revision": "v1"});
        source.as_object_mut().unwrap().extend(rendering.as_object().unwrap().clone());
        told(json!({"source": source}))["source"].take()
    };
    let kustomize = json!({"namePrefix": "p-", "nameSuffix": "-s", "images": ["nginx:1.2"], "commonLabels": {"a": "b"},
        "patches": [{"patch": "- op: remove", "target": {"kind": "Deployment", "labelSelector": "a=b"}}],
        "replicas": [{"name": "web", "count": 3}]});
    let told = source(json!({"kustomize": kustomize}));
    assert_eq!(told["kustomize"], kustomize);
    assert_eq!(
        (&told["repoURL"], &told["path"], &told["targetRevision"]),
        (&json!("oci://r.example.com/manifests"), &json!("a/b"), &json!("v1"))
    );
    let directory = json!({"recurse": true, "include": "*.yaml", "exclude": "x.yaml",
        "jsonnet": {"extVars": [{"name": "a", "value": "1", "code": true}], "tlas": [{"name": "b", "value": ""}], "libs": ["lib"]}});
    assert_eq!(source(json!({"directory": directory}))["directory"], directory);
    // That it is a heap of files is said, though nothing is said about them.
    assert_eq!(source(json!({"directory": {}}))["directory"], json!({"include": "*"}));
}

#[test]
fn differences_and_options_are_told() {
    let difference = json!({"group": "apps", "kind": "Deployment", "name": "web", "namespace": "shop",
        "jsonPointers": ["/spec/replicas"], "managedFieldsManagers": ["hpa"]});
    let spec = told(
        json!({"ignoreDifferences": [difference], "syncOptions": ["CreateNamespace=true", "PruneLast=false"],
        "revisionHistoryLimit": 3, "retry": {"limit": 2, "backoff": {"duration": "1m30s", "factor": 3, "maxDuration": "1h"}}}),
    );
    assert_eq!(spec["ignoreDifferences"], json!([difference]));
    assert_eq!(spec["syncPolicy"]["syncOptions"], json!(["CreateNamespace=true", "PruneLast=false"]));
    let retry = json!({"limit": 2, "backoff": {"duration": "90s", "factor": 3, "maxDuration": "3600s"}});
    assert_eq!(spec["syncPolicy"]["retry"], retry);
    assert_eq!(spec["revisionHistoryLimit"], 3);
}

#[test]
fn an_application_never_holds_a_sync_a_refresh_or_a_cascade() {
    let told = application(&scene::deployment(json!({"policy": {"mode": "automated"}})));
    assert_eq!(told.get("operation"), None);
    assert_eq!(told["metadata"].get("finalizers"), None);
    assert_eq!(told["metadata"]["annotations"], json!({"argosy.dev/name": "shop"}));
    assert_eq!(told["spec"]["destination"].get("server"), None);
}

#[test]
fn a_project_allows_what_is_declared_and_ends_with_what_is_inert() {
    let first = ENVIRONMENT.parse().unwrap();
    let second = "66666666-6666-4666-8666-666666666666".parse().unwrap();
    let repositories = [
        "https://h.example/b.git",
        "https://h.example/a",
        "https://h.example/b.git",
        "https://h.example/B",
        "oci://r.example/x",
    ];
    let environments =
        vec![(second, scene::namespaces(&["a"], false)), (first, scene::namespaces(&["b"], false))];
    let told = project(&scene::project(&repositories, environments));
    let expected = json!({
        "sourceRepos": ["https://h.example/B", "https://h.example/a", "https://h.example/b.git", "oci://r.example/x", "r.example/x"],
        "destinations": [
            {"name": "managed-env-66666666-6666-4666-8666-666666666666", "namespace": "*"},
            {"name": format!("managed-env-{ENVIRONMENT}"), "namespace": "*"},
            {"name": "in-cluster", "namespace": "*"},
        ],
    });
    assert_eq!(told["spec"], expected);
    assert_eq!(told["metadata"]["name"], format!("app-project-{TENANT}"));
    assert_eq!(told["metadata"]["labels"]["argosy.dev/resource"], TENANT);
}

#[test]
fn cluster_resources_are_allowed_only_if_an_environment_grants_them() {
    let everything = json!([{"group": "*", "kind": "*"}]);
    for (reach, expected) in [
        (Reach::Cluster, Some(&everything)),
        (scene::namespaces(&["a"], true), Some(&everything)),
        (scene::namespaces(&["a"], false), None),
    ] {
        let told = project(&scene::project(&[], vec![(ENVIRONMENT.parse().unwrap(), reach)]));
        assert_eq!(told["spec"].get("clusterResourceWhitelist"), expected);
    }
    assert_eq!(project(&scene::project(&[], vec![]))["spec"].get("sourceRepos"), None);
}

#[test]
fn a_tenants_own_namespace_is_the_one_its_environment_reaches() {
    let implicit = Destination::Implicit;
    let name = |reach: &Reach| namespace_of(&implicit, reach).map(|namespace| namespace.to_string());
    assert_eq!(name(&scene::namespaces(&["team"], false)), Some("team".to_owned()));
    assert_eq!(name(&scene::namespaces(&["a", "b"], false)), None);
    assert_eq!(name(&Reach::Cluster), None);
}
