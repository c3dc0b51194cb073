//! Names and labels: what Kubernetes takes, and nothing that only looks like it.

use std::collections::BTreeMap;

use domain::field::{Code, Errors};
use domain::text::{DisplayName, LabelKey, LabelValue, Labels, Name, Namespace, Selector, labels};
use proptest::prelude::*;

/// The corpus of I7: names that are DNS labels, and texts that are none. Other doors test themselves with the same.
const LABELS: &[&str] = &["a", "0", "a-b", "a0", "shop", "xn--bcher-kva"];
const NO_LABELS: &[&str] = &[
    "",
    "-",
    "-a",
    "a-",
    "A",
    "shoP",
    "a_b",
    "a b",
    " a",
    "a ",
    "a\n",
    "a\0",
    "ä",
    "а",
    "ａ",
    "a\u{200b}",
    "a\u{202e}b",
    "a/b",
    "..",
    "%61",
];

#[test]
fn names_are_dns_names() {
    for good in LABELS {
        assert!(
            Name::chosen(good).is_ok() && Name::parse(good).is_ok() && Namespace::parse(good).is_ok(),
            "{good}"
        );
    }
    for bad in NO_LABELS {
        assert!(
            Name::chosen(bad).is_err() && Name::parse(bad).is_err() && Namespace::parse(bad).is_err(),
            "{bad:?}"
        );
    }
}

#[test]
fn names_end_where_kubernetes_ends_them() {
    let (fits, long) = ("a".repeat(63), "a".repeat(64));
    assert!(Name::chosen(&fits).is_ok() && Namespace::parse(&fits).is_ok());
    assert!(Name::chosen(&long).is_err() && Namespace::parse(&long).is_err());
    assert!(Name::parse(&"a".repeat(253)).is_ok());
    assert!(Name::parse(&"a".repeat(254)).is_err());
}

#[test]
fn only_objects_have_dots_in_their_names() {
    assert!(Name::parse("shop.v2").is_ok());
    for bad in ["shop..v2", ".shop", "shop.", "shop.-v2"] {
        assert!(Name::parse(bad).is_err(), "{bad}");
    }
    assert!(Name::chosen("shop.v2").is_err());
    assert!(Namespace::parse("shop.v2").is_err());
}

#[test]
fn a_chosen_name_is_never_taken_for_an_id() {
    assert!(Name::chosen("018f2b5e-7c1d-7a4e-9b3a-5d0c1e2f3a4b").is_err());
    assert!(Name::chosen("018f2b5e-7c1d-7a4e-9b3a-5d0c1e2f3a4").is_ok());
}

#[test]
fn a_display_name_is_one_line_that_can_be_seen() {
    assert!(DisplayName::parse("Köln, Größe & Söhne 🦀").is_ok());
    for bad in ["a\nb", "a\u{202e}b", "a\u{0}", "a\u{200b}b"] {
        assert!(DisplayName::parse(bad).is_err(), "{bad:?}");
    }
    assert!(DisplayName::parse(&"ä".repeat(100)).is_ok() && DisplayName::parse(&"ä".repeat(101)).is_err());
}

#[test]
fn labels_are_those_of_kubernetes() {
    let (name, prefix) = ("a".repeat(63), format!("{}/a", "a.".repeat(126) + "a"));
    for good in ["a", "A_b.c-d", "app.kubernetes.io/name", &name, &prefix] {
        assert!(LabelKey::parse(good).is_ok(), "{good}");
    }
    let (name, prefix) = ("a".repeat(64), format!("{}/a", "a".repeat(254)));
    for bad in ["", "/a", "a/", "a/b/c", "-a", "a-", "A.io/x", "a b", "ä", &name, &prefix] {
        assert!(LabelKey::parse(bad).is_err(), "{bad:?}");
    }
    for (value, good) in [("", true), ("v1.2_3", true), ("-a", false), ("a b", false), (name.as_str(), false)]
    {
        assert_eq!(LabelValue::parse(value).is_ok(), good, "{value:?}");
    }
}

#[test]
fn all_bad_labels_are_named_at_once() {
    let pairs = [("good", "yes"), ("bad key", "x"), ("team", "bad value")];
    let mut errors = Errors::new();
    let read =
        labels(&mut errors, "labels", pairs.map(|(key, value)| (key.to_owned(), value.to_owned())).into());
    let found = errors.finish(read).unwrap_err();
    let places: Vec<_> = found.iter().map(|error| error.pointer.as_str()).collect();
    assert_eq!(places, ["/labels/bad key", "/labels/team"]);

    let many: BTreeMap<_, _> = (0..33).map(|number| (format!("k{number}"), String::new())).collect();
    let mut errors = Errors::new();
    let read = labels(&mut errors, "labels", many);
    assert_eq!(errors.finish(read).unwrap_err()[0].code, Code::TooMany);
}

fn some_labels(pairs: &[(&str, &str)]) -> Labels {
    let pair =
        |(key, value): &(&str, &str)| (LabelKey::parse(key).unwrap(), LabelValue::parse(value).unwrap());
    pairs.iter().map(pair).collect()
}

#[test]
fn a_selector_asks_for_everything_in_it() {
    let shop = some_labels(&[("env", "prod"), ("team", "a")]);
    for (selector, holds) in [
        ("", true),
        ("env=prod", true),
        ("env==prod,team=a", true),
        ("env=prod, team=b", false),
        ("env!=test", true),
        ("tier!=db", true),
        ("env!=prod", false),
        ("team", true),
        ("tier", false),
        ("!tier", true),
        ("!team", false),
    ] {
        assert_eq!(Selector::parse(selector).unwrap().matches(&shop), holds, "{selector}");
    }
    for bad in [",", "env=", "=", "a=b=c", "!", "!!a", "a in (b)", "env=prod,", "a b"] {
        let read = Selector::parse(bad);
        assert!(read.is_err() || bad == "env=", "{bad}");
    }
    assert_eq!(Selector::parse(&["a"; 11].join(",")).unwrap_err().code, Code::TooMany);
}

proptest! {
    #[test]
    fn a_name_is_read_as_it_was_stored(raw in "[a-z0-9.-]{1,70}") {
        if let Ok(name) = Name::parse(&raw) {
            let stored = serde_json::to_value(&name).unwrap();
            prop_assert_eq!(serde_json::from_value::<Name>(stored).unwrap(), name);
        }
    }

    #[test]
    fn no_text_makes_a_selector_panic(raw in ".*") {
        let _ = Selector::parse(&raw);
    }
}
