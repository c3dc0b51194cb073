//! Sources: which kinds there are, and that nothing in them reaches further than it should.

use domain::field::FieldError;
use domain::intent::Terms;
use domain::intent::deployment::{DeploymentSpec, RawDeployment, parse};
use domain::intent::source::{RawSource, Rendering, Source, ValueFile};
use serde_json::{Value, json};

use super::terms::{custom_resources, expected, places, rest, sandbox};

fn read_with(sources: Value, terms: &Terms<'_>) -> Result<DeploymentSpec, Vec<FieldError>> {
    let mut body =
        json!({"policy": {"mode": "manual"}, "destination": {"environment": "prod", "namespace": "shop"}});
    body["sources"] = sources;
    let raw: RawDeployment = serde_json::from_value(body).unwrap();
    parse(raw, terms)
}

fn read(sources: Value) -> Result<DeploymentSpec, Vec<FieldError>> {
    read_with(sources, &rest())
}

fn one(source: Value) -> Source {
    read(Value::Array(vec![source])).unwrap().sources.pop().unwrap()
}

fn mistakes(sources: Value) -> Vec<(String, &'static str)> {
    places(&read(sources).unwrap_err())
}

const REPOSITORY: &str = "https://github.com/acme/shop";

#[test]
fn a_source_is_git_helm_or_oci_by_what_it_says() {
    let Source::Git(git) = one(json!({"repository": REPOSITORY, "path": "apps"})) else { panic!() };
    assert_eq!((git.revision.or_head(), git.rendering), ("HEAD", Rendering::Detected));

    let Source::Helm(helm) =
        one(json!({"repository": "https://charts.example.com", "chart": "nginx", "version": "^1.2"}))
    else {
        panic!()
    };
    assert_eq!((helm.chart.as_str(), helm.version.as_str()), ("nginx", "^1.2"));

    let registry =
        json!({"repository": "oci://registry.example.com/charts", "chart": "nginx", "version": "*"});
    assert!(matches!(one(registry), Source::Helm(_)));

    let artifact = json!({"repository": "oci://registry.example.com/app", "path": ".", "revision": "v1"});
    assert!(matches!(one(artifact), Source::Oci(_)));
}

#[test]
fn what_does_not_go_together_is_named_field_by_field() {
    let chart = json!([{"repository": "git@github.com:acme/shop", "chart": "nginx", "path": "x", "revision": "main",
        "ref": "r", "kustomize": {}, "directory": {}}]);
    assert_eq!(
        mistakes(chart),
        expected(&[
            ("/sources/0/repository", "malformed"),
            ("/sources/0/path", "conflict"),
            ("/sources/0/revision", "conflict"),
            ("/sources/0/ref", "conflict"),
            ("/sources/0/kustomize", "conflict"),
            ("/sources/0/directory", "conflict"),
            ("/sources/0/version", "required"),
        ])
    );
    assert_eq!(
        mistakes(json!([{"repository": REPOSITORY, "version": "1.x"}])),
        expected(&[("/sources/0/version", "conflict"), ("/sources/0/path", "required")])
    );
    assert_eq!(
        mistakes(
            json!([{"repository": REPOSITORY, "path": ".", "helm": {}, "kustomize": {}, "directory": {}}])
        ),
        expected(&[("/sources/0/kustomize", "conflict")])
    );
    assert_eq!(
        mistakes(json!([{"repository": "oci://registry.example.com/app", "ref": "x"}])),
        expected(&[
            ("/sources/0/ref", "conflict"),
            ("/sources/0/path", "required"),
            ("/sources/0/revision", "required"),
        ])
    );
}

#[test]
fn value_files_come_from_beside_the_chart_or_from_a_source_with_a_ref() {
    let chart = json!({"repository": "https://charts.example.com", "chart": "nginx", "version": "1.0.0",
        "helm": {"valueFiles": ["values.yaml", "$files/prod/values.yaml"]}});
    let spec = read(json!([chart, {"repository": REPOSITORY, "ref": "files"}])).unwrap();
    let files = &spec.sources[0].helm().unwrap().value_files;
    assert!(matches!(&files[0], ValueFile::Beside(path) if path.as_str() == "values.yaml"));
    assert!(matches!(&files[1], ValueFile::Elsewhere { reference, path }
        if reference.as_str() == "files" && path.as_str() == "prod/values.yaml"));

    assert_eq!(mistakes(json!([chart])), expected(&[("/sources/0/helm/valueFiles/1", "not_found")]));
}

