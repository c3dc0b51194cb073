//! Which of our crates may depend on which, read from the manifests.

use crate::house::House;
use crate::manifest::manifests;
use crate::rule::{Finding, Rule};

struct Edges {
    who: &'static str,
    /// What its code may see.
    sees: &'static [&'static str],
    /// What only its tests may see, besides.
    tests_see: &'static [&'static str],
}

const DOORS: &[Edges] = &[
    Edges { who: "domain", sees: &[], tests_see: &[] },
    Edges { who: "runtime", sees: &[], tests_see: &[] },
    Edges { who: "store", sees: &["domain"], tests_see: &["migrations", "testbed"] },
    Edges { who: "migrations", sees: &["domain"], tests_see: &["store", "testbed"] },
    Edges { who: "backend", sees: &["domain", "runtime", "store"], tests_see: &["migrations", "testbed"] },
    Edges {
        who: "cluster-agent",
        sees: &["domain", "runtime", "store"],
        tests_see: &["migrations", "testbed"],
    },
    // What stands outside sees the programs, never the crates: it would test what nobody runs.
    Edges { who: "testbed", sees: &[], tests_see: &[] },
    Edges { who: "sandbox", sees: &["testbed"], tests_see: &[] },
    Edges { who: "tests", sees: &["testbed"], tests_see: &[] },
    Edges { who: "bench", sees: &["testbed"], tests_see: &[] },
];

pub(crate) const RULE: Rule = Rule {
    name: "crates depend one way",
    fix: "The doors are `backend|cluster-agent → store → domain`, and `runtime` and `testbed` know none of ours. Move \
          the code to the room that owns it, or what both need down into `domain` (if it is pure). A new crate, or a \
          new door, is a line in tests/tests/house/doors/crates.rs, the picture in docs/ARCHITECTURE.md and `wrappers` \
          in deny.toml.",
    check,
};

fn check(house: &House) -> Vec<Finding> {
    let manifests = manifests(house);
    let mut found = Vec::new();
    for manifest in &manifests {
        let Some(door) = DOORS.iter().find(|door| door.who == manifest.name()) else {
            found.push(Finding::of(
                manifest.path,
                format!("`{}` has no line among the doors", manifest.name()),
            ));
            continue;
        };
        for dependency in manifest.dependencies() {
            let ours = manifests.iter().any(|other| other.name() == dependency.name);
            let open = door.sees.contains(&dependency.name)
                || dependency.dev && door.tests_see.contains(&dependency.name);
            if ours && !open {
                let place = format!("{} {}", manifest.path, dependency.name);
                found.push(Finding::of(place, format!("`{}` must not see `{}`", door.who, dependency.name)));
            }
        }
    }
    found
}

#[test]
fn crates_depend_one_way() {
    RULE.keep();
}

#[test]
fn a_crate_that_looks_up_is_found() {
    let package = |name: &str, rest: &str| format!("[package]\nname = \"{name}\"\n{rest}");
    let files = [
        (
            "domain/Cargo.toml",
            package("domain", "[dependencies]\nserde.workspace = true\nstore.workspace = true"),
        ),
        (
            "store/Cargo.toml",
            package(
                "store",
                "[dependencies]\ndomain.workspace = true\n[dev-dependencies]\nmigrations.workspace = true",
            ),
        ),
        ("migrations/Cargo.toml", package("migrations", "[build-dependencies]\nstore.workspace = true")),
        ("extra/Cargo.toml", package("extra", "")),
    ];
    let files: Vec<_> = files.iter().map(|(path, text)| (*path, text.as_str())).collect();
    assert_eq!(
        RULE.places(&files),
        ["domain/Cargo.toml store", "extra/Cargo.toml", "migrations/Cargo.toml store"]
    );
}
