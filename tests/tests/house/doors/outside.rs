//! Which of our rooms may speak which library: in the manifests, and in the code.

use crate::house::House;
use crate::manifest::manifests;
use crate::rule::{Finding, Rule};

struct Library {
    /// As Cargo calls them; code says `_` for `-`.
    names: &'static [&'static str],
    /// Packages that may depend on it.
    packages: &'static [&'static str],
    /// Folders (or files) whose code may name it. Tests of a package that may depend on it always may.
    folders: &'static [&'static str],
    why: &'static str,
}

const LIBRARIES: &[Library] = &[
    Library {
        names: &["sqlx"],
        packages: &["store"],
        folders: &["store/"],
        why: "every SQL statement lives in `store`",
    },
    Library {
        names: &["refinery", "tokio-postgres", "tokio-postgres-rustls", "postgres-protocol"],
        packages: &["migrations", "testbed", "sandbox", "tests"],
        folders: &["migrations/", "tests/"],
        why: "only migrations and the testbed speak to PostgreSQL beside `store`",
    },
    Library {
        names: &["kube", "k8s-openapi"],
        packages: &["backend", "cluster-agent", "testbed", "sandbox", "tests"],
        folders: &["cluster-agent/src/cluster/", "backend/src/crs/", "tests/"],
        why: "Kubernetes is spoken only in `cluster-agent/src/cluster` and `backend/src/crs`",
    },
    Library {
        names: &["axum", "tower"],
        packages: &["backend", "runtime", "testbed", "sandbox", "tests"],
        folders: &["backend/src/http/", "backend/src/access/", "runtime/src/", "tests/"],
        why: "HTTP is served by `backend/src/http` and, for health and metrics, by `runtime`",
    },
    Library {
        names: &["tokio", "tokio-util", "futures", "tracing", "reqwest", "rand", "clap"],
        packages: &[
            "backend",
            "bench",
            "cluster-agent",
            "migrations",
            "runtime",
            "sandbox",
            "store",
            "testbed",
            "tests",
        ],
        folders: &["backend/", "bench/", "cluster-agent/", "migrations/", "runtime/", "store/", "tests/"],
        why: "`domain` is pure: no I/O, no clock, no tasks, no logs, no dice",
    },
];

const FIX: &str = "A room that names a library is the room where it can be changed. Ask the room that owns it for what \
                   you want, in words of `domain`. A new owner is a decision: tests/tests/house/doors/outside.rs, \
                   `wrappers` in deny.toml and docs/ARCHITECTURE.md.";

pub(crate) const IN_MANIFESTS: Rule =
    Rule { name: "libraries have owners, in manifests", fix: FIX, check: check_manifests };

pub(crate) const IN_CODE: Rule = Rule { name: "libraries have owners, in code", fix: FIX, check: check_code };

fn check_manifests(house: &House) -> Vec<Finding> {
    let mut found = Vec::new();
    for manifest in manifests(house) {
        for dependency in manifest.dependencies() {
            let library = LIBRARIES.iter().find(|library| library.names.contains(&dependency.name));
            if let Some(library) = library.filter(|library| !library.packages.contains(&manifest.name())) {
                let place = format!("{} {}", manifest.path, dependency.name);
                found.push(Finding::of(place, library.why));
            }
        }
    }
    found
}

fn check_code(house: &House) -> Vec<Finding> {
    let mut found = Vec::new();
    for source in house.rust() {
        let package = source.path.split('/').next().unwrap_or_default();
        let test = source.path.contains("/tests/");
        for named in source.names() {
            let Some(library) = named.segments.first().and_then(|name| library(name)) else { continue };
            let open = library.folders.iter().any(|folder| source.path.starts_with(folder));
            if !open && !((test || named.test) && library.packages.contains(&package)) {
                let says = format!("names `{}`, but {}", named.segments.join("::"), library.why);
                found.push(Finding::at(source.path, named.line, says));
            }
        }
    }
    found
}

fn library(name: &str) -> Option<&'static Library> {
    LIBRARIES.iter().find(|library| library.names.iter().any(|theirs| theirs.replace('-', "_") == name))
}

#[test]
fn libraries_have_owners_in_manifests() {
    IN_MANIFESTS.keep();
}

#[test]
fn libraries_have_owners_in_code() {
    IN_CODE.keep();
}

#[test]
fn a_dependency_of_the_wrong_package_is_found() {
    let files = [
        ("domain/Cargo.toml", "[package]\nname = \"domain\"\n[dependencies]\ntokio = \"1\"\nurl = \"2\""),
        (
            "backend/Cargo.toml",
            "[package]\nname = \"backend\"\n[dev-dependencies]\nsqlx = \"1\"\naxum = \"1\"",
        ),
    ];
    assert_eq!(IN_MANIFESTS.places(&files), ["backend/Cargo.toml sqlx", "domain/Cargo.toml tokio"]);
}

#[test]
fn a_library_named_in_the_wrong_room_is_found() {
    let files = [
        ("backend/src/crs/mod.rs", "use kube::Client;"),
        ("backend/src/http/mod.rs", "fn x() -> k8s_openapi::Y { z!(sqlx::query(a)) }"),
        ("backend/tests/it/main.rs", "use kube::Client;"),
        ("cluster-agent/src/work.rs", "use {domain::A, kube::B as C};"),
        ("domain/src/lib.rs", "fn x() { url::Url::parse(tracing_like) }"),
        ("domain/src/clock.rs", "#[tokio::test] async fn x() { y }"),
    ];
    let expected = ["backend/src/http/mod.rs", "backend/src/http/mod.rs", "cluster-agent/src/work.rs"];
    assert_eq!(IN_CODE.places(&files)[..3], expected);
    assert_eq!(IN_CODE.places(&files)[3..], ["domain/src/clock.rs"]);
}
