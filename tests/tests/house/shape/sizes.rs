//! Files stay small enough to be read in one go.

use super::is_code;
use crate::house::House;
use crate::rule::{Finding, Rule};

const LIMIT: usize = 600;
const QUESTION: usize = 400;

pub(crate) const RULE: Rule = Rule {
    name: "files have at most 600 lines",
    fix: "Aim at 250. Split by noun: the type with its own functions moves to a file of its own name; a long test \
          file splits by what it shows.",
    check,
};

fn check(house: &House) -> Vec<Finding> {
    longer_than(house, LIMIT).map(|(path, lines)| Finding::of(path, format!("has {lines} lines"))).collect()
}

fn longer_than(house: &House, limit: usize) -> impl Iterator<Item = (&str, usize)> {
    let code = house.files().filter(|(path, _)| is_code(path));
    code.map(|(path, text)| (path, text.lines().count())).filter(move |(_, lines)| *lines > limit)
}

#[test]
fn files_have_at_most_600_lines() {
    for (path, lines) in longer_than(&House::project(), QUESTION) {
        println!("a question, not a failure: could {path} ({lines} lines) be two files?");
    }
    RULE.keep();
}

#[test]
fn a_long_file_is_found() {
    let (long, just) = ("x\n".repeat(601), "x\n".repeat(600));
    let files = [("a.rs", long.as_str()), ("b.rs", just.as_str()), ("c.lock", long.as_str())];
    assert_eq!(RULE.places(&files), ["a.rs"]);
}
