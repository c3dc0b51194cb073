//! No two modules need each other, at any level of any crate.

use std::collections::{BTreeMap, BTreeSet};

use super::rooms::absolute;
use crate::house::House;
use crate::rule::{Finding, Rule};
use crate::syntax::{Named, Seat, Source};

pub(crate) const RULE: Rule = Rule {
    name: "no circle among modules",
    fix: "Modules that need each other can only be understood together. Move what both need into a module of its own \
          below them, pass it in as an argument, or make them one module. (A child may use its parent, and a parent \
          its children; only brothers and sisters, with all below them, must have an order.)",
    check,
};

type Path = Vec<String>;

/// The modules of one target, what each makes known under another name, and who uses whom.
#[derive(Default)]
struct Target<'a> {
    modules: BTreeSet<Path>,
    renamed: BTreeMap<Path, Path>,
    uses: Vec<(Path, &'a Source<'a>, Named)>,
}

/// Under one parent: from, to, and one place that shows it.
type Edges = BTreeMap<String, BTreeMap<String, String>>;

fn check(house: &House) -> Vec<Finding> {
    let sources = house.rust();
    let mut targets: BTreeMap<String, Target<'_>> = BTreeMap::new();
    for source in &sources {
        let Some(seat) = source.seat() else { continue };
        let target = targets.entry(seat.target.clone()).or_default();
        target.modules.insert(seat.module.clone());
        for named in source.names().into_iter().filter(|named| !named.test) {
            let here: Path = seat.module.iter().chain(&named.inside).cloned().collect();
            target.modules.insert(here.clone());
            target.uses.push((here, source, named));
        }
    }
    for target in targets.values_mut() {
        target.renamed = target.other_names();
    }
    targets.iter().flat_map(|(name, target)| target.circles(name)).collect()
}

fn child(parent: &[String], name: &str) -> Path {
    parent.iter().cloned().chain([name.to_owned()]).collect()
}

impl Target<'_> {
    fn circles(&self, name: &str) -> Vec<Finding> {
        let mut levels: BTreeMap<Path, Edges> = BTreeMap::new();
        for (here, source, named) in &self.uses {
            let Some(there) = self.reached(here, named) else { continue };
            let shared = here.iter().zip(&there).take_while(|(a, b)| a == b).count();
            if let (Some(from), Some(to)) = (here.get(shared), there.get(shared)) {
                let edges =
                    levels.entry(here[..shared].to_vec()).or_default().entry(from.clone()).or_default();
                edges.entry(to.clone()).or_insert_with(|| format!("{}:{}", source.path, named.line));
            }
        }
        let circles = levels.iter().filter_map(|(parent, edges)| Some((parent, edges, circle(edges)?)));
        circles.map(|(parent, edges, circle)| finding(name, parent, edges, &circle)).collect()
    }

    /// What each `use` calls something from there on.
    fn other_names(&self) -> BTreeMap<Path, Path> {
        let names = self.uses.iter().filter_map(|(here, _, named)| {
            Some((child(here, named.alias.as_ref()?), self.spelled_out(here, named)?))
        });
        names.collect()
    }

    /// A path from the root, if it stays in this target.
    fn spelled_out(&self, here: &[String], named: &Named) -> Option<Path> {
        let seat = Seat { target: String::new(), module: here.to_vec() };
        let outright = Named { inside: Vec::new(), ..named.clone() };
        let below =
            || self.known(&child(here, named.segments.first()?)).then(|| [here, &named.segments].concat());
        absolute(&seat, &outright).or_else(below)
    }

    /// The module that a path leads to, through what modules on the way give other names.
    fn reached(&self, here: &[String], named: &Named) -> Option<Path> {
        let mut path = self.spelled_out(here, named)?;
        for _ in 0..8 {
            let module = self.deepest(&path);
            let Some(to) = path.get(module).and_then(|name| self.renamed.get(&child(&path[..module], name)))
            else {
                path.truncate(module);
                return Some(path);
            };
            path = to.iter().chain(&path[module + 1..]).cloned().collect();
        }
        None
    }

    fn known(&self, path: &Path) -> bool {
        self.modules.contains(path) || self.modules.iter().any(|module| module.starts_with(path))
    }

    /// How many leading segments are modules.
    fn deepest(&self, path: &[String]) -> usize {
        (0..=path.len()).rev().find(|length| self.known(&path[..*length].to_vec())).unwrap_or(0)
    }
}

/// A shortest circle, beginning with the smallest name in it.
fn circle(edges: &Edges) -> Option<Vec<String>> {
    edges.keys().filter_map(|start| way(edges, start)).min_by_key(Vec::len)
}

/// The shortest way from a module back to itself.
fn way(edges: &Edges, start: &str) -> Option<Vec<String>> {
    let mut ways = vec![vec![start.to_owned()]];
    let mut seen = BTreeSet::new();
    while !ways.is_empty() {
        let mut longer = Vec::new();
        for way in ways {
            for next in way.last().and_then(|last| edges.get(last)).into_iter().flat_map(BTreeMap::keys) {
                if next == start {
                    return Some(way);
                }
                if seen.insert(next) {
                    longer.push(child(&way, next));
                }
            }
        }
        ways = longer;
    }
    None
}

fn finding(target: &str, parent: &[String], edges: &Edges, circle: &[String]) -> Finding {
    let steps = circle.iter().zip(circle.iter().cycle().skip(1));
    let steps: Vec<_> = steps.map(|(a, b)| format!("{a} → {b} ({})", edges[a][b])).collect();
    let place = [target].into_iter().chain(parent.iter().map(String::as_str)).collect::<Vec<_>>().join("/");
    Finding::of(format!("{place}: {}", circle.join(" → ")), steps.join(", "))
}

#[test]
fn no_circle_among_modules() {
    RULE.keep();
}

#[test]
fn a_circle_is_found_also_through_other_names_and_deeper_down() {
    let files = [
        // a → b by a name the root gives, b → c from below, c → a in a macro.
        ("x/src/lib.rs", "mod a; mod b; mod c; pub use b::deep::Thing as Known;"),
        ("x/src/a.rs", "use crate::Known;"),
        ("x/src/b/mod.rs", "pub mod deep;"),
        ("x/src/b/deep.rs", "use super::super::c::Y; pub struct Thing;"),
        ("x/src/c.rs", "fn f() { say!(crate::a::g()); }"),
        // A circle one level down.
        ("x/src/b/left.rs", "use super::right::R;"),
        ("x/src/b/right.rs", "fn f() { super::left::l() }"),
    ];
    assert_eq!(RULE.places(&files), ["x/src: a → b → c", "x/src/b: left → right"]);
}

#[test]
fn parents_children_and_tests_make_no_circle() {
    let files = [
        ("x/src/lib.rs", "mod a; mod b; pub struct Root; use a::A; use b::B;"),
        ("x/src/a.rs", "use crate::{Root, b::B}; pub struct A;"),
        ("x/src/b.rs", "use super::Root; pub struct B; #[cfg(test)] mod t { use crate::a::A; }"),
    ];
    assert!(RULE.places(&files).is_empty());
}
