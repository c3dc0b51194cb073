//! A source as Argo CD has it. Nothing in it that Argo CD would take out again.

use serde_json::{Map, Value, json};

use super::{say, text, texts};
use crate::engine::observed::{Compared, SourceReport};
use crate::intent::deployment::{DeploymentSpec, Destination};
use crate::intent::repository_url::{Protocol, RepositoryUrl};
use crate::intent::source::{
    DirectoryOptions, GitSource, HelmOptions, HelmSource, Jsonnet, JsonnetVariable, KustomizeOptions,
    OciSource, Parameter, Patch, PatchTarget, Rendering, Replicas, Source, SourcePath,
};
use crate::text::Name;

/// What Helm takes for the name of a release.
const LONGEST_RELEASE: usize = 53;

/// One source of the deployment of this name.
pub(super) fn source(source: &Source, deployment: &Name) -> Value {
    match source {
        Source::Git(git) => git_source(git, deployment),
        Source::Helm(helm) => helm_source(helm, deployment),
        Source::Oci(oci) => oci_source(oci, deployment),
    }
}

/// How Argo CD spells the repository of a chart: registries without their protocol, which is how it knows them.
pub(super) fn chart_repository(url: &RepositoryUrl) -> &str {
    let declared = url.declared();
    match url.protocol() {
        Protocol::Oci => declared.strip_prefix("oci://").unwrap_or(declared),
        Protocol::Https | Protocol::Http | Protocol::Ssh => declared,
    }
}

/// Whether what an engine tells of a source is this one: the same folder or chart, in whatever revision.
#[must_use]
pub fn is_source(told: &SourceReport, source: &Source) -> bool {
    let (repository, path, chart) = match source {
        Source::Git(git) => {
            let path = git.path.as_ref().map(SourcePath::tidy);
            (git.repository.declared(), path.unwrap_or_default(), "")
        }
        Source::Helm(helm) => (chart_repository(&helm.repository), String::new(), helm.chart.as_str()),
        Source::Oci(oci) => (oci.repository.declared(), oci.path.tidy(), ""),
    };
    told.repository == repository && told.path == path && told.chart == chart
}

/// Whether what an engine compared is what this declares, as far as it tells: sources, their revisions, the namespace.
#[must_use]
pub fn is_compared(told: &Compared, spec: &DeploymentSpec) -> bool {
    let revision = |source: &Source| match source {
        Source::Git(git) => git.revision.or_head().to_owned(),
        Source::Helm(helm) => helm.version.as_str().to_owned(),
        Source::Oci(oci) => oci.revision.as_str().to_owned(),
    };
    let namespace = match &spec.destination {
        Destination::Implicit => true,
        Destination::Environment { namespace, .. } => told.namespace == namespace.as_str(),
    };
    let mut pairs = told.sources.iter().zip(&spec.sources);
    told.sources.len() == spec.sources.len()
        && pairs.all(|(told, source)| is_source(told, source) && told.revision == revision(source))
        && namespace
}

fn git_source(git: &GitSource, deployment: &Name) -> Value {
    let mut told = Map::new();
    say(&mut told, "repoURL", git.repository.declared());
    say(&mut told, "targetRevision", git.revision.or_head());
    say(&mut told, "path", git.path.as_ref().map_or(Value::Null, |path| path.tidy().into()));
    say(&mut told, "ref", text(git.reference.as_ref()));
    render(&mut told, &git.rendering, deployment);
    Value::Object(told)
}

fn helm_source(helm: &HelmSource, deployment: &Name) -> Value {
    let mut told = Map::new();
    say(&mut told, "repoURL", chart_repository(&helm.repository));
    say(&mut told, "chart", helm.chart.as_str());
    say(&mut told, "targetRevision", helm.version.as_str());
    say(&mut told, "helm", helm_options(&helm.options, deployment));
    Value::Object(told)
}

fn oci_source(oci: &OciSource, deployment: &Name) -> Value {
    let mut told = Map::new();
    say(&mut told, "repoURL", oci.repository.declared());
    say(&mut told, "targetRevision", oci.revision.as_str());
    say(&mut told, "path", oci.path.tidy());
    render(&mut told, &oci.rendering, deployment);
    Value::Object(told)
}

fn render(told: &mut Map<String, Value>, rendering: &Rendering, deployment: &Name) {
    match rendering {
        Rendering::Detected => {}
        Rendering::Helm(options) => say(told, "helm", helm_options(options, deployment)),
        Rendering::Kustomize(options) => say(told, "kustomize", kustomize_options(options)),
        Rendering::Directory(options) => say(told, "directory", directory_options(options)),
    }
}

