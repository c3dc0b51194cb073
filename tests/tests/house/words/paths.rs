//! No file knows the machine it was written on.

use crate::house::House;
use crate::rule::{Finding, Rule};

/// Folders at the root of somebody's machine.
const ROOTS: &[&str] = &["home", "root", "Users", "work"];

pub(crate) const RULE: Rule = Rule {
    name: "no machine paths",
    fix: "Another machine has no such folder. Use a path relative to the repository, `CARGO_MANIFEST_DIR`, a \
          temporary folder, or a setting.",
    check,
};

fn check(house: &House) -> Vec<Finding> {
    let mut found = Vec::new();
    for (path, text) in house.files() {
        for (number, line) in text.lines().enumerate() {
            if let Some(root) = ROOTS.iter().find(|root| names(line, root)) {
                found.push(Finding::at(path, number + 1, format!("names a path under /{root}")));
            }
        }
    }
    found
}

/// Whether the line has an absolute path under this root: nothing that continues a path or a URL stands before it.
fn names(line: &str, root: &str) -> bool {
    let path = format!("/{root}/");
    line.match_indices(&path).any(|(start, _)| {
        let before = line[..start].chars().next_back();
        !before.is_some_and(|letter| letter.is_alphanumeric() || "_-./*}~$)>".contains(letter))
    })
}

#[test]
fn no_machine_paths() {
    RULE.keep();
}

#[test]
fn a_machine_path_is_found() {
    // Put together here, so that this file is in order itself.
    let bad = format!("cache = \"/{}/me/cache\"", ROOTS[0]);
    let files = [("a.toml", bad.as_str()), ("b.md", "see https://x.org/home/me and ~/home/ and ./work/x")];
    assert_eq!(RULE.places(&files), ["a.toml"]);
}
