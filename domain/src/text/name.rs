//! Names of things and of namespaces.

use uuid::Uuid;

use super::checked::checked_text;
use crate::field::Flaw;

/// A DNS label (RFC 1123).
const LABEL: usize = 63;
/// A UUID with its hyphens: how paths have ids.
const HYPHENATED: usize = 36;
/// The names of Kubernetes objects.
const SUBDOMAIN: usize = 253;

checked_text!(
    /// What a tenant, an environment, a credential or a deployment is called.
    ///
    /// `parse` takes every name there can be: what is born as a Kubernetes object may have dots and 253 characters. A
    /// name that is chosen through REST is made by [`Name::chosen`].
    Name,
    subdomain
);

checked_text!(
    /// A Kubernetes namespace.
    Namespace,
    |raw| if is_label(raw) {
        Ok(())
    } else {
        Err(Flaw::malformed(
            "a namespace is 1 to 63 of `a-z`, `0-9` and `-`, and begins and ends with a letter or digit",
        ))
    }
);

impl Name {
    /// A name for something new: a DNS label, so that it fits into host names and labels, and not like an id, so that
    /// a path that has names and ids is never ambiguous.
    pub fn chosen(raw: &str) -> Result<Self, Flaw> {
        if !is_label(raw) {
            return Err(Flaw::malformed(
                "a name is 1 to 63 of `a-z`, `0-9` and `-`, and begins and ends with a letter or digit",
            ));
        }
        if raw.len() == HYPHENATED && Uuid::try_parse(raw).is_ok() {
            return Err(Flaw::malformed("a name must not look like an id (a UUID)"));
        }
        Self::parse(raw)
    }
}

fn subdomain(raw: &str) -> Result<(), Flaw> {
    if is_subdomain(raw) {
        return Ok(());
    }
    Err(Flaw::malformed(
        "a name is 1 to 253 of `a-z`, `0-9`, `-` and `.`, and begins and ends with a letter or digit, also between dots",
    ))
}

/// RFC 1123, as Kubernetes checks it.
pub(crate) fn is_label(raw: &str) -> bool {
    let edge =
        |byte: Option<&u8>| byte.is_some_and(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit());
    let bytes = raw.as_bytes();
    let inner = |byte: &u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || *byte == b'-';
    bytes.len() <= LABEL && edge(bytes.first()) && edge(bytes.last()) && bytes.iter().all(inner)
}

/// As Kubernetes checks the names of objects: the whole is bounded, a label in it is not.
pub(crate) fn is_subdomain(raw: &str) -> bool {
    let edge = |byte: Option<u8>| byte.is_some_and(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit());
    let label = |label: &str| {
        let mut bytes = label.bytes();
        edge(label.bytes().next())
            && edge(label.bytes().next_back())
            && bytes.all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
    };
    raw.len() <= SUBDOMAIN && raw.split('.').all(label)
}
