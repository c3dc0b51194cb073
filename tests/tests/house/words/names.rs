//! Names that say nothing about what a thing is.

use syn::visit::{self, Visit};

use crate::house::House;
use crate::rule::{Finding, Rule};

/// Stems of files and names of folders: drawers with no owner.
const DRAWERS: &[&str] = &[
    "common",
    "constants",
    "dto",
    "helper",
    "helpers",
    "manager",
    "misc",
    "models",
    "prelude",
    "service",
    "services",
    "types",
    "util",
    "utils",
];
const TYPE_ENDINGS: &[&str] = &["Helper", "Impl", "Manager", "Processor", "Service", "Util", "Utils"];
const FUNCTION_BEGINNINGS: &[&str] = &["do_", "handle_"];
const FUNCTION_ENDINGS: &[&str] = &["_inner", "_internal"];

pub(crate) const FILES: Rule = Rule {
    name: "files are named after what they are about",
    fix: "A drawer like utils, models or service.rs has no owner and grows for ever. Put each thing beside what it \
          serves, and name the file after the noun in it.",
    check: check_files,
};

fn check_files(house: &House) -> Vec<Finding> {
    let code = house.files().filter(|(path, _)| path.ends_with(".rs") || path.ends_with(".go"));
    let drawers = code.filter(|(path, _)| {
        path.split('/').any(|part| DRAWERS.contains(&part.split('.').next().unwrap_or_default()))
    });
    drawers.map(|(path, _)| Finding::of(path, "is a drawer")).collect()
}

pub(crate) const ITEMS: Rule = Rule {
    name: "types are nouns and functions are verbs",
    fix: "`…Manager`, `…Service`, `…Impl` name nothing: say what the thing is (a Lease, a Feed). `handle_x`, `do_x`, \
          `x_inner` name nothing either: say what is done, as a user of it would (`request_sync`, `claim`).",
    check: check_items,
};

fn check_items(house: &House) -> Vec<Finding> {
    let mut found = Vec::new();
    for source in house.rust() {
        let mut reader = Reader { path: source.path, found: &mut found };
        reader.visit_file(&source.tree);
    }
    found
}

struct Reader<'a> {
    path: &'a str,
    found: &'a mut Vec<Finding>,
}

impl Reader<'_> {
    fn name(&mut self, what: &str, name: &syn::Ident, bad: impl Fn(&str) -> bool) {
        let text = name.to_string();
        if bad(&text) {
            let place = format!("{} {what} {text}", self.path);
            self.found.push(Finding::at(place, name.span().start().line, "is an empty name"));
        }
    }

    fn named_type(&mut self, name: &syn::Ident) {
        self.name("type", name, |name| TYPE_ENDINGS.iter().any(|end| name.ends_with(end)));
    }
}

impl<'ast> Visit<'ast> for Reader<'_> {
    fn visit_item_struct(&mut self, item: &'ast syn::ItemStruct) {
        self.named_type(&item.ident);
    }

    fn visit_item_enum(&mut self, item: &'ast syn::ItemEnum) {
        self.named_type(&item.ident);
    }

    fn visit_item_trait(&mut self, item: &'ast syn::ItemTrait) {
        self.named_type(&item.ident);
        visit::visit_item_trait(self, item);
    }

    fn visit_item_type(&mut self, item: &'ast syn::ItemType) {
        self.named_type(&item.ident);
    }

    fn visit_signature(&mut self, signature: &'ast syn::Signature) {
        self.name("fn", &signature.ident, |name| {
            FUNCTION_BEGINNINGS.iter().any(|start| name.starts_with(start))
                || FUNCTION_ENDINGS.iter().any(|end| name.ends_with(end))
        });
    }
}

#[test]
fn files_are_named_after_what_they_are_about() {
    FILES.keep();
}

#[test]
fn types_are_nouns_and_functions_are_verbs() {
    ITEMS.keep();
}

#[test]
fn a_drawer_is_found() {
    let files = [
        ("a/src/utils.rs", ""),
        ("a/src/models/shop.rs", ""),
        ("a/src/lease.rs", ""),
        ("docs/common.md", ""),
    ];
    assert_eq!(FILES.places(&files), ["a/src/models/shop.rs", "a/src/utils.rs"]);
}

#[test]
fn an_empty_name_is_found() {
    let text = "struct LeaseManager; enum Lease { Service } trait FeedImpl { fn do_it(); }\n\
                impl Lease { fn claim_inner(&self) {} } fn handle_sync() {} fn handles() {} fn undo_it() {}";
    let expected = [
        "x.rs type LeaseManager",
        "x.rs type FeedImpl",
        "x.rs fn do_it",
        "x.rs fn claim_inner",
        "x.rs fn handle_sync",
    ];
    assert_eq!(ITEMS.places(&[("x.rs", text)]), expected);
}
