//! Which resources of a deployment are meant.

use serde::{Deserialize, Serialize};

use super::body::RawSelection;
use crate::field::{Code, Errors, Flaw};
use crate::intent::deployment::{ApiGroup, Kind};
use crate::text::{Namespace, checked_text, line};

checked_text!(
    /// The name of an object: not all kinds have DNS names, as `system:controller:x`.
    ObjectName,
    |raw| {
        line(raw, 253)?;
        if raw.is_empty() || raw.contains('/') || raw.contains('%') || raw == "." || raw == ".." {
            return Err(Flaw::malformed("give the name of an object, without `/` and `%`"));
        }
        Ok(())
    }
);

/// One resource of a deployment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Selection {
    /// API group. None: the core group.
    pub group: Option<ApiGroup>,
    /// Kind.
    pub kind: Kind,
    /// Name.
    pub name: ObjectName,
    /// Namespace. None: whichever.
    pub namespace: Option<Namespace>,
}

impl Selection {
    pub(super) fn parse(errors: &mut Errors, raw: RawSelection) -> Option<Self> {
        let group = raw.group.filter(|group| !group.is_empty());
        let group = errors.optional("group", group, |raw| ApiGroup::parse(&raw));
        let kind = match Kind::parse(&raw.kind) {
            Ok(kind) if kind.as_str() == "*" => Err(Flaw::new(Code::Malformed, "name one kind")),
            other => other,
        };
        let kind = errors.at("kind", kind);
        let name = errors.at("name", ObjectName::parse(&raw.name));
        let namespace = errors.optional("namespace", raw.namespace, |raw| Namespace::parse(&raw));
        Some(Self { group: group?, kind: kind?, name: name?, namespace: namespace? })
    }
}

impl From<&Selection> for RawSelection {
    fn from(selection: &Selection) -> Self {
        Self {
            group: selection.group.as_ref().map(ToString::to_string),
            kind: selection.kind.to_string(),
            name: selection.name.to_string(),
            namespace: selection.namespace.as_ref().map(ToString::to_string),
        }
    }
}
