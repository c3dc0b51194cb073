//! Labels, as Kubernetes writes them.

use std::collections::BTreeMap;

use super::checked::checked_text;
use super::name::is_subdomain;
use crate::field::{Code, Errors, Flaw};

/// More labels than that are a database of somebody's.
const MOST: usize = 32;
/// The longest name and the longest value.
const LONGEST: usize = 63;

checked_text!(
    /// `app.kubernetes.io/name`: a name, after an optional DNS name and a slash.
    LabelKey,
    key
);

checked_text!(
    /// At most 63 characters; may be empty.
    LabelValue,
    |raw| if raw.is_empty() || is_token(raw) {
        Ok(())
    } else {
        Err(Flaw::malformed(
            "a label's value is at most 63 of letters, digits, `-`, `_` and `.`, and begins and ends with a letter or digit",
        ))
    }
);

/// Labels of one thing.
pub type Labels = BTreeMap<LabelKey, LabelValue>;

/// Reads the labels in a field.
pub fn labels(errors: &mut Errors, field: &str, raw: BTreeMap<String, String>) -> Option<Labels> {
    if raw.len() > MOST {
        errors.note(field, Flaw::new(Code::TooMany, format!("give at most {MOST} labels")));
        return None;
    }
    errors.inside(field, |errors| {
        let count = raw.len();
        let pairs = raw.into_iter().filter_map(|(key, value)| {
            let value = errors.at(&key, LabelValue::parse(&value));
            Some((errors.at(&key, LabelKey::parse(&key))?, value?))
        });
        let labels: Labels = pairs.collect();
        (labels.len() == count).then_some(labels)
    })
}

fn key(raw: &str) -> Result<(), Flaw> {
    let (prefix, name) = raw.split_once('/').map_or((None, raw), |(prefix, name)| (Some(prefix), name));
    if is_token(name) && prefix.is_none_or(is_subdomain) {
        return Ok(());
    }
    Err(Flaw::malformed(
        "a label's key is at most 63 of letters, digits, `-`, `_` and `.`, and begins and ends with a letter or digit; \
         a DNS name and `/` may stand before it",
    ))
}

fn is_token(raw: &str) -> bool {
    let edge = |byte: Option<&u8>| byte.is_some_and(u8::is_ascii_alphanumeric);
    let inner = |byte: &u8| byte.is_ascii_alphanumeric() || b"-_.".contains(byte);
    let bytes = raw.as_bytes();
    bytes.len() <= LONGEST && edge(bytes.first()) && edge(bytes.last()) && bytes.iter().all(inner)
}
