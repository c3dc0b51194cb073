//! A folder of code can be seen at one glance.

use std::collections::{BTreeMap, BTreeSet};

use crate::house::House;
use crate::rule::{Finding, Rule};

const LIMIT: usize = 12;

pub(crate) const RULE: Rule = Rule {
    name: "folders of code have at most 12 entries",
    fix: "Files that belong together become a folder with a mod.rs that says what they are together.",
    check,
};

fn check(house: &House) -> Vec<Finding> {
    let mut folders: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for (path, _) in house.files() {
        for (slash, _) in path.match_indices('/') {
            let entry = path[slash + 1..].split('/').next().unwrap_or_default();
            folders.entry(&path[..slash]).or_default().insert(entry);
        }
    }
    let code = |entries: &BTreeSet<&str>| {
        entries.iter().any(|entry| entry.ends_with(".rs") || entry.ends_with(".go"))
    };
    let full = folders.into_iter().filter(|(_, entries)| entries.len() > LIMIT && code(entries));
    full.map(|(folder, entries)| Finding::of(folder, format!("has {} entries", entries.len()))).collect()
}

#[test]
fn folders_of_code_have_at_most_12_entries() {
    RULE.keep();
}

#[test]
fn a_full_folder_is_found() {
    let files = |folder: &str, end: &str, count: usize| -> Vec<(String, &str)> {
        (0..count).map(|number| (format!("{folder}/{number}{end}"), "")).collect()
    };
    let all = [files("full/src", ".rs", 13), files("fits/src", ".rs", 12), files("sql", ".sql", 13)].concat();
    let all: Vec<_> = all.iter().map(|(path, text)| (path.as_str(), *text)).collect();
    assert_eq!(RULE.places(&all), ["full/src"]);
}