#[test]
fn only_charts_are_at_the_root_of_a_host() {
    for source in [
        json!({"repository": "https://github.com", "path": "."}),
        json!({"repository": "https://github.com/.git", "path": "."}),
        json!({"repository": "oci://registry.example.com/", "path": ".", "revision": "v1"}),
    ] {
        assert_eq!(mistakes(json!([source])), expected(&[("/sources/0/repository", "malformed")]));
    }
}

#[test]
fn refs_are_unique_and_somebody_has_to_render_something() {
    let lends = json!({"repository": REPOSITORY, "ref": "files"});
    assert_eq!(
        mistakes(json!([lends, lends])),
        expected(&[("/sources/1/ref", "duplicate"), ("/sources/0/path", "required")])
    );
}

#[test]
fn i3_no_path_leads_out_of_the_checkout() {
    for bad in
        ["../x", "a/../../b", "/etc/passwd", "%2e%2e/x", "..", "a\\..\\b", ".git/config", "https://x/y", ""]
    {
        assert!(read(json!([{"repository": REPOSITORY, "path": bad}])).is_err(), "{bad}");
        let libs =
            json!([{"repository": REPOSITORY, "path": ".", "directory": {"jsonnet": {"libs": [bad]}}}]);
        assert_eq!(mistakes(libs)[0].0, "/sources/0/directory/jsonnet/libs/0", "{bad}");
        for file in [bad.to_owned(), format!("$files/{bad}")] {
            let with_file = json!([
                {"repository": REPOSITORY, "path": "chart", "helm": {"valueFiles": [file]}},
                {"repository": REPOSITORY, "ref": "files"},
            ]);
            assert_eq!(mistakes(with_file)[0].0, "/sources/0/helm/valueFiles/0", "{file}");
        }
    }
    for bad in ["$files", "$", "$../x", "$a b/c"] {
        let with_file = json!([{"repository": REPOSITORY, "path": ".", "helm": {"valueFiles": [bad]}}]);
        assert!(read(with_file).is_err(), "{bad}");
    }
}

#[test]
fn i2_and_i4_no_repository_or_revision_is_an_option_or_a_file() {
    for repository in ["file:///srv/git", "--upload-pack=x", "ext::sh -c x", "git://h/r", "https://u:p@h/r"] {
        assert_eq!(mistakes(json!([{"repository": repository, "path": "."}]))[0].0, "/sources/0/repository");
    }
    let long = "a".repeat(10_000);
    for revision in ["--foo", "refs/../..", "a\nb", long.as_str()] {
        let source = json!([{"repository": REPOSITORY, "path": ".", "revision": revision}]);
        assert_eq!(mistakes(source)[0].0, "/sources/0/revision");
    }
}

#[test]
fn i5_parameters_and_patches_do_not_say_more_than_they_seem_to() {
    let helm = |helm: Value| mistakes(json!([{"repository": REPOSITORY, "path": ".", "helm": helm}]));
    for name in ["a=b,c", "a,b", "{{x}}", "", "a b", "-a", "a\\,b", "a\\", "a\n"] {
        let found = helm(json!({"parameters": [{"name": name, "value": "x"}]}));
        assert_eq!(found, expected(&[("/sources/0/helm/parameters/0/name", "malformed")]), "{name}");
    }
    for value in ["{{ .Values.x }}", "a\\,b=c", "a\0b"] {
        let found = helm(json!({"parameters": [{"name": "a", "value": value}]}));
        assert_eq!(found, expected(&[("/sources/0/helm/parameters/0/value", "malformed")]), "{value}");
    }
    let kustomize = |options: Value| {
        read(json!([{"repository": REPOSITORY, "path": ".", "kustomize": options}])).is_err()
    };
    assert!(kustomize(json!({"patches": [{"patch": "x: 1", "target": {"group": "ArgoProj.io"}}]})));
    assert!(kustomize(
        json!({"patches": [{"patch": "apiVersion: argoproj.io/v1alpha1\nkind: Application"}]})
    ));
    assert!(!kustomize(
        json!({"patches": [{"patch": "metadata: {annotations: {argocd.argoproj.io/sync-wave: '1'}}"}]})
    ));
    for image in ["--x", "a=b=c", "a b", "$(x)", ""] {
        assert!(kustomize(json!({"images": [image]})), "{image}");
    }
    assert!(
        kustomize(json!({"namePrefix": "-$(x)"}))
            && kustomize(json!({"replicas": [{"name": "a", "count": -1}]}))
    );
}

