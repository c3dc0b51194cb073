//! How plain files are read.

use serde::{Deserialize, Serialize};

use super::MOST_ENTRIES;
use super::body::{RawDirectory, RawJsonnet, RawJsonnetVariable};
use super::path::RelativePath;
use crate::field::{Errors, Flaw};
use crate::text::{block, checked_text, line};

checked_text!(
    /// Which files: `*.yaml`, `{a,b}/*.yaml`.
    Pattern,
    |raw| {
        line(raw, 512)?;
        if raw.is_empty() || raw.starts_with('/') || raw.contains("..") || raw.contains('\\') {
            return Err(Flaw::malformed("give a pattern of files in the folder, as `*.yaml` or `{a,b}/*.yaml`"));
        }
        Ok(())
    }
);

checked_text!(
    /// A variable of Jsonnet.
    VariableName,
    |raw| {
        let letter = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-' || byte == b'.';
        if (1..=128).contains(&raw.len()) && raw.bytes().all(letter) {
            Ok(())
        } else {
            Err(Flaw::malformed("a variable's name is 1 to 128 letters, digits, `_`, `-` and `.`"))
        }
    }
);

checked_text!(
    /// What a variable is, or an expression for it.
    VariableValue,
    |raw| block(raw, 8 * 1024)
);

/// How plain files are read.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct DirectoryOptions {
    /// Folders in the folder, too.
    pub recurse: bool,
    /// Only these files. None: all.
    pub include: Option<Pattern>,
    /// Not these files. None: all.
    pub exclude: Option<Pattern>,
    /// How Jsonnet is evaluated.
    pub jsonnet: Jsonnet,
}

/// How Jsonnet is evaluated.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Jsonnet {
    /// External variables.
    pub ext_vars: Vec<JsonnetVariable>,
    /// Top-level arguments.
    pub tlas: Vec<JsonnetVariable>,
    /// Folders of libraries, from the root of the repository.
    pub libs: Vec<RelativePath>,
}

/// A variable of Jsonnet.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct JsonnetVariable {
    /// Its name.
    pub name: VariableName,
    /// What it is.
    pub value: VariableValue,
    /// The value is an expression, not a string.
    pub code: bool,
}

impl DirectoryOptions {
    /// Reads them.
    pub(super) fn parse(errors: &mut Errors, raw: RawDirectory) -> Option<Self> {
        let include = errors.optional("include", raw.include, |raw| Pattern::parse(&raw));
        let exclude = errors.optional("exclude", raw.exclude, |raw| Pattern::parse(&raw));
        let jsonnet =
            errors.inside("jsonnet", |errors| Jsonnet::parse(errors, raw.jsonnet.unwrap_or_default()));
        Some(Self { recurse: raw.recurse, include: include?, exclude: exclude?, jsonnet: jsonnet? })
    }
}

impl Jsonnet {
    fn parse(errors: &mut Errors, raw: RawJsonnet) -> Option<Self> {
        let ext_vars = errors
            .each("extVars", MOST_ENTRIES, raw.ext_vars, |errors, raw| JsonnetVariable::parse(errors, &raw));
        let tlas =
            errors.each("tlas", MOST_ENTRIES, raw.tlas, |errors, raw| JsonnetVariable::parse(errors, &raw));
        let libs = errors.each_text("libs", MOST_ENTRIES, raw.libs, RelativePath::parse);
        Some(Self { ext_vars: ext_vars?, tlas: tlas?, libs: libs? })
    }
}

impl JsonnetVariable {
    fn parse(errors: &mut Errors, raw: &RawJsonnetVariable) -> Option<Self> {
        let name = errors.at("name", VariableName::parse(&raw.name));
        let value = errors.at("value", VariableValue::parse(&raw.value));
        Some(Self { name: name?, value: value?, code: raw.code })
    }
}

impl From<&DirectoryOptions> for RawDirectory {
    fn from(options: &DirectoryOptions) -> Self {
        let jsonnet = &options.jsonnet;
        Self {
            recurse: options.recurse,
            include: options.include.as_ref().map(ToString::to_string),
            exclude: options.exclude.as_ref().map(ToString::to_string),
            jsonnet: (*jsonnet != Jsonnet::default()).then(|| RawJsonnet::from(jsonnet)),
        }
    }
}

impl From<&Jsonnet> for RawJsonnet {
    fn from(jsonnet: &Jsonnet) -> Self {
        let variable = |variable: &JsonnetVariable| RawJsonnetVariable {
            name: variable.name.to_string(),
            value: variable.value.to_string(),
            code: variable.code,
        };
        Self {
            ext_vars: jsonnet.ext_vars.iter().map(variable).collect(),
            tlas: jsonnet.tlas.iter().map(variable).collect(),
            libs: jsonnet.libs.iter().map(ToString::to_string).collect(),
        }
    }
}
