//! Versions and lints are written once, in the workspace's manifest; members inherit them.

use toml::Value;

use crate::house::House;
use crate::manifest::{Manifest, at, manifests, workspace};
use crate::rule::{Finding, Rule};

const PACKAGE_KEYS: &[&str] = &["version", "edition", "rust-version", "license", "publish"];

pub(crate) const RULE: Rule = Rule {
    name: "members inherit from the workspace",
    fix: "Every package is listed in [workspace] members, has `[lints] workspace = true` and `version.workspace = \
          true` and so on, and takes every dependency as `name.workspace = true`; versions stand in the table of the \
          root Cargo.toml.",
    check,
};

fn check(house: &House) -> Vec<Finding> {
    let root = workspace(house);
    let members = at(&root, &["workspace", "members"]).and_then(Value::as_array).into_iter().flatten();
    let members: Vec<&str> = members.filter_map(Value::as_str).collect();
    let mut found = Vec::new();
    for manifest in manifests(house) {
        let mut says = missing(&manifest);
        if !members.contains(&manifest.folder()) {
            says.push("is not among the members of the workspace".to_owned());
        }
        found.extend(says.into_iter().map(|says| Finding::of(manifest.path, says)));
    }
    found
}

fn missing(manifest: &Manifest<'_>) -> Vec<String> {
    let inherits =
        |value: Option<&Value>| value.and_then(|value| value.get("workspace")) == Some(&Value::Boolean(true));
    let mut says = Vec::new();
    if !inherits(manifest.table.get("lints")) {
        says.push("has no `[lints] workspace = true`".to_owned());
    }
    for key in PACKAGE_KEYS.iter().filter(|key| !inherits(at(&manifest.table, &["package", key]))) {
        says.push(format!("does not inherit `{key}`"));
    }
    for dependency in manifest.dependencies().iter().filter(|dependency| !inherits(Some(dependency.value))) {
        says.push(format!("gives `{}` a version of its own", dependency.name));
    }
    says
}

#[test]
fn members_inherit_from_the_workspace() {
    RULE.keep();
}

#[test]
fn a_member_that_goes_its_own_way_is_found() {
    let keys: String = PACKAGE_KEYS.iter().map(|key| format!("{key}.workspace = true\n")).collect();
    let good = format!(
        "[package]\nname = \"a\"\n{keys}[lints]\nworkspace = true\n[dependencies]\nb = {{ workspace = true }}"
    );
    let no_lints = good.replace("[lints]\nworkspace = true\n", "");
    let own_edition = good.replace("edition.workspace = true", "edition = \"2021\"");
    let own_version = good.replace("{ workspace = true }", "\"1\"");
    let files = [
        ("Cargo.toml", "[workspace]\nmembers = [\"good\", \"x\", \"y\", \"z\"]"),
        ("good/Cargo.toml", &good),
        ("lost/Cargo.toml", &good),
        ("x/Cargo.toml", &no_lints),
        ("y/Cargo.toml", &own_edition),
        ("z/Cargo.toml", &own_version),
    ];
    assert_eq!(RULE.places(&files), ["lost/Cargo.toml", "x/Cargo.toml", "y/Cargo.toml", "z/Cargo.toml"]);
}
