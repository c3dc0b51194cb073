//! What may differ between source and cluster.
//!
//! Not by jq: an expression of a tenant would run in an engine that all share.

use serde::{Deserialize, Serialize};

use super::body::RawDifference;
use crate::field::{Code, Errors, Flaw};
use crate::text::{Name, Namespace, checked_text, is_subdomain, line};

const MOST: usize = 32;

checked_text!(
    /// An API group.
    ApiGroup,
    |raw| if is_subdomain(raw) {
        Ok(())
    } else {
        Err(Flaw::malformed("an API group is a DNS name, like `apps` or `networking.k8s.io`"))
    }
);

checked_text!(
    /// A kind of objects.
    Kind,
    |raw| {
        let begins = raw.starts_with(|letter: char| letter.is_ascii_alphabetic());
        if raw == "*" || begins && raw.len() <= 63 && raw.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
            Ok(())
        } else {
            Err(Flaw::malformed("a kind is letters and digits, like `Deployment`; `*` is every kind"))
        }
    }
);

checked_text!(
    /// A field of an object (RFC 6901).
    JsonPointer,
    |raw| {
        line(raw, 512)?;
        let escaped = raw.split('~').skip(1).all(|rest| rest.starts_with(['0', '1']));
        if raw.starts_with('/') && escaped {
            Ok(())
        } else {
            Err(Flaw::malformed("write a JSON pointer, like `/spec/replicas`; `/` in a key is `~1`, `~` is `~0`"))
        }
    }
);

checked_text!(
    /// Who owns fields of an object.
    FieldOwner,
    |raw| {
        line(raw, 128)?;
        if raw.is_empty() { Err(Flaw::required("name a field manager")) } else { Ok(()) }
    }
);

/// Which fields of which objects may differ.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Difference {
    /// API group. None: the core group.
    pub group: Option<ApiGroup>,
    /// Kind.
    pub kind: Kind,
    /// Name. None: all.
    pub name: Option<Name>,
    /// Namespace. None: all.
    pub namespace: Option<Namespace>,
    /// Fields by place.
    pub json_pointers: Vec<JsonPointer>,
    /// Fields by owner.
    pub managed_fields_managers: Vec<FieldOwner>,
}

impl Difference {
    pub(super) fn parse_all(errors: &mut Errors, raw: Vec<RawDifference>) -> Option<Vec<Self>> {
        errors.each("ignoreDifferences", MOST, raw, Self::parse)
    }

    fn parse(errors: &mut Errors, raw: RawDifference) -> Option<Self> {
        let group = raw.group.filter(|group| !group.is_empty());
        let group = errors.optional("group", group, |raw| ApiGroup::parse(&raw));
        let kind = errors.at("kind", Kind::parse(&raw.kind));
        let name = errors.optional("name", raw.name, |raw| Name::parse(&raw));
        let namespace = errors.optional("namespace", raw.namespace, |raw| Namespace::parse(&raw));
        let some = !raw.json_pointers.is_empty() || !raw.managed_fields_managers.is_empty();
        if !some {
            errors.note_here(Flaw::new(
                Code::Required,
                "say which fields: give `jsonPointers` or `managedFieldsManagers`",
            ));
        }
        let pointers = errors.each_text("jsonPointers", MOST, raw.json_pointers, JsonPointer::parse);
        let owners =
            errors.each_text("managedFieldsManagers", MOST, raw.managed_fields_managers, FieldOwner::parse);
        Some(Self {
            group: group?,
            kind: kind?,
            name: name?,
            namespace: namespace?,
            json_pointers: pointers?,
            managed_fields_managers: owners?,
        })
    }
}

impl From<&Difference> for RawDifference {
    fn from(difference: &Difference) -> Self {
        Self {
            group: difference.group.as_ref().map(ToString::to_string),
            kind: difference.kind.to_string(),
            name: difference.name.as_ref().map(ToString::to_string),
            namespace: difference.namespace.as_ref().map(ToString::to_string),
            json_pointers: difference.json_pointers.iter().map(ToString::to_string).collect(),
            managed_fields_managers: difference
                .managed_fields_managers
                .iter()
                .map(ToString::to_string)
                .collect(),
        }
    }
}
