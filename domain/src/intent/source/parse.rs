//! From what a body says to what it means.

use super::body::{RawDirectory, RawHelm, RawKustomize, RawSource};
use super::directory::DirectoryOptions;
use super::helm::{ChartName, HelmOptions, RefName};
use super::kustomize::KustomizeOptions;
use super::path::SourcePath;
use super::revision::{ArtifactRevision, GitRevision, VersionRange};
use super::{GitSource, HelmSource, OciSource, Rendering, Source};
use crate::field::{Code, Errors, Flaw, Pointer};
use crate::intent::repository_url::{Protocol, RepositoryUrl};
use crate::intent::terms::Terms;

/// More sources than that belong into several deployments.
const MOST_SOURCES: usize = 10;

/// Reads `source` or `sources`, of which there is exactly one.
pub(in crate::intent) fn parse_all(
    errors: &mut Errors,
    one: Option<RawSource>,
    several: Option<Vec<RawSource>>,
    terms: &Terms<'_>,
) -> Option<Vec<Source>> {
    match (one, several) {
        (Some(one), None) => {
            let place = errors.here().at("source");
            check_together(errors, std::slice::from_ref(&one), |_| place.clone());
            errors.inside("source", |errors| source(errors, one, terms)).map(|source| vec![source])
        }
        (None, Some(several)) if !several.is_empty() => {
            let list = errors.here().at("sources");
            if several.len() <= MOST_SOURCES {
                check_together(errors, &several, |index| list.index(index));
            }
            errors.each("sources", MOST_SOURCES, several, |errors, raw| source(errors, raw, terms))
        }
        (Some(_), Some(_)) => {
            errors.note("sources", Flaw::new(Code::Conflict, "give either `source` or `sources`"));
            None
        }
        (None, _) => {
            errors.note("source", Flaw::required("say where the manifests come from"));
            None
        }
    }
}

/// What can only be seen when one looks at all sources.
fn check_together(errors: &mut Errors, sources: &[RawSource], place: impl Fn(usize) -> Pointer) {
    let names: Vec<Option<&str>> = sources.iter().map(|source| source.reference.as_deref()).collect();
    for (index, source) in sources.iter().enumerate() {
        if names[index].is_some() && names[..index].contains(&names[index]) {
            let flaw = Flaw::new(Code::Duplicate, "another source has this `ref` already");
            errors.note_at(place(index).at("ref"), flaw);
        }
        let files = source.helm.iter().flat_map(|helm| &helm.value_files).enumerate();
        let elsewhere =
            files.filter_map(|(position, file)| Some((position, file.strip_prefix('$')?.split_once('/')?.0)));
        for (position, _) in elsewhere.filter(|(_, name)| !names.contains(&Some(*name))) {
            let flaw = Flaw::new(
                Code::NotFound,
                "no source has this `ref`; a Git source gets one by its field `ref`",
            );
            errors.note_at(place(index).at("helm").at("valueFiles").index(position), flaw);
        }
    }
    let lends_only = |source: &RawSource| {
        source.reference.is_some() && source.path.is_none() && source.chart.is_none() && !is_oci(source)
    };
    if sources.iter().all(lends_only) {
        let flaw = Flaw::required("name the folder; `.` is the root of the repository");
        errors.note_at(place(0).at("path"), flaw);
    }
}

fn source(errors: &mut Errors, raw: RawSource, terms: &Terms<'_>) -> Option<Source> {
    if raw.chart.is_some() {
        helm_source(errors, raw, terms).map(Source::Helm)
    } else if is_oci(&raw) {
        oci_source(errors, raw, terms).map(Source::Oci)
    } else {
        git_source(errors, raw, terms).map(Source::Git)
    }
}

fn is_oci(raw: &RawSource) -> bool {
    raw.repository.starts_with("oci://")
}

fn git_source(errors: &mut Errors, raw: RawSource, terms: &Terms<'_>) -> Option<GitSource> {
    absent(errors, "version", raw.version.as_ref(), "it goes with `chart`; a Git source has a `revision`");
    let repository = repository(&raw.repository, &[Protocol::Https, Protocol::Ssh], terms);
    let repository = errors.at("repository", repository.and_then(RepositoryUrl::with_path));
    let reference = errors.optional("ref", raw.reference, |raw| RefName::parse(&raw));
    let lends = matches!(reference, Some(Some(_)));
    let path = match raw.path {
        None if lends => Some(None),
        path => errors.at("path", SourcePath::parse(&path.unwrap_or_default(), terms.door)).map(Some),
    };
    let revision = errors.at("revision", GitRevision::parse(&raw.revision.unwrap_or_default()));
    let rendering = rendering(errors, raw.helm, raw.kustomize, raw.directory);
    Some(GitSource {
        repository: repository?,
        path: path?,
        revision: revision?,
        reference: reference?,
        rendering: rendering?,
    })
}