/// The release has the deployment's name; left to itself, Argo CD takes the `Application`'s, as it does where the name is
/// none that Helm takes.
fn helm_options(options: &HelmOptions, deployment: &Name) -> Value {
    let usual = Some(deployment.as_str()).filter(|name| name.len() <= LONGEST_RELEASE);
    let release = options.release_name.as_ref().map_or(usual, |name| Some(name.as_str()));
    let mut told = Map::new();
    say(&mut told, "releaseName", release);
    say(&mut told, "parameters", options.parameters.iter().map(parameter).collect::<Vec<Value>>());
    if !options.values.is_empty() {
        // As text, and not as `valuesObject`: a null in it takes a value of the chart away, and the API server would drop it.
        say(&mut told, "values", Value::Object(options.values.as_map().clone()).to_string());
    }
    let files: Vec<String> = options.value_files.iter().cloned().map(String::from).collect();
    say(&mut told, "valueFiles", files);
    say(&mut told, "ignoreMissingValueFiles", options.ignore_missing_value_files);
    say(&mut told, "skipCrds", options.skip_crds);
    Value::Object(told)
}

fn parameter(parameter: &Parameter) -> Value {
    let mut told = Map::new();
    say(&mut told, "name", parameter.name.as_str());
    say(&mut told, "value", parameter.value.as_str());
    say(&mut told, "forceString", parameter.force_string);
    Value::Object(told)
}

fn kustomize_options(options: &KustomizeOptions) -> Value {
    let labels: Map<String, Value> =
        options.common_labels.iter().map(|(key, value)| (key.to_string(), value.as_str().into())).collect();
    let mut told = Map::new();
    say(&mut told, "namePrefix", text(options.name_prefix.as_ref()));
    say(&mut told, "nameSuffix", text(options.name_suffix.as_ref()));
    say(&mut told, "images", texts(&options.images));
    say(&mut told, "commonLabels", labels);
    say(&mut told, "patches", options.patches.iter().map(patch).collect::<Vec<Value>>());
    say(&mut told, "replicas", options.replicas.iter().map(replicas).collect::<Vec<Value>>());
    Value::Object(told)
}

fn patch(patch: &Patch) -> Value {
    let mut told = Map::new();
    say(&mut told, "patch", patch.patch.as_str());
    say(&mut told, "target", patch.target.as_ref().map_or(Value::Null, patch_target));
    Value::Object(told)
}

fn patch_target(target: &PatchTarget) -> Value {
    let mut told = Map::new();
    say(&mut told, "group", text(target.group.as_ref()));
    say(&mut told, "version", text(target.version.as_ref()));
    say(&mut told, "kind", text(target.kind.as_ref()));
    say(&mut told, "name", text(target.name.as_ref()));
    say(&mut told, "namespace", text(target.namespace.as_ref()));
    say(&mut told, "labelSelector", text(target.label_selector.as_ref()));
    say(&mut told, "annotationSelector", text(target.annotation_selector.as_ref()));
    Value::Object(told)
}

fn replicas(replicas: &Replicas) -> Value {
    json!({"name": replicas.name.as_str(), "count": replicas.count})
}

/// Without any option, Argo CD would take the block out and look what the folder is; all files is what no option means.
fn directory_options(options: &DirectoryOptions) -> Value {
    let mut told = Map::new();
    say(&mut told, "recurse", options.recurse);
    say(&mut told, "include", text(options.include.as_ref()));
    say(&mut told, "exclude", text(options.exclude.as_ref()));
    say(&mut told, "jsonnet", jsonnet(&options.jsonnet));
    if told.is_empty() {
        say(&mut told, "include", "*");
    }
    Value::Object(told)
}

fn jsonnet(jsonnet: &Jsonnet) -> Value {
    let mut told = Map::new();
    say(&mut told, "extVars", jsonnet.ext_vars.iter().map(variable).collect::<Vec<Value>>());
    say(&mut told, "tlas", jsonnet.tlas.iter().map(variable).collect::<Vec<Value>>());
    say(&mut told, "libs", texts(&jsonnet.libs));
    Value::Object(told)
}

/// Argo CD's schema wants both, also if the value is empty.
fn variable(variable: &JsonnetVariable) -> Value {
    let mut told = Map::new();
    told.insert("name".to_owned(), variable.name.as_str().into());
    told.insert("value".to_owned(), variable.value.as_str().into());
    say(&mut told, "code", variable.code);
    Value::Object(told)
}
