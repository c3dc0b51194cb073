//! Which room of a program may see which other room, and which of our crates.

use crate::house::House;
use crate::rule::{Finding, Rule};
use crate::syntax::{Named, Seat};

struct Room {
    /// Its folder, or its file without `.rs`.
    at: &'static str,
    /// Rooms of the same program.
    rooms: &'static [&'static str],
    /// Our crates.
    crates: &'static [&'static str],
}

const ROOMS: &[Room] = &[
    Room {
        at: "backend/src/settings",
        rooms: &["access", "app", "crs", "http"],
        crates: &["domain", "runtime", "store"],
    },
    Room { at: "backend/src/http", rooms: &["access", "app"], crates: &["domain", "runtime"] },
    Room { at: "backend/src/crs", rooms: &["access", "app"], crates: &["domain", "runtime"] },
    Room { at: "backend/src/app", rooms: &["access"], crates: &["domain", "runtime", "store"] },
    Room { at: "backend/src/access", rooms: &[], crates: &["domain", "runtime", "store"] },
    Room {
        at: "cluster-agent/src/settings",
        rooms: &["cluster", "git", "reconcile", "report", "wake", "work"],
        crates: &["domain", "runtime", "store"],
    },
    Room { at: "cluster-agent/src/work", rooms: &["reconcile"], crates: &["domain", "runtime", "store"] },
    Room { at: "cluster-agent/src/report", rooms: &["cluster"], crates: &["domain", "runtime", "store"] },
    Room {
        at: "cluster-agent/src/wake",
        rooms: &["cluster", "git"],
        crates: &["domain", "runtime", "store"],
    },
    // It reads what is desired from the store, and acts through the two rooms that can.
    Room {
        at: "cluster-agent/src/reconcile",
        rooms: &["cluster", "git"],
        crates: &["domain", "runtime", "store"],
    },
    Room { at: "cluster-agent/src/cluster", rooms: &[], crates: &["domain", "runtime"] },
    Room { at: "cluster-agent/src/git", rooms: &[], crates: &["domain", "runtime"] },
];

const PROGRAMS: &[&str] = &["backend/src", "cluster-agent/src"];
const CRATES: &[&str] = &["domain", "migrations", "runtime", "store"];

pub(crate) const RULE: Rule = Rule {
    name: "rooms look one way",
    fix: "The doors are `http|crs → app → store → domain` and `work → reconcile → cluster|git → domain`; `main` alone \
          sees all and wires them. Ask the next room for what you want; it answers in words of `domain`. A new room, \
          or a new door, is a line in tests/tests/house/doors/rooms.rs and a word in docs/ARCHITECTURE.md.",
    check,
};

fn check(house: &House) -> Vec<Finding> {
    let mut found = Vec::new();
    for source in house.rust() {
        let Some(seat) = source.seat().filter(|seat| PROGRAMS.contains(&seat.target.as_str())) else {
            continue;
        };
        let Some(here) = seat.module.first() else { continue }; // main sees all
        let Some(room) = ROOMS.iter().find(|room| room.at == format!("{}/{here}", seat.target)) else {
            found.push(Finding::of(source.path, format!("`{here}` is no room of {}", seat.target)));
            continue;
        };
        for named in source.names() {
            if let Some(seen) = closed(room, &seat, &named) {
                found.push(Finding::at(source.path, named.line, format!("`{here}` must not see `{seen}`")));
            }
        }
    }
    found
}

/// What a path reaches behind a door that is closed to this room.
fn closed(room: &Room, seat: &Seat, named: &Named) -> Option<String> {
    let first = named.segments.first()?;
    if CRATES.contains(&first.as_str()) {
        return (!room.crates.contains(&first.as_str())).then(|| first.clone());
    }
    let reached = absolute(seat, named)?;
    let other = reached.first().filter(|other| seat.module.first() != Some(*other))?;
    let a_room = ROOMS.iter().any(|room| room.at == format!("{}/{other}", seat.target));
    (a_room && !room.rooms.contains(&other.as_str())).then(|| other.clone())
}

/// Where a `crate::`, `self::` or `super::` path leads, from the root of its target.
pub(super) fn absolute(seat: &Seat, named: &Named) -> Option<Vec<String>> {
    let mut base: Vec<String> = seat.module.iter().chain(&named.inside).cloned().collect();
    let mut rest = named.segments.as_slice();
    match rest.first()?.as_str() {
        "crate" => base.clear(),
        "self" => {}
        "super" => {
            base.pop();
        }
        _ => return None,
    }
    rest = &rest[1..];
    while rest.first().is_some_and(|segment| segment == "super") {
        base.pop();
        rest = &rest[1..];
    }
    base.extend_from_slice(rest);
    Some(base)
}

#[test]
fn rooms_look_one_way() {
    RULE.keep();
}

#[test]
fn a_room_that_looks_through_a_closed_door_is_found() {
    let files = [
        ("backend/src/main.rs", "use store::Store; use crate::http::serve;"),
        ("backend/src/app/deployments.rs", "use store::Tx; use crate::http::Problem;"),
        ("backend/src/http/deployments.rs", "use crate::app::Wish; fn x(y: store::Row) {}"),
        ("backend/src/http/mod.rs", "use super::access::Caller; use domain::A;"),
        ("backend/src/shelf.rs", ""),
        ("cluster-agent/src/cluster/mod.rs", "use super::{work::Claim, cluster::Me};"),
    ];
    let expected = [
        "backend/src/app/deployments.rs",
        "backend/src/http/deployments.rs",
        "backend/src/shelf.rs",
        "cluster-agent/src/cluster/mod.rs",
    ];
    assert_eq!(RULE.places(&files), expected);
}
