//! What a repository says its refs are, and what a revision means by them.

use std::collections::BTreeMap;
use std::fmt;

use domain::intent::source::GitRevision;

/// The id of a Git object.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Commit {
    bytes: [u8; 32],
    /// 20 with SHA-1, 32 with SHA-256.
    length: u8,
}

/// What a revision is now.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Resolved {
    /// What the ref names: a commit, or the object of an annotated tag.
    pub named: Commit,
    /// The commit behind it.
    pub commit: Commit,
}

/// The refs that were asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Refs(BTreeMap<String, Resolved>);

impl Commit {
    /// Reads what Git writes.
    #[must_use]
    pub fn parse(hex: &str) -> Option<Self> {
        let digits = hex.as_bytes();
        if !(digits.len() == 40 || digits.len() == 64) || !digits.iter().all(u8::is_ascii_hexdigit) {
            return None;
        }
        let mut bytes = [0; 32];
        for (byte, pair) in bytes.iter_mut().zip(digits.chunks(2)) {
            *byte = u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok()?;
        }
        Some(Self { bytes, length: u8::try_from(digits.len() / 2).ok()? })
    }
}

impl Resolved {
    /// Whether an engine that compared with this revision has compared with what is there now. Engines write the
    /// commit; of an annotated tag some write the tag's own id.
    #[must_use]
    pub fn is(&self, compared: &str) -> bool {
        Commit::parse(compared).is_some_and(|compared| compared == self.named || compared == self.commit)
    }
}

impl Refs {
    /// These, by their full names.
    #[must_use]
    pub fn of(refs: impl IntoIterator<Item = (String, Resolved)>) -> Self {
        Self(refs.into_iter().collect())
    }

    pub(super) fn insert(&mut self, name: &str, resolved: Resolved) {
        self.0.insert(name.to_owned(), resolved);
    }

    /// An annotated tag's commit, in a line of its own.
    pub(super) fn peel(&mut self, name: &str, commit: Commit) {
        if let Some(resolved) = self.0.get_mut(name) {
            resolved.commit = commit;
        }
    }

    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    /// What this revision is now, as the engine would find it: a branch before a tag of the same name. None: there is
    /// no such ref. A whole commit id is not looked for; it is what it is.
    #[must_use]
    pub fn resolve(&self, revision: &GitRevision) -> Option<Resolved> {
        if revision.is_commit() {
            return Commit::parse(revision.as_str()).map(|commit| Resolved { named: commit, commit });
        }
        names(revision).iter().find_map(|name| self.0.get(name)).copied()
    }
}

/// What the refs may be called that a revision means, best first.
pub(super) fn names(revision: &GitRevision) -> Vec<String> {
    let name = revision.or_head();
    if name == "HEAD" || name.starts_with("refs/") {
        return vec![name.to_owned()];
    }
    ["refs/heads/", "refs/tags/", "refs/remotes/", "refs/"].map(|before| format!("{before}{name}")).to_vec()
}

impl fmt::Display for Commit {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.bytes[..usize::from(self.length)].iter().try_for_each(|byte| write!(out, "{byte:02x}"))
    }
}

impl fmt::Debug for Commit {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{self}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn commit(digit: char) -> Commit {
        Commit::parse(&digit.to_string().repeat(40)).unwrap()
    }

    fn plain(digit: char) -> Resolved {
        Resolved { named: commit(digit), commit: commit(digit) }
    }

    fn revision(raw: &str) -> GitRevision {
        GitRevision::parse(raw).unwrap()
    }

    #[test]
    fn a_branch_goes_before_a_tag_of_the_same_name() {
        let mut refs = Refs::default();
        refs.insert("refs/tags/v1", plain('b'));
        refs.insert("HEAD", plain('c'));
        assert_eq!(refs.resolve(&revision("v1")), Some(plain('b')));
        refs.insert("refs/heads/v1", plain('a'));
        assert_eq!(refs.resolve(&revision("v1")), Some(plain('a')));
        assert_eq!(refs.resolve(&revision("refs/tags/v1")), Some(plain('b')));
        assert_eq!(refs.resolve(&revision("")), Some(plain('c')));
        assert_eq!(refs.resolve(&revision("heads/v1")), Some(plain('a')));
        assert_eq!(refs.resolve(&revision("v2")), None);
        let fixed = revision(&"d".repeat(40));
        assert_eq!(refs.resolve(&fixed), Some(plain('d')));
    }

    #[test]
    fn an_annotated_tag_is_itself_and_its_commit() {
        let mut refs = Refs::default();
        refs.insert("refs/tags/v1", plain('a'));
        refs.peel("refs/tags/v1", commit('b'));
        let tag = refs.resolve(&revision("v1")).unwrap();
        assert!(tag.is(&"a".repeat(40)) && tag.is(&"b".repeat(40)));
        for other in ["c".repeat(40), String::new(), "b".repeat(39), "B".repeat(64)] {
            assert!(!tag.is(&other), "{other}");
        }
    }

    #[test]
    fn an_id_is_shown_as_it_was_written() {
        for hex in ["0f".repeat(20), "a1".repeat(32)] {
            assert_eq!(Commit::parse(&hex).unwrap().to_string(), hex);
        }
        for wrong in ["", "main", &"g".repeat(40), &"a".repeat(41)] {
            assert_eq!(Commit::parse(wrong), None, "{wrong}");
        }
    }
}
