//! The explorations. Each ends by itself: budgets are finite, and time stops when nothing is open.

use stateright::{Checker, Model};

use super::world::{Budget, Story};

const NOTHING: Budget = Budget {
    edits: 0,
    cures: 0,
    refreshes: 0,
    runs: 0,
    cancels: 0,
    deletes: 0,
    sweeps: 0,
    failures: 0,
    deaths: 0,
};

const TWO_WORKERS: Story =
    Story { budget: NOTHING, workers: 2, quiet_from: 2, slow_reads: false, witness: false, flaw: None };

/// Edits while attempts fail and agents die. Every way to end (but by hand) is seen here.
pub(super) const EDITS: Story =
    Story { budget: Budget { edits: 2, failures: 2, deaths: 1, ..NOTHING }, witness: true, ..TWO_WORKERS };

/// Somebody mends what an attempt found broken, while it is at it. Workers are slow to look.
pub(super) const CURES: Story = Story {
    budget: Budget { edits: 1, cures: 1, failures: 1, deaths: 1, ..NOTHING },
    slow_reads: true,
    ..TWO_WORKERS
};

/// Nobody wishes again what has failed; the sweep finds it.
pub(super) const SWEEP: Story =
    Story { budget: Budget { edits: 1, sweeps: 1, failures: 2, deaths: 1, ..NOTHING }, ..TWO_WORKERS };

/// Runs one after the other, of which one is called off.
pub(super) const RUNS: Story =
    Story { budget: Budget { runs: 3, cancels: 1, failures: 1, ..NOTHING }, ..TWO_WORKERS };

/// A run beside an edit and a refresh, in one lane.
pub(super) const LANE: Story =
    Story { budget: Budget { edits: 1, runs: 1, refreshes: 1, ..NOTHING }, ..TWO_WORKERS };

/// The end of a deployment that is being worked on.
pub(super) const DELETION: Story = Story {
    budget: Budget { edits: 1, deletes: 1, failures: 1, deaths: 1, ..NOTHING },
    slow_reads: true,
    ..TWO_WORKERS
};

/// The end of a deployment with a run under way.
pub(super) const DELETION_OF_RUNS: Story =
    Story { budget: Budget { edits: 1, runs: 1, deletes: 1, failures: 1, ..NOTHING }, ..TWO_WORKERS };

/// More of everything than can be explored: for random walks.
pub(super) const LIFE: Story = Story {
    budget: Budget {
        edits: 9,
        cures: 5,
        refreshes: 9,
        runs: 9,
        cancels: 3,
        deletes: 1,
        sweeps: 9,
        failures: 20,
        deaths: 9,
    },
    workers: 4,
    quiet_from: 9,
    slow_reads: true,
    ..TWO_WORKERS
};

fn holds(name: &str, story: Story) {
    let begun = std::time::Instant::now();
    let checker = story.checker().threads(2).spawn_bfs().join();
    println!("{name}: {} worlds in {:?}", checker.unique_state_count(), begun.elapsed());
    checker.assert_properties();
}

#[test]
fn all_promises_hold_for_edits() {
    holds("edits", EDITS);
}

#[test]
fn all_promises_hold_for_cures() {
    holds("cures", CURES);
}

#[test]
fn all_promises_hold_for_the_sweep() {
    holds("sweep", SWEEP);
}

#[test]
fn all_promises_hold_for_runs() {
    holds("runs", RUNS);
}

#[test]
fn all_promises_hold_in_a_full_lane() {
    holds("lane", LANE);
}

#[test]
fn all_promises_hold_for_a_deletion() {
    holds("deletion", DELETION);
    holds("deletion of runs", DELETION_OF_RUNS);
}
