//! Where manifests come from: a folder of a Git repository, a Helm chart, an OCI artifact; and how they are rendered.
//!
//! Nothing in here reaches out of the checkout or onto the command line of a tool: paths are relative and stay below,
//! names have the letters of names.

mod body;
mod directory;
mod helm;
mod kustomize;
mod parse;
mod path;
mod revision;
mod shown;

use serde::{Deserialize, Serialize};

pub use body::{
    RawDirectory, RawHelm, RawHelmParameter, RawJsonnet, RawJsonnetVariable, RawKustomize, RawPatch,
    RawPatchTarget, RawReplicas, RawSource,
};
pub use directory::{DirectoryOptions, Jsonnet, JsonnetVariable, Pattern, VariableName, VariableValue};
pub use helm::{
    ChartName, HelmOptions, Parameter, ParameterName, ParameterValue, RefName, ReleaseName, ValueFile, Values,
};
pub use kustomize::{Affix, Image, KustomizeOptions, Patch, PatchTarget, PatchText, Replicas, TargetText};
pub(super) use parse::parse_all;
pub use path::{RelativePath, SourcePath};
pub use revision::{ArtifactRevision, GitRevision, VersionRange};

use super::repository_url::RepositoryUrl;

/// Entries of any list in a source.
const MOST_ENTRIES: usize = 100;

/// One source of manifests.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Source {
    /// A folder of a Git repository.
    Git(GitSource),
    /// A chart of a Helm repository, or of an OCI registry.
    Helm(HelmSource),
    /// A folder of an OCI artifact.
    Oci(OciSource),
}

/// A folder of a Git repository.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct GitSource {
    /// Which repository.
    pub repository: RepositoryUrl,
    /// Which folder. None: it renders nothing, and only lends its files to other sources under `reference`.
    pub path: Option<SourcePath>,
    /// Which state of it.
    pub revision: GitRevision,
    /// What value files of other sources call it. None: they cannot name it.
    pub reference: Option<RefName>,
    /// With which tool.
    pub rendering: Rendering,
}

/// A chart.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct HelmSource {
    /// Where charts are.
    pub repository: RepositoryUrl,
    /// Which one.
    pub chart: ChartName,
    /// Which versions of it; the newest of them is taken.
    pub version: VersionRange,
    /// How it is rendered.
    pub options: HelmOptions,
}

/// A folder of an OCI artifact.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct OciSource {
    /// Which artifact.
    pub repository: RepositoryUrl,
    /// Which folder in it.
    pub path: SourcePath,
    /// Which state of it.
    pub revision: ArtifactRevision,
    /// With which tool.
    pub rendering: Rendering,
}

/// With which tool a folder becomes manifests.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "tool", rename_all = "snake_case")]
pub enum Rendering {
    /// Whatever the folder looks like.
    #[default]
    Detected,
    /// It is a chart.
    Helm(HelmOptions),
    /// It is a kustomization.
    Kustomize(KustomizeOptions),
    /// It is a heap of files.
    Directory(DirectoryOptions),
}

impl Source {
    /// Which repository.
    #[must_use]
    pub fn repository(&self) -> &RepositoryUrl {
        match self {
            Self::Git(git) => &git.repository,
            Self::Helm(helm) => &helm.repository,
            Self::Oci(oci) => &oci.repository,
        }
    }

    /// What value files of other sources call it.
    #[must_use]
    pub fn reference(&self) -> Option<&RefName> {
        match self {
            Self::Git(git) => git.reference.as_ref(),
            Self::Helm(_) | Self::Oci(_) => None,
        }
    }

    /// Its Helm options, if it is rendered by Helm for sure.
    #[must_use]
    pub fn helm(&self) -> Option<&HelmOptions> {
        let rendering = match self {
            Self::Git(git) => &git.rendering,
            Self::Helm(helm) => return Some(&helm.options),
            Self::Oci(oci) => &oci.rendering,
        };
        match rendering {
            Rendering::Helm(options) => Some(options),
            Rendering::Detected | Rendering::Kustomize(_) | Rendering::Directory(_) => None,
        }
    }
}
