//! How Helm renders a chart.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::MOST_ENTRIES;
use super::body::{RawHelm, RawHelmParameter};
use super::path::RelativePath;
use crate::field::{Code, Errors, Flaw};
use crate::text::{block, checked_text, is_label};

/// Bytes of values, as JSON. Each entry of an Application's history repeats them.
const LONGEST_VALUES: usize = 32 * 1024;
/// Deeper values are no settings, and would be a burden to every reader.
const DEEPEST_VALUES: usize = 32;

checked_text!(
    /// A chart in a repository; in a registry it may have folders before it.
    ChartName,
    chart
);

checked_text!(
    /// A release of Helm.
    ReleaseName,
    |raw| if raw.len() <= 53 && is_label(raw) {
        Ok(())
    } else {
        Err(Flaw::malformed("a release name is 1 to 53 of `a-z`, `0-9` and `-`, and begins and ends with a letter or digit"))
    }
);

checked_text!(
    /// The path of one value: `image.tag`, `hosts[0].name`, `nodeSelector.kubernetes\.io/os`.
    ParameterName,
    parameter_name
);

checked_text!(
    /// One value.
    ParameterValue,
    parameter_value
);

checked_text!(
    /// What value files of other sources call a source.
    RefName,
    |raw| {
        let letter = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
        if (1..=63).contains(&raw.len()) && raw.bytes().all(letter) {
            Ok(())
        } else {
            Err(Flaw::malformed("a ref is 1 to 63 letters, digits, `-` and `_`; value files use it with `$` before it"))
        }
    }
);

/// How Helm renders a chart.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct HelmOptions {
    /// Name of the release. None: the deployment's name.
    pub release_name: Option<ReleaseName>,
    /// Single values; they beat all others.
    pub parameters: Vec<Parameter>,
    /// Values; they beat the files.
    pub values: Values,
    /// Files of values.
    pub value_files: Vec<ValueFile>,
    /// Leave out value files that are not there.
    pub ignore_missing_value_files: bool,
    /// Leave out the chart's CRDs.
    pub skip_crds: bool,
}

/// One value.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Parameter {
    /// Where it goes.
    pub name: ParameterName,
    /// What it is.
    pub value: ParameterValue,
    /// It is a string even if it looks like a number.
    pub force_string: bool,
}

/// Values of a chart. Empty: the chart's own.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Values(Map<String, Value>);

/// A file of values.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum ValueFile {
    /// Beside the chart.
    Beside(RelativePath),
    /// `$reference/path`: in another source.
    Elsewhere {
        /// Which source.
        reference: RefName,
        /// From its root.
        path: RelativePath,
    },
}

impl HelmOptions {
    /// Reads them.
    pub(super) fn parse(errors: &mut Errors, raw: RawHelm) -> Option<Self> {
        let release_name = errors.optional("releaseName", raw.release_name, |raw| ReleaseName::parse(&raw));
        let parameters =
            errors.each("parameters", MOST_ENTRIES, raw.parameters, |errors, raw: RawHelmParameter| {
                let name = errors.at("name", ParameterName::parse(&raw.name));
                let value = errors.at("value", ParameterValue::parse(&raw.value));
                Some(Parameter { name: name?, value: value?, force_string: raw.force_string })
            });
        let values = errors.optional("values", raw.values, Values::parse);
        let value_files = errors.each_text("valueFiles", MOST_ENTRIES, raw.value_files, ValueFile::parse);
        Some(Self {
            release_name: release_name?,
            parameters: parameters?,
            values: values?.unwrap_or_default(),
            value_files: value_files?,
            ignore_missing_value_files: raw.ignore_missing_value_files,
            skip_crds: raw.skip_crds,
        })
    }
}

impl From<&HelmOptions> for RawHelm {
    fn from(options: &HelmOptions) -> Self {
        let parameter = |parameter: &Parameter| RawHelmParameter {
            name: parameter.name.to_string(),
            value: parameter.value.to_string(),
            force_string: parameter.force_string,
        };
        Self {
            release_name: options.release_name.as_ref().map(ToString::to_string),
            parameters: options.parameters.iter().map(parameter).collect(),
            values: (!options.values.is_empty()).then(|| options.values.as_map().clone()),
            value_files: options.value_files.iter().cloned().map(String::from).collect(),
            ignore_missing_value_files: options.ignore_missing_value_files,
            skip_crds: options.skip_crds,
        }
    }
}

