//! `lib.rs` is the table of contents: modules, names, and at most the type the crate is named after.

use syn::spanned::Spanned;

use crate::house::House;
use crate::rule::{Finding, Rule};

pub(crate) const RULE: Rule = Rule {
    name: "lib.rs has no logic",
    fix: "Move functions and impls to the module of what they are about. lib.rs keeps `//!`, `mod`, `pub use`, and \
          plain type declarations.",
    check,
};

fn check(house: &House) -> Vec<Finding> {
    let mut found = Vec::new();
    for source in house.rust().into_iter().filter(|source| source.path.ends_with("src/lib.rs")) {
        for item in &source.tree.items {
            if let Some(what) = logic(item) {
                found.push(Finding::at(source.path, item.span().start().line, format!("has {what}")));
            }
        }
    }
    found
}

fn logic(item: &syn::Item) -> Option<&'static str> {
    if matches!(item, syn::Item::Fn(_)) {
        return Some("a function");
    }
    if matches!(item, syn::Item::Impl(_)) {
        return Some("an impl");
    }
    if matches!(item, syn::Item::Macro(_)) {
        return Some("a macro");
    }
    matches!(item, syn::Item::Mod(inline) if inline.content.is_some()).then_some("a module written out")
}

#[test]
fn lib_rs_has_no_logic() {
    RULE.keep();
}

#[test]
fn logic_in_lib_rs_is_found() {
    let contents = "//! A.\nmod a; pub use a::B; pub struct C; pub type D = B;";
    let files = [
        ("a/src/lib.rs", contents),
        ("b/src/lib.rs", "fn x() {}"),
        ("c/src/lib.rs", "struct A; impl A {}"),
        ("d/src/lib.rs", "mod a { fn x() {} }"),
        ("e/src/main.rs", "fn main() {}"),
    ];
    assert_eq!(RULE.places(&files), ["b/src/lib.rs", "c/src/lib.rs", "d/src/lib.rs"]);
}
