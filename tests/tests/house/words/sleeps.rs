//! A test waits for something, never for a time.

use crate::house::House;
use crate::rule::{Finding, Rule};
use crate::syntax::Source;

pub(crate) const RULE: Rule = Rule {
    name: "tests never sleep",
    fix: "A sleep is too short on a slow machine and too long on a fast one. Wait for the condition with a deadline \
          (`testbed::wait`), move time by changing the row (`due_at`), or pause tokio's clock and advance it.",
    check,
};

fn check(house: &House) -> Vec<Finding> {
    let mut found = Vec::new();
    for source in house.rust() {
        let all = is_test(&source);
        for named in source.names().into_iter().filter(|named| all || named.test) {
            if sleeps(&named.segments) {
                found.push(Finding::at(
                    source.path,
                    named.line,
                    format!("names `{}`", named.segments.join("::")),
                ));
            }
        }
    }
    found
}

/// A file of a test binary. The programs of the testbed and the sandbox lie under `tests/` too, but are programs.
fn is_test(source: &Source<'_>) -> bool {
    source.seat().is_some_and(|seat| !seat.target.ends_with("/src"))
}

fn sleeps(path: &[String]) -> bool {
    let clock = path.iter().rev().nth(1).is_some_and(|clock| clock == "time" || clock == "thread");
    clock && path.last().is_some_and(|last| ["park_timeout", "sleep", "sleep_until"].contains(&last.as_str()))
}

#[test]
fn tests_never_sleep() {
    RULE.keep();
}

#[test]
fn a_test_that_sleeps_is_found() {
    let files = [
        ("a/tests/it/main.rs", "async fn a() { tokio::time::sleep(LONG).await }"),
        (
            "b/src/lib.rs",
            "fn b() { tokio::time::sleep(d) } #[cfg(test)] mod tests { use std::thread::sleep; }",
        ),
        ("c/src/lib.rs", "use tokio::time::sleep;"),
        ("tests/testbed/src/wait.rs", "use tokio::time::sleep;"),
        (
            "tests/tests/it/d.rs",
            "fn d() { select! { () = time::sleep_until(t) => {} } std::thread::park_timeout(p); }",
        ),
    ];
    assert_eq!(
        RULE.places(&files),
        ["a/tests/it/main.rs", "b/src/lib.rs", "tests/tests/it/d.rs", "tests/tests/it/d.rs"]
    );
}
