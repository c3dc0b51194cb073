//! Rooms open with what they are; a room is a folder with a mod.rs; migrations open with why.

use crate::house::House;
use crate::rule::{Finding, Rule};

pub(crate) const OPENINGS: Rule = Rule {
    name: "rooms and migrations open with prose",
    fix: "lib.rs, main.rs and mod.rs begin with `//!`: what this room is, who calls it, what it never does. A \
          migration begins with `--`: why it is made.",
    check: check_openings,
};

fn check_openings(house: &House) -> Vec<Finding> {
    let rooms = house.files().filter(|(path, _)| {
        let name = path.rsplit('/').next().unwrap_or_default();
        ["lib.rs", "main.rs", "mod.rs"].contains(&name)
    });
    let rooms = rooms.filter(|(_, text)| !text.starts_with("//!"));
    let silent = rooms.map(|(path, _)| Finding::at(path, 1, "does not begin with `//!`"));
    let migrations = house.ending(".sql").filter(|(path, _)| path.starts_with("migrations/"));
    let bare = migrations.filter(|(_, text)| !text.starts_with("--"));
    silent.chain(bare.map(|(path, _)| Finding::at(path, 1, "does not begin with `--`"))).collect()
}

pub(crate) const FOLDER_MODULES: Rule = Rule {
    name: "a module with children is a folder with mod.rs",
    fix: "The folder is the room and moves as one: `git mv x.rs x/mod.rs`.",
    check: check_folder_modules,
};

fn check_folder_modules(house: &House) -> Vec<Finding> {
    let twins = house.ending(".rs").filter(|(path, _)| {
        let folder = path.strip_suffix(".rs").unwrap_or(path);
        let entrance = ["/main", "/lib", "/mod"].iter().any(|name| folder.ends_with(name));
        !entrance && house.has(folder)
    });
    twins.map(|(path, _)| Finding::of(path, "lies beside a folder of its name")).collect()
}

#[test]
fn rooms_and_migrations_open_with_prose() {
    OPENINGS.keep();
}

#[test]
fn a_silent_room_is_found() {
    let files = [
        ("a/src/lib.rs", "mod x;"),
        ("a/src/x/mod.rs", "//! What it is.\n"),
        ("a/src/y.rs", "fn y() {}"),
        ("migrations/sql/V1__a.sql", "create table a ();"),
        ("migrations/sql/V2__b.sql", "-- Why.\ncreate table b ();"),
    ];
    assert_eq!(OPENINGS.places(&files), ["a/src/lib.rs", "migrations/sql/V1__a.sql"]);
}

#[test]
fn a_module_with_children_is_a_folder_with_mod_rs() {
    FOLDER_MODULES.keep();
}

#[test]
fn a_file_beside_its_folder_is_found() {
    let files = [("a/src/x.rs", ""), ("a/src/x/y.rs", ""), ("a/src/z/mod.rs", ""), ("a/src/main.rs", "")];
    assert_eq!(FOLDER_MODULES.places(&files), ["a/src/x.rs"]);
}
