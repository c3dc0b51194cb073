//! Rules left out on purpose. A model that cannot fail proves nothing.

use std::collections::BTreeSet;

use stateright::{Checker, HasDiscoveries, Model};

use super::promises;
use super::queue::Flaw;
use super::runs;
use super::world::Story;

/// Whether this promise is seen broken when that rule is left out.
fn breaks(story: Story, flaw: Flaw, promise: &'static str) -> bool {
    let seen = HasDiscoveries::AllOf(BTreeSet::from([promise]));
    let checker =
        Story { flaw: Some(flaw), ..story }.checker().threads(2).finish_when(seen).spawn_bfs().join();
    checker.discovery(promise).is_some()
}

#[test]
fn without_the_fence_a_late_worker_overwrites_its_successor() {
    assert!(breaks(runs::EDITS, Flaw::NoFence, promises::FENCE));
}

#[test]
fn every_rule_left_out_breaks_a_promise() {
    let flaws = [
        (runs::EDITS, Flaw::ArmAtOnce, promises::ONE_HEAD),
        (runs::EDITS, Flaw::NoHandOver, promises::NOBODY_STUCK),
        (runs::EDITS, Flaw::NoHeir, promises::ONE_WAITING),
        (runs::CURES, Flaw::NoHeir, promises::CURES),
        (runs::RUNS, Flaw::RunsWithoutGate, promises::RUNS_IN_ORDER),
        (runs::EDITS, Flaw::JoinForgetsTarget, promises::NOTHING_LOST),
    ];
    for (story, flaw, promise) in flaws {
        assert!(breaks(story, flaw, promise), "without a rule ({flaw:?}), nobody noticed: {promise}");
    }
}