#[test]
fn ordinary_options_are_taken() {
    let source = json!({"repository": REPOSITORY, "path": "chart", "helm": {"releaseName": "shop", "skipCrds": true,
        "parameters": [
            {"name": "image.tag", "value": "1.2", "forceString": true},
            {"name": "hosts[0].name", "value": "{a,b}"},
            {"name": "nodeSelector.kubernetes\\.io/os", "value": "linux"}],
        "values": {"a": {"b": [1, 2.5, null, "x"]}}}});
    let Source::Git(git) = one(source) else { panic!() };
    assert!(matches!(git.rendering, Rendering::Helm(options) if options.parameters.len() == 3));

    let source = json!({"repository": REPOSITORY, "path": "overlay", "kustomize": {"namePrefix": "blue-",
        "images": ["nginx:1.27", "old=registry.example.com:5000/new@sha256:00"], "commonLabels": {"a.b/c": "d"},
        "patches": [{"patch": "- op: remove\n  path: /spec", "target": {"kind": "Deployment", "name": "web.*"}}],
        "replicas": [{"name": "web", "count": 3}]}});
    assert!(matches!(one(source), Source::Git(git) if matches!(git.rendering, Rendering::Kustomize(_))));

    let source = json!({"repository": REPOSITORY, "path": ".", "directory": {"recurse": true, "include": "{a,b}/*.yaml",
        "jsonnet": {"extVars": [{"name": "env", "value": "prod"}], "tlas": [{"name": "n", "value": "3", "code": true}],
            "libs": ["vendor"]}}});
    assert!(matches!(one(source), Source::Git(git) if matches!(git.rendering, Rendering::Directory(_))));
}

#[test]
fn lists_and_values_are_bounded() {
    let source = json!({"repository": REPOSITORY, "path": "."});
    assert_eq!(mistakes(Value::Array(vec![source; 11])), expected(&[("/sources", "too_many")]));

    let with_values = |values: Value| {
        mistakes(json!([{"repository": REPOSITORY, "path": ".", "helm": {"values": values}}]))
    };
    assert_eq!(
        with_values(json!({"a": "x".repeat(40_000)})),
        expected(&[("/sources/0/helm/values", "too_long")])
    );
    let deep = (0..40).fold(json!(1), |inner, _| json!({"a": inner}));
    assert_eq!(with_values(deep), expected(&[("/sources/0/helm/values", "too_long")]));

    let files = vec!["a.yaml"; 101];
    let found = mistakes(json!([{"repository": REPOSITORY, "path": ".", "helm": {"valueFiles": files}}]));
    assert_eq!(found, expected(&[("/sources/0/helm/valueFiles", "too_many")]));
}

#[test]
fn custom_resources_may_have_a_slash_before_the_path() {
    let sources = json!([{"repository": REPOSITORY, "path": "/app"}]);
    let Source::Git(git) = read_with(sources.clone(), &custom_resources()).unwrap().sources.remove(0) else {
        panic!()
    };
    let path = git.path.unwrap();
    assert_eq!((path.declared(), path.tidy().as_str()), ("/app", "app"));
    assert!(read(sources).is_err());
}

#[test]
fn repositories_without_tls_exist_only_in_the_sandbox() {
    let sources = json!([{"repository": "http://127.0.0.1:8080/shop.git", "path": "."}]);
    assert!(read_with(sources.clone(), &sandbox()).is_ok());
    assert_eq!(mistakes(sources), expected(&[("/sources/0/repository", "malformed")]));
    let elsewhere = read_with(json!([{"repository": REPOSITORY, "path": "."}]), &sandbox()).unwrap_err();
    assert_eq!(places(&elsewhere), expected(&[("/sources/0/repository", "forbidden")]));
}

#[test]
fn what_is_shown_reads_as_what_it_was_made_of() {
    for source in [
        json!({"repository": "git@github.com:acme/shop.git", "path": "./apps/", "revision": "v1", "ref": "x"}),
        json!({"repository": REPOSITORY, "ref": "files"}),
        json!({"repository": "oci://registry.example.com/app", "path": ".", "revision": "v1", "kustomize": {}}),
        json!({"repository": "https://charts.example.com", "chart": "nginx", "version": "*", "helm": {"skipCrds": true}}),
    ] {
        let raw: RawSource = serde_json::from_value(source.clone()).unwrap();
        let spec = read(json!([source, {"repository": REPOSITORY, "path": "."}])).unwrap();
        assert_eq!(
            serde_json::to_value(RawSource::from(&spec.sources[0])).unwrap(),
            serde_json::to_value(raw).unwrap()
        );
    }
}
