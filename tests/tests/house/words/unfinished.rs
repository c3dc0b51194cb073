//! Nothing pretends to be there: no `todo!`, no test that is switched off.

use proc_macro2::{TokenStream, TokenTree};
use syn::spanned::Spanned;
use syn::visit::{self, Visit};

use crate::house::House;
use crate::rule::{Finding, Rule};

pub(crate) const RULE: Rule = Rule {
    name: "nothing is left unfinished",
    fix: "Finish it or take it out. A test that cannot pass yet is not written yet; one that is too slow is made \
          faster or smaller.",
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
    fn found(&mut self, line: usize, what: &str) {
        self.found.push(Finding::at(self.path, line, format!("has `{what}`")));
    }

    /// A macro call inside another macro's tokens.
    fn scan(&mut self, tokens: TokenStream) {
        let mut before: Option<proc_macro2::Ident> = None;
        for token in tokens {
            if let (Some(name), TokenTree::Punct(punct)) = (&before, &token)
                && punct.as_char() == '!'
                && unfinished(name)
            {
                self.found(name.span().start().line, &format!("{name}!"));
            }
            before = None;
            match token {
                TokenTree::Ident(ident) => before = Some(ident),
                TokenTree::Group(group) => self.scan(group.stream()),
                TokenTree::Punct(_) | TokenTree::Literal(_) => {}
            }
        }
    }
}

fn unfinished(name: &syn::Ident) -> bool {
    name == "todo" || name == "unimplemented"
}

impl<'ast> Visit<'ast> for Reader<'_> {
    fn visit_macro(&mut self, called: &'ast syn::Macro) {
        if let Some(last) = called.path.segments.last().filter(|last| unfinished(&last.ident)) {
            self.found(last.span().start().line, &format!("{}!", last.ident));
        }
        self.scan(called.tokens.clone());
        visit::visit_macro(self, called);
    }

    fn visit_attribute(&mut self, attribute: &'ast syn::Attribute) {
        if attribute.path().is_ident("ignore") {
            self.found(attribute.span().start().line, "#[ignore]");
        }
    }
}

#[test]
fn nothing_is_left_unfinished() {
    RULE.keep();
}

#[test]
fn unfinished_code_is_found_also_inside_macros() {
    let files = [
        ("a.rs", "fn a() { todo!() }"),
        ("b.rs", "fn b() { assert!(f(|| unimplemented!(\"later\"))) }"),
        ("c.rs", "#[test]\n#[ignore = \"slow\"]\nfn c() {}"),
        ("d.rs", "/// The todo list; we `ignore` it.\nfn todo() { let todo = !ignore; }"),
    ];
    assert_eq!(RULE.places(&files), ["a.rs", "b.rs", "c.rs"]);
}