impl Values {
    /// Bounds them.
    pub fn parse(raw: Map<String, Value>) -> Result<Self, Flaw> {
        let values = Value::Object(raw);
        if depth(&values, DEEPEST_VALUES) {
            return Err(Flaw::new(Code::TooLong, format!("nest values at most {DEEPEST_VALUES} deep")));
        }
        if values.to_string().len() > LONGEST_VALUES {
            return Err(Flaw::new(
                Code::TooLong,
                format!(
                    "use at most {LONGEST_VALUES} bytes; larger values belong into a file of the repository"
                ),
            ));
        }
        match values {
            Value::Object(raw) => Ok(Self(raw)),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_) => {
                Ok(Self::default())
            }
        }
    }

    /// As they were given.
    #[must_use]
    pub fn as_map(&self) -> &Map<String, Value> {
        &self.0
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// Whether it is nested deeper than this.
fn depth(value: &Value, left: usize) -> bool {
    let Some(left) = left.checked_sub(1) else { return true };
    match value {
        Value::Object(members) => members.values().any(|member| depth(member, left)),
        Value::Array(entries) => entries.iter().any(|entry| depth(entry, left)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => false,
    }
}

impl ValueFile {
    /// Reads `path` or `$ref/path`.
    pub fn parse(raw: &str) -> Result<Self, Flaw> {
        let Some(elsewhere) = raw.strip_prefix('$') else {
            return RelativePath::parse(raw).map(Self::Beside);
        };
        let (reference, path) = elsewhere.split_once('/').ok_or_else(|| {
            Flaw::malformed("write `$ref/path/of/values.yaml`, with the `ref` of another source")
        })?;
        Ok(Self::Elsewhere { reference: RefName::parse(reference)?, path: RelativePath::parse(path)? })
    }
}

impl TryFrom<String> for ValueFile {
    type Error = Flaw;

    fn try_from(raw: String) -> Result<Self, Flaw> {
        Self::parse(&raw)
    }
}

impl From<ValueFile> for String {
    fn from(file: ValueFile) -> Self {
        match file {
            ValueFile::Beside(path) => path.into(),
            ValueFile::Elsewhere { reference, path } => format!("${reference}/{path}"),
        }
    }
}

fn chart(raw: &str) -> Result<(), Flaw> {
    let segment = |segment: &str| {
        segment.starts_with(|letter: char| letter.is_ascii_alphanumeric())
            && segment.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._-".contains(&byte))
            && !segment.contains("..")
    };
    if raw.len() > 250 || !raw.split('/').all(segment) {
        return Err(Flaw::malformed(
            "a chart's name is letters, digits, `-`, `_` and `.`, and begins with a letter or digit",
        ));
    }
    Ok(())
}

/// Helm reads a parameter as `name=value,name=value`: what would begin another one does not pass.
fn parameter_name(raw: &str) -> Result<(), Flaw> {
    let mut letters = raw.chars().peekable();
    let mut good = !raw.is_empty() && raw.len() <= 256 && !raw.starts_with('-');
    while let Some(letter) = letters.next() {
        good &= match letter {
            '\\' => letters.next_if_eq(&'.').is_some(),
            other => other.is_ascii_alphanumeric() || "_-./[]".contains(other),
        };
    }
    if good {
        return Ok(());
    }
    Err(Flaw::malformed(
        "a parameter's name is the path of one value: `image.tag`, `hosts[0].name`; a dot in a key is `\\.`",
    ))
}

fn parameter_value(raw: &str) -> Result<(), Flaw> {
    block(raw, 8 * 1024)?;
    if raw.contains("{{") {
        return Err(Flaw::malformed(
            "templates are not evaluated in parameters; write the value without `{{`",
        ));
    }
    if raw.contains("\\,") {
        return Err(Flaw::malformed("write commas without a backslash; they are escaped for you"));
    }
    Ok(())
}
