//! All rules together.

use crate::exceptions::EXCEPTIONS;
use crate::rule::Rule;
use crate::{build, doors, shape, words};

fn rules() -> Vec<&'static Rule> {
    [build::RULES, doors::RULES, shape::RULES, words::RULES].concat()
}

#[test]
fn every_rule_has_a_name_of_its_own() {
    let mut names: Vec<_> = rules().iter().map(|rule| rule.name).collect();
    names.sort_unstable();
    assert!(names.windows(2).all(|pair| pair[0] != pair[1]), "two rules share a name: {names:?}");
}

#[test]
fn every_exception_names_a_rule_and_has_a_reason() {
    for exception in EXCEPTIONS {
        assert!(
            rules().iter().any(|rule| rule.name == exception.rule),
            "no rule is called {:?}",
            exception.rule
        );
        assert!(!exception.reason.is_empty(), "say why {} is an exception", exception.place);
    }
}
