//! The files of the house: read from the work tree, or made up for a sample.

use std::collections::BTreeMap;
use std::path::Path;

use walkdir::{DirEntry, WalkDir};

use crate::syntax::Source;

/// What git ignores, and git itself.
const NOT_OURS: &[&str] = &[".git", ".argosy", "target", "node_modules"];

#[derive(Debug)]
pub(crate) struct House {
    files: BTreeMap<String, String>,
}

impl House {
    /// The work tree this test was compiled in. Files that are not text are left out.
    pub(crate) fn project() -> Self {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the package lies in the work tree");
        let ours = |entry: &DirEntry| !NOT_OURS.iter().any(|name| entry.file_name() == *name);
        let mut files = BTreeMap::new();
        for entry in WalkDir::new(root).into_iter().filter_entry(ours) {
            let Ok(entry) = entry else { continue }; // removed while we walked
            if !entry.file_type().is_file() {
                continue;
            }
            let path = entry.path().strip_prefix(root).expect("the walk stays below its root");
            if let Ok(text) = std::fs::read_to_string(entry.path()) {
                files.insert(path.to_string_lossy().into_owned(), text);
            }
        }
        assert!(files.contains_key("Cargo.toml"), "{} is not the root of the house", root.display());
        Self { files }
    }

    /// A small house for the test of a rule.
    pub(crate) fn sample(files: &[(&str, &str)]) -> Self {
        let owned = |(path, text): &(&str, &str)| ((*path).to_owned(), (*text).to_owned());
        Self { files: files.iter().map(owned).collect() }
    }

    pub(crate) fn files(&self) -> impl Iterator<Item = (&str, &str)> {
        self.files.iter().map(|(path, text)| (path.as_str(), text.as_str()))
    }

    /// Files whose name ends so.
    pub(crate) fn ending<'a>(&'a self, end: &'a str) -> impl Iterator<Item = (&'a str, &'a str)> {
        self.files().filter(move |(path, _)| path.ends_with(end))
    }

    pub(crate) fn file(&self, path: &str) -> Option<&str> {
        self.files.get(path).map(String::as_str)
    }

    /// Whether there is such a file, or a folder with something in it.
    pub(crate) fn has(&self, path: &str) -> bool {
        let folder = format!("{}/", path.trim_end_matches('/'));
        self.files.contains_key(path) || self.files.keys().any(|file| file.starts_with(&folder))
    }

    /// Every Rust file, parsed.
    pub(crate) fn rust(&self) -> Vec<Source<'_>> {
        self.ending(".rs").map(|(path, text)| Source::parse(path, text)).collect()
    }
}
