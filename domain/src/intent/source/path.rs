//! Paths inside of a checkout.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::field::Flaw;
use crate::intent::terms::Door;
use crate::text::{checked_text, is_hidden};

const LONGEST: usize = 1024;

checked_text!(
    /// A path that stays below where it starts.
    RelativePath,
    relative
);

/// The folder that is deployed. Kept as it was declared, since that is what status shows.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct SourcePath(String);

impl SourcePath {
    /// Reads it. Manifests for the reference service may begin with a slash, which means nothing.
    pub fn parse(raw: &str, door: Door) -> Result<Self, Flaw> {
        if raw.is_empty() {
            return Err(Flaw::required("name the folder; `.` is the root of the repository"));
        }
        let below = match door {
            Door::Rest => raw,
            Door::CustomResource => raw.strip_prefix('/').unwrap_or(raw),
        };
        if below.is_empty() {
            return Err(Flaw::malformed("name the folder; `.` is the root of the repository, not `/`"));
        }
        relative(below)?;
        Ok(Self(raw.to_owned()))
    }

    /// As it was declared.
    #[must_use]
    pub fn declared(&self) -> &str {
        &self.0
    }

    /// As engines are told: relative, with nothing in it that means nothing.
    #[must_use]
    pub fn tidy(&self) -> String {
        let segments = self.0.split('/').filter(|segment| !segment.is_empty() && *segment != ".");
        let path = segments.collect::<Vec<_>>().join("/");
        if path.is_empty() { ".".to_owned() } else { path }
    }
}

impl fmt::Display for SourcePath {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.0)
    }
}

/// What was stored has been through the door, which knew what to let in.
impl TryFrom<String> for SourcePath {
    type Error = Flaw;

    fn try_from(raw: String) -> Result<Self, Flaw> {
        Self::parse(&raw, Door::CustomResource)
    }
}

impl From<SourcePath> for String {
    fn from(path: SourcePath) -> Self {
        path.0
    }
}

fn relative(raw: &str) -> Result<(), Flaw> {
    if raw.is_empty() {
        return Err(Flaw::required("give a path"));
    }
    if raw.len() > LONGEST {
        return Err(Flaw::too_long(LONGEST, "bytes"));
    }
    if raw.chars().any(is_hidden) || raw.contains('\\') {
        return Err(Flaw::malformed("write the path with `/`, without backslashes and control characters"));
    }
    if raw.starts_with('/') || raw.contains("://") {
        return Err(Flaw::malformed("give a path inside of the repository, without `/` before it"));
    }
    // Nobody decodes paths today. Who does tomorrow shall not find a way out.
    let lower = raw.to_ascii_lowercase();
    if raw.split('/').any(|segment| segment == "..")
        || ["%2e", "%2f", "%5c", "%00"].iter().any(|code| lower.contains(code))
    {
        return Err(Flaw::malformed("the path must stay inside of the repository: write it without `..`"));
    }
    if lower.split('/').any(|segment| segment == ".git") {
        return Err(Flaw::forbidden("the path must not lead into `.git`"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_stays_inside() {
        for good in
            [".", "apps/shop", "./apps", "apps//shop/", "a b", "äpfel", "..a", "a..", "-x", "%41", ".github"]
        {
            assert!(RelativePath::parse(good).is_ok(), "{good}");
        }
        for bad in [
            "",
            "/",
            "/apps",
            "..",
            "../x",
            "a/../b",
            "a/..",
            "a\\b",
            "a\nb",
            "a\0",
            "%2e%2e/x",
            "a%2Fb",
            ".git/config",
            "a/.GIT",
            "http://x/y",
            "\u{202e}a",
        ] {
            assert!(RelativePath::parse(bad).is_err(), "{bad:?}");
        }
        assert!(RelativePath::parse(&"a/".repeat(513)).is_err());
    }

    #[test]
    fn a_leading_slash_means_nothing_to_custom_resources_and_is_refused_elsewhere() {
        let path = SourcePath::parse("/app/", Door::CustomResource).unwrap();
        assert_eq!((path.declared(), path.tidy().as_str()), ("/app/", "app"));
        assert!(SourcePath::parse("/app", Door::Rest).is_err());
        for door in [Door::Rest, Door::CustomResource] {
            for bad in ["", "/", "//app", "/../app"] {
                assert!(SourcePath::parse(bad, door).is_err(), "{bad}");
            }
            assert_eq!(SourcePath::parse("./", door).unwrap().tidy(), ".");
        }
    }
}
