//! What a body may say about a source.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// Where manifests come from. With `chart` it is a Helm chart, with an `oci://` repository an OCI artifact, else a folder
/// of a Git repository.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RawSource {
    /// Address of the repository: `https://…`, `ssh://git@…`, `git@host:…`; for charts and artifacts also `oci://…`.
    pub repository: String,
    /// The folder, relative to the root of the repository; `.` is the root.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    /// A branch, a tag or a commit; the default branch if it is absent. For OCI artifacts: a tag or a digest.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub revision: Option<String>,
    /// A name that value files of other sources use: `$name/path`.
    #[serde(rename = "ref", skip_serializing_if = "Option::is_none")]
    pub reference: Option<String>,
    /// Name of a Helm chart in the repository.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub chart: Option<String>,
    /// Version of the chart, or a range: `1.2.3`, `^1.2`, `>=1.0 <2.0`, `*`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// The source is a Helm chart, rendered so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub helm: Option<RawHelm>,
    /// The source is a kustomization, rendered so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kustomize: Option<RawKustomize>,
    /// The source is plain files, read so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub directory: Option<RawDirectory>,
}

/// How Helm renders a chart.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RawHelm {
    /// Name of the release; the deployment's name if it is absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub release_name: Option<String>,
    /// Single values; they beat all others.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub parameters: Vec<RawHelmParameter>,
    /// Values; they beat the value files.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub values: Option<Map<String, Value>>,
    /// Files of values, relative to the chart, or `$ref/path` in another source. Later ones beat earlier ones.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub value_files: Vec<String>,
    /// Leave out value files that are not there.
    #[serde(default, skip_serializing_if = "is_false")]
    pub ignore_missing_value_files: bool,
    /// Leave out the chart's CRDs.
    #[serde(default, skip_serializing_if = "is_false")]
    pub skip_crds: bool,
}

/// One value.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RawHelmParameter {
    /// Path of the value: `image.tag`.
    pub name: String,
    /// The value.
    pub value: String,
    /// It is a string even if it looks like a number.
    #[serde(default, skip_serializing_if = "is_false")]
    pub force_string: bool,
}

/// How Kustomize renders a folder.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RawKustomize {
    /// Put before the names of all objects.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name_prefix: Option<String>,
    /// Put behind the names of all objects.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name_suffix: Option<String>,
    /// Other images: `name=new:tag`, `name:tag`, `name@digest`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub images: Vec<String>,
    /// Labels that all objects get.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub common_labels: BTreeMap<String, String>,
    /// Changes of objects.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub patches: Vec<RawPatch>,
    /// Other numbers of replicas.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub replicas: Vec<RawReplicas>,
}

/// A change of some objects.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RawPatch {
    /// A strategic merge patch or a JSON patch, as YAML or JSON.
    pub patch: String,
    /// Which objects. May be absent if the patch names its object.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub target: Option<RawPatchTarget>,
}

/// Which objects a patch is for: those that fit everything that is given.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RawPatchTarget {
    /// API group.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub group: Option<String>,
    /// API version.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// Kind.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
    /// Name, or a regular expression for it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Namespace, or a regular expression for it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub namespace: Option<String>,
    /// A label selector.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub label_selector: Option<String>,
    /// A selector of annotations.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub annotation_selector: Option<String>,
}

/// Another number of replicas.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RawReplicas {
    /// Of what.
    pub name: String,
    /// How many.
    pub count: i64,
}

/// How plain files are read.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RawDirectory {
    /// Folders in the folder, too.
    #[serde(default, skip_serializing_if = "is_false")]
    pub recurse: bool,
    /// Only files that fit this pattern: `*.yaml`, `{a,b}.yaml`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub include: Option<String>,
    /// No files that fit this pattern.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub exclude: Option<String>,
    /// How Jsonnet files are evaluated.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub jsonnet: Option<RawJsonnet>,
}

/// How Jsonnet files are evaluated.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RawJsonnet {
    /// External variables.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub ext_vars: Vec<RawJsonnetVariable>,
    /// Top-level arguments.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tlas: Vec<RawJsonnetVariable>,
    /// Folders of libraries, relative to the root of the repository.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub libs: Vec<String>,
}

/// A variable of Jsonnet.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RawJsonnetVariable {
    /// Its name.
    pub name: String,
    /// Its value.
    pub value: String,
    /// The value is an expression, not a string.
    #[serde(default, skip_serializing_if = "is_false")]
    pub code: bool,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes fields by reference")]
fn is_false(value: &bool) -> bool {
    !value
}
