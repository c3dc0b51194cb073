//! From what a source means back to the body that says it, with what was filled in.

use super::body::{RawDirectory, RawHelm, RawKustomize, RawSource};
use super::helm::HelmOptions;
use super::{GitSource, HelmSource, OciSource, Rendering, Source};

impl From<&Source> for RawSource {
    fn from(source: &Source) -> Self {
        match source {
            Source::Git(git) => git.into(),
            Source::Helm(helm) => helm.into(),
            Source::Oci(oci) => oci.into(),
        }
    }
}

impl From<&GitSource> for RawSource {
    fn from(git: &GitSource) -> Self {
        let revision = git.revision.as_str();
        Self {
            repository: git.repository.to_string(),
            path: git.path.as_ref().map(ToString::to_string),
            revision: (!revision.is_empty()).then(|| revision.to_owned()),
            reference: git.reference.as_ref().map(ToString::to_string),
            ..Self::rendered(&git.rendering)
        }
    }
}

impl From<&HelmSource> for RawSource {
    fn from(helm: &HelmSource) -> Self {
        let options = (helm.options != HelmOptions::default()).then(|| RawHelm::from(&helm.options));
        Self {
            repository: helm.repository.to_string(),
            chart: Some(helm.chart.to_string()),
            version: Some(helm.version.to_string()),
            helm: options,
            ..Self::default()
        }
    }
}

impl From<&OciSource> for RawSource {
    fn from(oci: &OciSource) -> Self {
        Self {
            repository: oci.repository.to_string(),
            path: Some(oci.path.to_string()),
            revision: Some(oci.revision.to_string()),
            ..Self::rendered(&oci.rendering)
        }
    }
}

impl RawSource {
    fn rendered(rendering: &Rendering) -> Self {
        match rendering {
            Rendering::Detected => Self::default(),
            Rendering::Helm(options) => Self { helm: Some(RawHelm::from(options)), ..Self::default() },
            Rendering::Kustomize(options) => {
                Self { kustomize: Some(RawKustomize::from(options)), ..Self::default() }
            }
            Rendering::Directory(options) => {
                Self { directory: Some(RawDirectory::from(options)), ..Self::default() }
            }
        }
    }
}
