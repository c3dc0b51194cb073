//! A parsed Rust file: where it sits among the modules, and which paths it names.

use proc_macro2::{TokenStream, TokenTree};
use syn::spanned::Spanned;
use syn::visit::{self, Visit};

/// One Rust file.
pub(crate) struct Source<'a> {
    pub(crate) path: &'a str,
    pub(crate) tree: syn::File,
}

/// A path that a file names, in a `use` or in code.
#[derive(Clone, Debug)]
pub(crate) struct Named {
    pub(crate) segments: Vec<String>,
    /// For a `use`, the name it has from here on.
    pub(crate) alias: Option<String>,
    pub(crate) line: usize,
    /// The modules inside the file around it.
    pub(crate) inside: Vec<String>,
    /// In a `#[cfg(test)]` module.
    pub(crate) test: bool,
}

/// Where a file sits: the target it belongs to (`store/src`, `store/tests/it`) and its module there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Seat {
    pub(crate) target: String,
    pub(crate) module: Vec<String>,
}

impl<'a> Source<'a> {
    pub(crate) fn parse(path: &'a str, text: &str) -> Self {
        Self { path, tree: syn::parse_file(text).expect(path) }
    }

    pub(crate) fn seat(&self) -> Option<Seat> {
        let parts: Vec<&str> = self.path.split('/').collect();
        let cut = match parts.iter().rposition(|part| *part == "src") {
            Some(src) => src + 1,
            None => parts.iter().rposition(|part| *part == "tests")? + 2,
        };
        let (target, inside) = parts.split_at_checked(cut)?;
        let (file, folders) = inside.split_last()?;
        let mut module: Vec<String> = folders.iter().map(ToString::to_string).collect();
        match file.strip_suffix(".rs")? {
            "mod" | "lib" | "main" => {}
            name => module.push(name.to_owned()),
        }
        Some(Seat { target: target.join("/"), module })
    }

    /// Every path of two or more segments, and every `use`.
    pub(crate) fn names(&self) -> Vec<Named> {
        let mut reader =
            Reader { found: Vec::new(), inside: Vec::new(), test: self.path.ends_with("/tests.rs") };
        reader.visit_file(&self.tree);
        reader.found
    }
}

struct Reader {
    found: Vec<Named>,
    inside: Vec<String>,
    test: bool,
}

impl Reader {
    fn push(&mut self, segments: Vec<String>, alias: Option<String>, line: usize) {
        self.found.push(Named { segments, alias, line, inside: self.inside.clone(), test: self.test });
    }

    fn flatten(&mut self, tree: &syn::UseTree, mut before: Vec<String>) {
        let line = tree.span().start().line;
        match tree {
            syn::UseTree::Path(path) => {
                before.push(path.ident.to_string());
                self.flatten(&path.tree, before);
            }
            syn::UseTree::Name(name) => {
                let alias = name.ident.to_string();
                if alias != "self" {
                    before.push(alias);
                }
                let alias = before.last().cloned();
                self.push(before, alias, line);
            }
            syn::UseTree::Rename(rename) => {
                before.push(rename.ident.to_string());
                self.push(before, Some(rename.rename.to_string()), line);
            }
            syn::UseTree::Glob(_) => self.push(before, None, line),
            syn::UseTree::Group(group) => {
                for tree in &group.items {
                    self.flatten(tree, before.clone());
                }
            }
        }
    }

    /// Paths in tokens that nobody parses: the inside of a macro call or of an attribute.
    fn scan(&mut self, tokens: TokenStream) {
        let (mut path, mut line, mut colons) = (Vec::new(), 0, 0);
        for token in tokens {
            match token {
                TokenTree::Ident(ident) => {
                    if colons != 2 {
                        self.finish(&mut path, line);
                        line = ident.span().start().line;
                    }
                    path.push(ident.to_string());
                    colons = 0;
                }
                TokenTree::Punct(punct) if punct.as_char() == ':' => colons += 1,
                TokenTree::Group(group) => {
                    self.finish(&mut path, line);
                    self.scan(group.stream());
                }
                TokenTree::Punct(_) | TokenTree::Literal(_) => self.finish(&mut path, line),
            }
        }
        self.finish(&mut path, line);
    }

