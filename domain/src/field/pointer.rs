//! Where in a body.

use std::fmt;

use serde::Serialize;

/// A JSON pointer (RFC 6901): `/sources/0/repository`; the body itself is the empty one.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct Pointer(String);

/// A longer key is cut: it came from outside, and goes into a log and back.
const LONGEST_KEY: usize = 128;

impl Pointer {
    /// The body itself.
    #[must_use]
    pub fn root() -> Self {
        Self::default()
    }

    /// Something in the object or list this points to.
    #[must_use]
    pub fn at(&self, key: &str) -> Self {
        let mut longer = self.0.clone();
        longer.push('/');
        for letter in key.chars().take(LONGEST_KEY) {
            match letter {
                '~' => longer.push_str("~0"),
                '/' => longer.push_str("~1"),
                other => longer.push(other),
            }
        }
        Self(longer)
    }

    /// One entry of the list this points to.
    #[must_use]
    pub fn index(&self, index: usize) -> Self {
        self.at(&index.to_string())
    }

    /// What `inner` points to, seen from where this pointer's thing lies.
    #[must_use]
    pub fn join(&self, inner: &Self) -> Self {
        Self(format!("{}{}", self.0, inner.0))
    }

    /// As written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Pointer {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pointer_escapes_what_it_names() {
        let pointer = Pointer::root().at("labels").at("argosy.dev/a~b").index(3);
        assert_eq!(pointer.as_str(), "/labels/argosy.dev~1a~0b/3");
        let value = serde_json::json!({"labels": {"argosy.dev/a~b": [0, 1, 2, "here"]}});
        assert_eq!(value.pointer(pointer.as_str()).unwrap(), "here");
    }
}
