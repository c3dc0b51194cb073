//! What a rule is, what it finds, and how it is kept.

use std::fmt::Write;

use crate::exceptions::{EXCEPTIONS, Exception};
use crate::house::House;

/// One house rule.
#[derive(Debug)]
pub(crate) struct Rule {
    /// How exceptions and messages call it.
    pub(crate) name: &'static str,
    /// Why it is so, and what to do instead.
    pub(crate) fix: &'static str,
    pub(crate) check: fn(&House) -> Vec<Finding>,
}

/// One place that breaks a rule.
#[derive(Debug)]
pub(crate) struct Finding {
    /// What an exception would name. It has no line number, so that edits elsewhere do not move it.
    place: String,
    line: Option<usize>,
    says: String,
}

impl Finding {
    pub(crate) fn at(place: impl Into<String>, line: usize, says: impl Into<String>) -> Self {
        Self { place: place.into(), line: Some(line), says: says.into() }
    }

    pub(crate) fn of(place: impl Into<String>, says: impl Into<String>) -> Self {
        Self { place: place.into(), line: None, says: says.into() }
    }
}

impl Rule {
    /// Fails with all findings if the house breaks the rule.
    pub(crate) fn keep(&self) {
        let complaint = self.judge(&House::project(), EXCEPTIONS);
        assert!(complaint.is_empty(), "{complaint}");
    }

    /// The places found in a sample.
    pub(crate) fn places(&self, files: &[(&str, &str)]) -> Vec<String> {
        (self.check)(&House::sample(files)).into_iter().map(|finding| finding.place).collect()
    }

    fn judge(&self, house: &House, exceptions: &[Exception]) -> String {
        let exceptions: Vec<_> = exceptions.iter().filter(|exception| exception.rule == self.name).collect();
        let found = (self.check)(house);
        let mut complaint = String::new();
        for finding in &found {
            if !exceptions.iter().any(|exception| exception.place == finding.place) {
                let line = finding.line.map(|line| format!(":{line}")).unwrap_or_default();
                let _ = write!(complaint, "\n  {}{line}: {}", finding.place, finding.says);
            }
        }
        for exception in exceptions {
            if !found.iter().any(|finding| finding.place == exception.place) {
                let place = exception.place;
                let _ =
                    write!(complaint, "\n  {place}: is in order now; take it off the list in exceptions.rs");
            }
        }
        if complaint.is_empty() {
            return complaint;
        }
        format!("\nhouse rule `{}` is broken:\n{complaint}\n\n  {}\n", self.name, self.fix)
    }
}

const SAMPLE: Rule = Rule {
    name: "no bad files",
    fix: "Rename it.",
    check: |house| house.ending("bad").map(|(path, _)| Finding::at(path, 7, "is bad")).collect(),
};

fn exception(place: &'static str) -> Exception {
    Exception { rule: "no bad files", place, reason: "a sample" }
}

#[test]
fn a_complaint_names_the_place_and_the_way_out() {
    let complaint = SAMPLE.judge(&House::sample(&[("a.bad", ""), ("b.good", "")]), &[]);
    assert!(complaint.contains("a.bad:7: is bad"), "{complaint}");
    assert!(complaint.contains("Rename it."), "{complaint}");
    assert!(!complaint.contains("b.good"), "{complaint}");
}

#[test]
fn an_exception_silences_one_place_only() {
    let house = House::sample(&[("a.bad", ""), ("b.bad", "")]);
    let complaint = SAMPLE.judge(&house, &[exception("a.bad")]);
    assert!(!complaint.contains("a.bad") && complaint.contains("b.bad"), "{complaint}");
}

#[test]
fn an_exception_that_is_not_needed_is_a_finding() {
    let complaint = SAMPLE.judge(&House::sample(&[("b.good", "")]), &[exception("a.bad")]);
    assert!(complaint.contains("a.bad: is in order now"), "{complaint}");
}