fn helm_source(errors: &mut Errors, raw: RawSource, terms: &Terms<'_>) -> Option<HelmSource> {
    let chart = "it does not go with `chart`; a chart has a `version` and `helm` options";
    absent(errors, "path", raw.path.as_ref(), chart);
    absent(errors, "revision", raw.revision.as_ref(), chart);
    absent(errors, "ref", raw.reference.as_ref(), chart);
    absent(errors, "kustomize", raw.kustomize.as_ref(), chart);
    absent(errors, "directory", raw.directory.as_ref(), chart);
    let repository = repository(&raw.repository, &[Protocol::Https, Protocol::Oci], terms);
    let repository = errors.at("repository", repository);
    let name = errors.at("chart", ChartName::parse(&raw.chart.unwrap_or_default()));
    let version = match raw.version {
        Some(version) => VersionRange::parse(&version),
        None => Err(Flaw::required("say which version; `*` is the newest")),
    };
    let version = errors.at("version", version);
    let options = errors.inside("helm", |errors| HelmOptions::parse(errors, raw.helm.unwrap_or_default()));
    Some(HelmSource { repository: repository?, chart: name?, version: version?, options: options? })
}

fn oci_source(errors: &mut Errors, raw: RawSource, terms: &Terms<'_>) -> Option<OciSource> {
    absent(errors, "version", raw.version.as_ref(), "it goes with `chart`; an OCI artifact has a `revision`");
    absent(errors, "ref", raw.reference.as_ref(), "only Git sources lend files to others");
    let repository = repository(&raw.repository, &[Protocol::Oci], terms);
    let repository = errors.at("repository", repository.and_then(RepositoryUrl::with_path));
    let path = errors.at("path", SourcePath::parse(raw.path.as_deref().unwrap_or_default(), terms.door));
    let revision = match raw.revision {
        Some(revision) => ArtifactRevision::parse(&revision),
        None => Err(Flaw::required("name a tag or a digest")),
    };
    let revision = errors.at("revision", revision);
    let rendering = rendering(errors, raw.helm, raw.kustomize, raw.directory);
    Some(OciSource { repository: repository?, path: path?, revision: revision?, rendering: rendering? })
}

fn absent<T>(errors: &mut Errors, key: &str, raw: Option<&T>, why: &str) {
    if raw.is_some() {
        errors.note(key, Flaw::new(Code::Conflict, why));
    }
}

fn repository(raw: &str, protocols: &[Protocol], terms: &Terms<'_>) -> Result<RepositoryUrl, Flaw> {
    let plain = terms.plain_http().then_some(Protocol::Http);
    let protocols: Vec<Protocol> = protocols.iter().copied().chain(plain).collect();
    RepositoryUrl::vetted(raw, &protocols, terms.egress)
}

fn rendering(
    errors: &mut Errors,
    helm: Option<RawHelm>,
    kustomize: Option<RawKustomize>,
    directory: Option<RawDirectory>,
) -> Option<Rendering> {
    let conflict = || Flaw::new(Code::Conflict, "give at most one of `helm`, `kustomize` and `directory`");
    match (helm, kustomize, directory) {
        (None, None, None) => Some(Rendering::Detected),
        (Some(raw), None, None) => {
            errors.inside("helm", |errors| HelmOptions::parse(errors, raw)).map(Rendering::Helm)
        }
        (None, Some(raw), None) => errors
            .inside("kustomize", |errors| KustomizeOptions::parse(errors, raw))
            .map(Rendering::Kustomize),
        (None, None, Some(raw)) => errors
            .inside("directory", |errors| DirectoryOptions::parse(errors, raw))
            .map(Rendering::Directory),
        (Some(_), Some(_), _) => {
            errors.note("kustomize", conflict());
            None
        }
        (_, _, Some(_)) => {
            errors.note("directory", conflict());
            None
        }
    }
}
