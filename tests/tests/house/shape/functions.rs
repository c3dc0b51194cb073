//! Functions, tests among them, fit on a screen.

use syn::spanned::Spanned;
use syn::visit::{self, Visit};

use crate::house::House;
use crate::rule::{Finding, Rule};

const LIMIT: usize = 60;

pub(crate) const RULE: Rule = Rule {
    name: "functions have at most 60 lines",
    fix: "Aim at 25. Name the steps and make each a function; in a test, give the scene or the claim a name. A long \
          table of values can be a const.",
    check,
};

fn check(house: &House) -> Vec<Finding> {
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
    fn measure(&mut self, signature: &syn::Signature, body: &syn::Block) {
        let first = signature.span().start().line;
        let lines = body.span().end().line + 1 - first;
        if lines > LIMIT {
            let place = format!("{} fn {}", self.path, signature.ident);
            self.found.push(Finding::at(place, first, format!("has {lines} lines")));
        }
    }
}

impl<'ast> Visit<'ast> for Reader<'_> {
    fn visit_item_fn(&mut self, item: &'ast syn::ItemFn) {
        self.measure(&item.sig, &item.block);
        visit::visit_item_fn(self, item);
    }

    fn visit_impl_item_fn(&mut self, item: &'ast syn::ImplItemFn) {
        self.measure(&item.sig, &item.block);
        visit::visit_impl_item_fn(self, item);
    }

    fn visit_trait_item_fn(&mut self, item: &'ast syn::TraitItemFn) {
        if let Some(body) = &item.default {
            self.measure(&item.sig, body);
        }
        visit::visit_trait_item_fn(self, item);
    }
}

#[test]
fn functions_have_at_most_60_lines() {
    RULE.keep();
}

#[test]
fn a_long_function_is_found_wherever_it_is() {
    let body = "\n".repeat(60);
    let text = format!(
        "fn a() {{{body}}}\nfn just() {{{}}}\nimpl S {{ fn b() {{{body}}} }}\n\
         mod m {{ trait T {{ fn c() {{{body}}} }} }}\nfn o() {{ fn d() {{{body}}} }}",
        "\n".repeat(59)
    );
    let expected = ["x.rs fn a", "x.rs fn b", "x.rs fn c", "x.rs fn o", "x.rs fn d"];
    assert_eq!(RULE.places(&[("x.rs", &text)]), expected);
}