    fn finish(&mut self, path: &mut Vec<String>, line: usize) {
        let path = std::mem::take(path);
        if path.len() > 1 {
            self.push(path, None, line);
        }
    }
}

/// Whether an attribute list marks code that only tests see.
pub(crate) fn only_in_tests(attributes: &[syn::Attribute]) -> bool {
    attributes.iter().any(|attribute| {
        attribute.path().is_ident("cfg")
            && attribute.parse_args::<syn::Ident>().is_ok_and(|word| word == "test")
    })
}

impl<'ast> Visit<'ast> for Reader {
    fn visit_item_use(&mut self, item: &'ast syn::ItemUse) {
        self.flatten(&item.tree, Vec::new());
    }

    fn visit_item_mod(&mut self, item: &'ast syn::ItemMod) {
        let before = self.test;
        self.test |= only_in_tests(&item.attrs);
        self.inside.push(item.ident.to_string());
        visit::visit_item_mod(self, item);
        self.inside.pop();
        self.test = before;
    }

    fn visit_path(&mut self, path: &'ast syn::Path) {
        // One segment is a local name, not a way to another module.
        if path.segments.len() > 1 {
            let segments = path.segments.iter().map(|segment| segment.ident.to_string()).collect();
            self.push(segments, None, path.span().start().line);
        }
        visit::visit_path(self, path);
    }

    fn visit_macro(&mut self, called: &'ast syn::Macro) {
        visit::visit_macro(self, called);
        self.scan(called.tokens.clone());
    }

    fn visit_attribute(&mut self, attribute: &'ast syn::Attribute) {
        if let syn::Meta::List(list) = &attribute.meta {
            self.scan(list.tokens.clone());
        }
        visit::visit_attribute(self, attribute);
    }

    fn visit_visibility(&mut self, _: &'ast syn::Visibility) {
        // `pub(in path)` opens a door to above; it is no use of it.
    }
}

#[test]
fn a_file_knows_its_seat() {
    let seat = |path| Source::parse(path, "").seat().map(|seat| (seat.target, seat.module.join("::")));
    let at = |target: &str, module: &str| Some((target.to_owned(), module.to_owned()));
    assert_eq!(seat("store/src/lib.rs"), at("store/src", ""));
    assert_eq!(seat("store/src/tx/scope.rs"), at("store/src", "tx::scope"));
    assert_eq!(seat("store/src/tx/mod.rs"), at("store/src", "tx"));
    assert_eq!(seat("tests/tests/house/rule.rs"), at("tests/tests/house", "rule"));
    assert_eq!(seat("tests/testbed/src/wait.rs"), at("tests/testbed/src", "wait"));
    assert_eq!(seat("store/build.rs"), None);
}

#[test]
fn paths_are_found_in_uses_code_macros_and_attributes() {
    let text = "use a::{b, c::d as e, f::*};\n#[derive(g::H)]\nstruct S;\nfn x() { y!(1, i::j(z)); k::l::m(n); o }\n\
                #[cfg(test)]\nmod t { use super::p; }";
    let names = Source::parse("x/src/lib.rs", text).names();
    let paths: Vec<_> =
        names.iter().map(|name| format!("{}:{}", name.segments.join("::"), name.line)).collect();
    assert_eq!(paths, ["a::b:1", "a::c::d:1", "a::f:1", "g::H:2", "i::j:4", "k::l::m:4", "super::p:6"]);
    assert_eq!(names.iter().filter(|name| name.test).count(), 1);
    assert_eq!(names[1].alias.as_deref(), Some("e"));
}
