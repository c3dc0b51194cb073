//! What must hold in every world.

use domain::operation::{
    Debt, Ending, Generation, Kind, Mark, Operation, OperationId, State, Subject, Underway,
};
use stateright::Property;

use super::queue::Queue;
use super::world::{Budget, Story, World, apply, refresh, take_down};

pub(super) const ONE_HEAD: &str = "at most one operation of a lane runs or may be claimed";
pub(super) const ONE_WAITING: &str = "at most one operation of a subject waits";
pub(super) const FENCE: &str = "a late worker changes nothing";
pub(super) const NOTHING_LOST: &str = "what was promised is done, refused, or still owed";
pub(super) const CURES: &str = "what was refused before a cure is not refused after it";
pub(super) const OWN_RUNS: &str = "every run has an operation of its own";
pub(super) const RUNS_IN_ORDER: &str = "no run starts before all earlier ones have a verdict";
pub(super) const NOBODY_STUCK: &str = "whoever waits for a turn has somebody before it";
pub(super) const NO_SILENT_DEBT: &str = "what is owed is being done, or failed for all to see";
pub(super) const IN_TIME: &str = "no operation is open after its deadline";
pub(super) const ENDS: &str = "every operation ends";

pub(super) fn all() -> Vec<Property<Story>> {
    vec![
        Property::always(ONE_HEAD, |_: &Story, world: &World| {
            pairs(&world.queue, Operation::head, |row| row.subject.lane())
        }),
        Property::always(ONE_WAITING, |_: &Story, world: &World| {
            pairs(&world.queue, Operation::waiting, |row| row.subject)
        }),
        Property::always(FENCE, |_: &Story, world: &World| !world.seen.late_writes),
        Property::always(NOTHING_LOST, |_: &Story, world: &World| {
            world.promised.iter().all(|(id, subject, target)| kept(world, *id, *subject, *target))
        }),
        Property::always(CURES, |_: &Story, world: &World| {
            let debt = world.queue.deployment;
            debt.refused <= debt.applied || world.queue.refused_at == world.queue.cures
        }),
        Property::always(OWN_RUNS, |_: &Story, world: &World| {
            let runs = world.queue.rows.iter().filter(|row| row.subject.kind() == Kind::SyncRun);
            runs.count() == world.queue.runs.len()
        }),
        Property::always(RUNS_IN_ORDER, |_: &Story, world: &World| !world.seen.overtaken),
        Property::always(NOBODY_STUCK, |_: &Story, world: &World| nobody_is_stuck(&world.queue)),
        Property::always(NO_SILENT_DEBT, |_: &Story, world: &World| no_debt_is_silent(world)),
        Property::always(IN_TIME, |_: &Story, world: &World| {
            let now = world.queue.moment().now;
            world.queue.rows.iter().all(|row| !row.open() || now <= row.deadline_at)
        }),
        Property::eventually(ENDS, |story: &Story, world: &World| {
            let quiet = world.queue.now >= story.quiet_from || world.left == Budget::default();
            let swept = world.left.sweeps == 0 || world.owed().is_none();
            quiet && swept && world.queue.rows.iter().all(|row| !row.open())
        }),
    ]
}

/// So that no promise holds for want of trouble.
pub(super) fn reached() -> Vec<Property<Story>> {
    fn ended(world: &World, name: &str) -> bool {
        world.queue.rows.iter().any(|row| row.state.name() == name)
    }
    vec![
        Property::sometimes("one succeeds", |_: &Story, world: &World| ended(world, "succeeded")),
        Property::sometimes("one fails", |_: &Story, world: &World| ended(world, "failed")),
        Property::sometimes("one is refused", |_: &Story, world: &World| ended(world, "refused")),
        Property::sometimes("one is superseded", |_: &Story, world: &World| ended(world, "superseded")),
    ]
}

/// No two rows of the sort share the key.
fn pairs<K: PartialEq>(queue: &Queue, sort: fn(&Operation) -> bool, key: fn(&Operation) -> K) -> bool {
    let rows: Vec<_> = queue.rows.iter().filter(|row| sort(row)).collect();
    rows.iter().enumerate().all(|(at, row)| rows[..at].iter().all(|other| key(other) != key(row)))
}

/// Whether what a caller was told holds, or may still come true.
fn kept(world: &World, id: OperationId, subject: Subject, target: Generation) -> bool {
    let row = world.queue.row(id);
    let same = row.subject == subject;
    if same && row.target < target || !same && row.subject != take_down() {
        return false;
    }
    let State::Ended(ending) = &row.state else { return true };
    // A take-down counts in generations of its own.
    let target = if same { target } else { row.target };
    let debt = if row.subject == refresh() { world.queue.refresh } else { world.queue.deployment };
    let reached = debt.applied >= target || debt.refused >= target;
    let owed = debt.owes(Underway::Nothing).is_some();
    match ending {
        Ending::Succeeded { .. } if row.mark() == Mark::None => true,
        Ending::Succeeded { applied } => *applied >= target && debt.applied >= target,
        Ending::Superseded { by } => kept(world, *by, subject, target),
        Ending::Refused { .. } | Ending::Failed(_) | Ending::Quarantined(_) => {
            reached || owed || !row.subject.kind().owed_by_rows()
        }
        Ending::Cancelled => row.subject.kind() == Kind::SyncRun,
    }
}

fn nobody_is_stuck(queue: &Queue) -> bool {
    let waits = |row: &&Operation| row.waiting() && !row.head();
    let before = |row: &Operation| {
        let runs =
            row.subject.kind() == Kind::SyncRun && queue.undecided().any(|run| run != row.subject.resource());
        runs || queue.rows.iter().any(|other| other.head() && other.subject.lane() == row.subject.lane())
    };
    queue.rows.iter().filter(waits).all(before)
}

fn no_debt_is_silent(world: &World) -> bool {
    let queue = &world.queue;
    let quiet = |debt: Debt, kinds: &[Kind]| {
        let Some(owed) = queue.owed(debt, kinds) else { return true };
        let failed = |row: &Operation| {
            let ending = matches!(row.state, State::Ended(Ending::Failed(_)));
            ending && row.target == owed && kinds.contains(&row.subject.kind())
        };
        queue.rows.iter().any(failed)
    };
    quiet(queue.deployment, &[apply().kind(), take_down().kind()])
        && (world.deleting || quiet(queue.refresh, &[refresh().kind()]))
}
