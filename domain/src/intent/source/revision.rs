//! Which state of a source.

use crate::field::Flaw;
use crate::text::checked_text;

const LONGEST_REF: usize = 250;
const LONGEST_RANGE: usize = 128;

checked_text!(
    /// A branch, a tag or a commit of a Git repository. The empty one is the default branch.
    GitRevision,
    git
);

checked_text!(
    /// One version of a chart (`1.2.3`), or a range of them (`^1.2`, `>=1.0 <2.0 || 3.x`, `*`).
    VersionRange,
    range
);

checked_text!(
    /// A tag, a digest or a range of versions of an OCI artifact.
    ArtifactRevision,
    artifact
);

impl GitRevision {
    /// What to ask a repository for.
    #[must_use]
    pub fn or_head(&self) -> &str {
        if self.as_str().is_empty() { "HEAD" } else { self.as_str() }
    }

    /// Whether it names one commit, for ever.
    #[must_use]
    pub fn is_commit(&self) -> bool {
        self.as_str().len() == 40 && self.as_str().bytes().all(|byte| byte.is_ascii_hexdigit())
    }
}

/// As `git check-ref-format` has it, which no command line takes for an option.
fn git(raw: &str) -> Result<(), Flaw> {
    if raw.len() > LONGEST_REF {
        return Err(Flaw::too_long(LONGEST_REF, "bytes"));
    }
    let letter = |letter: char| {
        letter.is_control()
            || letter.is_whitespace()
            || crate::text::is_hidden(letter)
            || "~^:?*[\\".contains(letter)
    };
    let part = |part: &str| part.is_empty() || part.starts_with('.') || part.ends_with(".lock");
    let wrong = raw.contains(letter)
        || raw.starts_with('-')
        || raw.ends_with('.')
        || raw == "@"
        || raw.contains("..")
        || raw.contains("@{")
        || raw.split('/').any(part);
    if wrong && !raw.is_empty() {
        return Err(Flaw::malformed("name a branch, a tag or a commit, as Git lets them be named"));
    }
    Ok(())
}

fn range(raw: &str) -> Result<(), Flaw> {
    if raw.len() > LONGEST_RANGE {
        return Err(Flaw::too_long(LONGEST_RANGE, "characters"));
    }
    let letter = |byte: u8| byte.is_ascii_alphanumeric() || b".+-*^~<>=!|, ".contains(&byte);
    let begins =
        raw.bytes().next().is_some_and(|byte| byte.is_ascii_alphanumeric() || b"*^~<>=!".contains(&byte));
    if !begins || raw.ends_with(' ') || !raw.bytes().all(letter) {
        return Err(Flaw::malformed(
            "give a version or a range: `1.2.3`, `^1.2`, `>=1.0 <2.0`, or `*` for the newest",
        ));
    }
    Ok(())
}

fn artifact(raw: &str) -> Result<(), Flaw> {
    if let Some(digest) = raw.strip_prefix("sha256:") {
        let hex = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
        if digest.len() == 64 && digest.bytes().all(hex) {
            return Ok(());
        }
        return Err(Flaw::malformed("a digest is `sha256:` and 64 hexadecimal digits"));
    }
    let inner = |byte: u8| byte.is_ascii_alphanumeric() || b"._-".contains(&byte);
    let first = raw.bytes().next().is_some_and(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    if first && raw.len() <= 128 && raw.bytes().all(inner) {
        return Ok(());
    }
    range(raw).map_err(|_| Flaw::malformed("name a tag, a digest or a range of versions"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_git_revision_is_a_name_that_git_allows() {
        for good in
            ["", "main", "HEAD", "v1.2.3", "feature/x", "refs/heads/main", "deadbeef", "a-b", "größe", "@a"]
        {
            assert!(GitRevision::parse(good).is_ok(), "{good}");
        }
        for bad in [
            "--upload-pack=x",
            "-x",
            "refs/../..",
            "a..b",
            "a b",
            "a\nb",
            "a\0",
            "a~1",
            "a^",
            "a:b",
            "a?",
            "a*",
            "[a",
            "a\\b",
            "/a",
            "a/",
            "a//b",
            ".a",
            "a/.b",
            "a.lock",
            "a.",
            "@",
            "a@{1}",
            "\u{202e}a",
        ] {
            assert!(GitRevision::parse(bad).is_err(), "{bad:?}");
        }
        assert!(GitRevision::parse(&"a".repeat(10_240)).is_err());
    }

    #[test]
    fn only_a_whole_hash_is_a_commit() {
        assert!(GitRevision::parse(&"a1".repeat(20)).unwrap().is_commit());
        for other in ["a1b2c3d", "main", ""] {
            assert!(!GitRevision::parse(other).unwrap().is_commit(), "{other}");
        }
        assert_eq!(GitRevision::parse("").unwrap().or_head(), "HEAD");
    }

    #[test]
    fn charts_have_versions_and_ranges() {
        for good in [
            "1.2.3",
            "v1.2.3-rc.1+build",
            "^1.2",
            "~1",
            "1.x",
            "*",
            ">=1.0 <2.0",
            "1.2 - 1.4",
            "1.0 || 2.0",
            ">1,<2",
        ] {
            assert!(VersionRange::parse(good).is_ok(), "{good}");
        }
        for bad in ["", " 1", "1 ", "--version", "1;2", "1\n2", "$(x)", "1/2"] {
            assert!(VersionRange::parse(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn artifacts_have_tags_digests_and_ranges() {
        let digest = format!("sha256:{}", "0f".repeat(32));
        for good in ["latest", "v1", "_x", "1.x", ">=1.0", digest.as_str()] {
            assert!(ArtifactRevision::parse(good).is_ok(), "{good}");
        }
        for bad in ["", "-x", "a/b", "a:b", "sha256:abc", "sha512:00", "a b;"] {
            assert!(ArtifactRevision::parse(bad).is_err(), "{bad:?}");
        }
    }
}
