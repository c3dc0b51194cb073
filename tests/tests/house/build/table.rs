//! The workspace's table of dependencies holds only what somebody uses.

use std::collections::BTreeSet;

use toml::Value;

use crate::house::House;
use crate::manifest::{at, manifests, workspace};
use crate::rule::{Finding, Rule};

pub(crate) const RULE: Rule = Rule {
    name: "every dependency in the table is used",
    fix: "Take the line out of [workspace.dependencies] in the root Cargo.toml.",
    check,
};

fn check(house: &House) -> Vec<Finding> {
    let manifests = manifests(house);
    let used: BTreeSet<&str> = manifests
        .iter()
        .flat_map(|manifest| manifest.dependencies())
        .map(|dependency| dependency.name)
        .collect();
    let root = workspace(house);
    let table = at(&root, &["workspace", "dependencies"]).and_then(Value::as_table).into_iter().flatten();
    let unused = table.filter(|(name, _)| !used.contains(name.as_str()));
    unused.map(|(name, _)| Finding::of(format!("Cargo.toml {name}"), "is used by no package")).collect()
}

#[test]
fn every_dependency_in_the_table_is_used() {
    RULE.keep();
}

#[test]
fn a_dependency_that_nobody_uses_is_found() {
    let files = [
        ("Cargo.toml", "[workspace.dependencies]\na = \"1\"\nb = \"1\"\nc = \"1\"\nd = \"1\""),
        (
            "x/Cargo.toml",
            "[package]\nname = \"x\"\n[dependencies]\na.workspace = true\n[target.'cfg(unix)'.dependencies]\nb.workspace = true",
        ),
        ("y/Cargo.toml", "[package]\nname = \"y\"\n[dev-dependencies]\nc.workspace = true"),
    ];
    assert_eq!(RULE.places(&files), ["Cargo.toml d"]);
}
