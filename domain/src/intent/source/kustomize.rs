//! How Kustomize renders a folder.

use serde::{Deserialize, Serialize};

use super::MOST_ENTRIES;
use super::body::{RawKustomize, RawPatch, RawPatchTarget, RawReplicas};
use crate::field::{Code, Errors, Flaw};
use crate::text::{LabelKey, LabelValue, Labels, Name, block, checked_text, labels, line};

checked_text!(
    /// An image to take instead: `name=new:tag`, `name:tag`, `name@digest`.
    Image,
    image
);

checked_text!(
    /// Put before or behind the names of objects.
    Affix,
    |raw| {
        let letter = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-' || byte == b'.';
        if (1..=63).contains(&raw.len()) && raw.bytes().all(letter) {
            Ok(())
        } else {
            Err(Flaw::malformed("use 1 to 63 of `a-z`, `0-9`, `-` and `.`, since it becomes part of names"))
        }
    }
);

checked_text!(
    /// A patch, as YAML or JSON.
    PatchText,
    patch
);

checked_text!(
    /// A part of what a patch is for.
    TargetText,
    |raw| {
        line(raw, 253)?;
        if is_engine_group(raw) { Err(engine_kinds()) } else { Ok(()) }
    }
);

/// How Kustomize renders a folder.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct KustomizeOptions {
    /// Put before the names of all objects. None: nothing.
    pub name_prefix: Option<Affix>,
    /// Put behind the names of all objects. None: nothing.
    pub name_suffix: Option<Affix>,
    /// Images to take instead.
    pub images: Vec<Image>,
    /// Labels that all objects get.
    pub common_labels: Labels,
    /// Changes of objects.
    pub patches: Vec<Patch>,
    /// Other numbers of replicas.
    pub replicas: Vec<Replicas>,
}

/// A change of some objects.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Patch {
    /// What is changed.
    pub patch: PatchText,
    /// Of which objects. None: of the one that the patch names.
    pub target: Option<PatchTarget>,
}

/// Objects that fit everything that is said. None: whatever it is.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct PatchTarget {
    /// API group.
    pub group: Option<TargetText>,
    /// API version.
    pub version: Option<TargetText>,
    /// Kind.
    pub kind: Option<TargetText>,
    /// Name, or a regular expression for it.
    pub name: Option<TargetText>,
    /// Namespace, or a regular expression for it.
    pub namespace: Option<TargetText>,
    /// A label selector.
    pub label_selector: Option<TargetText>,
    /// A selector of annotations.
    pub annotation_selector: Option<TargetText>,
}

/// Another number of replicas.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Replicas {
    /// Of what.
    pub name: Name,
    /// How many.
    pub count: u16,
}

impl KustomizeOptions {
    /// Reads them.
    pub(super) fn parse(errors: &mut Errors, raw: RawKustomize) -> Option<Self> {
        let name_prefix = errors.optional("namePrefix", raw.name_prefix, |raw| Affix::parse(&raw));
        let name_suffix = errors.optional("nameSuffix", raw.name_suffix, |raw| Affix::parse(&raw));
        let images = errors.each_text("images", MOST_ENTRIES, raw.images, Image::parse);
        let common_labels = labels(errors, "commonLabels", raw.common_labels);
        let patches = errors.each("patches", MOST_ENTRIES, raw.patches, |errors, raw: RawPatch| {
            let patch = errors.at("patch", PatchText::parse(&raw.patch));
            let target = match raw.target {
                Some(raw) => errors.inside("target", |errors| PatchTarget::parse(errors, raw)).map(Some),
                None => Some(None),
            };
            Some(Patch { patch: patch?, target: target? })
        });
        let replicas = errors.each("replicas", MOST_ENTRIES, raw.replicas, |errors, raw: RawReplicas| {
            let name = errors.at("name", Name::parse(&raw.name));
            let count = u16::try_from(raw.count)
                .map_err(|_| Flaw::new(Code::OutOfRange, format!("give a number from 0 to {}", u16::MAX)));
            let count = errors.at("count", count);
            Some(Replicas { name: name?, count: count? })
        });
        Some(Self {
            name_prefix: name_prefix?,
            name_suffix: name_suffix?,
            images: images?,
            common_labels: common_labels?,
            patches: patches?,
            replicas: replicas?,
        })
    }
}

impl PatchTarget {
    fn parse(errors: &mut Errors, raw: RawPatchTarget) -> Option<Self> {
        let mut read =
            |key: &str, raw: Option<String>| errors.optional(key, raw, |raw| TargetText::parse(&raw));
        let target = (
            read("group", raw.group),
            read("version", raw.version),
            read("kind", raw.kind),
            read("name", raw.name),
            read("namespace", raw.namespace),
            read("labelSelector", raw.label_selector),
            read("annotationSelector", raw.annotation_selector),
        );
        Some(Self {
            group: target.0?,
            version: target.1?,
            kind: target.2?,
            name: target.3?,
            namespace: target.4?,
            label_selector: target.5?,
            annotation_selector: target.6?,
        })
    }
}

impl From<&KustomizeOptions> for RawKustomize {
    fn from(options: &KustomizeOptions) -> Self {
        let patch = |patch: &Patch| RawPatch {
            patch: patch.patch.to_string(),
            target: patch.target.as_ref().map(RawPatchTarget::from),
        };
        let replicas = |replicas: &Replicas| RawReplicas {
            name: replicas.name.to_string(),
            count: replicas.count.into(),
        };
        let label = |(key, value): (&LabelKey, &LabelValue)| (key.to_string(), value.to_string());
        Self {
            name_prefix: options.name_prefix.as_ref().map(ToString::to_string),
            name_suffix: options.name_suffix.as_ref().map(ToString::to_string),
            images: options.images.iter().map(ToString::to_string).collect(),
            common_labels: options.common_labels.iter().map(label).collect(),
            patches: options.patches.iter().map(patch).collect(),
            replicas: options.replicas.iter().map(replicas).collect(),
        }
    }
}

impl From<&PatchTarget> for RawPatchTarget {
    fn from(target: &PatchTarget) -> Self {
        let shown = |text: &Option<TargetText>| text.as_ref().map(ToString::to_string);
        Self {
            group: shown(&target.group),
            version: shown(&target.version),
            kind: shown(&target.kind),
            name: shown(&target.name),
            namespace: shown(&target.namespace),
            label_selector: shown(&target.label_selector),
            annotation_selector: shown(&target.annotation_selector),
        }
    }
}

fn image(raw: &str) -> Result<(), Flaw> {
    let letter = |byte: u8| byte.is_ascii_alphanumeric() || b"._-/:@=".contains(&byte);
    let begins = raw.starts_with(|letter: char| letter.is_ascii_alphanumeric());
    if begins && raw.len() <= 512 && raw.bytes().all(letter) && raw.matches('=').count() <= 1 {
        return Ok(());
    }
    Err(Flaw::malformed("write `name=new:tag`, `name:tag` or `name@sha256:…`"))
}

fn patch(raw: &str) -> Result<(), Flaw> {
    if raw.trim().is_empty() {
        return Err(Flaw::required("give the patch"));
    }
    block(raw, 16 * 1024)?;
    if raw.to_ascii_lowercase().contains("argoproj.io/v") {
        return Err(engine_kinds());
    }
    Ok(())
}

fn is_engine_group(raw: &str) -> bool {
    raw.to_ascii_lowercase().ends_with("argoproj.io")
}

fn engine_kinds() -> Flaw {
    Flaw::forbidden("objects of `argoproj.io` are the platform's, and are not patched")
}
