//! How long things may take: leases, patience, and the pauses between attempts.

use std::time::Duration;

use jiff::Timestamp;

use super::kind::Kind;

/// A claim that is not kept alive for so long is lost. Long enough for a slow write and a pause of the machine; short,
/// because what a dead agent held waits for it.
pub const LEASE: Duration = Duration::from_secs(30);

/// How often a claim is kept alive: two keep-alives may be lost.
pub const KEEP_ALIVE: Duration = Duration::from_secs(10);

/// How long an operation that may be claimed may take before it has failed.
const PATIENCE: Duration = Duration::from_mins(15);

/// The same for what a person waits in front of, and what only means something now.
const SHORT_PATIENCE: Duration = Duration::from_mins(5);

/// The same for a sync run: it was asked for once and nothing asks again, so it outlives an hour without an agent.
const RUN_PATIENCE: Duration = Duration::from_hours(1);

/// However often the wish changes and however long it stands behind a gate, an operation ends by then. Four times the
/// patience: changes that join push the deadline out, and this is where that ends.
const CAP: Duration = Duration::from_hours(1);

/// The same for a sync run, which stands behind the verdicts of all runs before it.
const RUN_CAP: Duration = Duration::from_hours(24);

/// No pause is shorter, so that no dice can make a loop of it.
pub const SHORTEST_PAUSE: Duration = Duration::from_millis(250);

/// The pause after the first attempt is at most this, and doubles with each attempt.
pub const FIRST_PAUSE: Duration = Duration::from_secs(1);

/// Nor longer than this: what was unreachable is tried again within a minute of its return.
pub const LONGEST_PAUSE: Duration = Duration::from_mins(1);

/// So many attempts may end in a conflict and be repeated at once. Then a pause: somebody writes as fast as we do.
pub const CONFLICTS_AT_ONCE: u32 = 5;

/// So often an operation may break its worker (panic, or vanish with it) before it is set aside.
pub const BREAKS: u32 = 5;

/// The times an operation has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Terms {
    /// How long a claim lives by itself.
    pub lease: Duration,
    /// How long from when it may be claimed, or has last changed, to its deadline.
    pub patience: Duration,
    /// How long from when it was made, at most.
    pub cap: Duration,
}

/// Where the dice fell: from 0 to `u32::MAX`, evenly. Whoever has a clock has the dice.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Jitter(pub u32);

/// What an operation cannot know by itself. The time is the database's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Moment {
    /// By the clock of the database.
    pub now: Timestamp,
    /// The times this kind of operation has.
    pub terms: Terms,
    /// For pauses.
    pub jitter: Jitter,
}

impl Terms {
    /// The times of a kind.
    #[must_use]
    pub fn of(kind: Kind) -> Self {
        let (patience, cap) = match kind {
            Kind::Apply(_) | Kind::TakeDown(_) => (PATIENCE, CAP),
            Kind::ConnectionCheck | Kind::Termination | Kind::Refresh => (SHORT_PATIENCE, CAP),
            Kind::SyncRun => (RUN_PATIENCE, RUN_CAP),
        };
        Self { lease: LEASE, patience, cap }
    }
}

impl Moment {
    /// When an operation made then has to be over, if it may be claimed from now on.
    pub(super) fn deadline(&self, made_at: Timestamp) -> Timestamp {
        later(self.now, self.terms.patience).min(self.last_call(made_at))
    }

    /// When an operation made then has to be over in any case.
    pub(super) fn last_call(&self, made_at: Timestamp) -> Timestamp {
        later(made_at, self.terms.cap)
    }

    /// When to try again after so many attempts.
    pub(super) fn after_pause(&self, attempts: u32) -> Timestamp {
        later(self.now, pause(attempts, self.jitter))
    }

    /// When a lease taken now runs out. Never after the deadline: who is past it owns nothing any more.
    pub(super) fn lease_end(&self, deadline_at: Timestamp) -> Timestamp {
        later(self.now, self.terms.lease).min(deadline_at)
    }
}

fn later(time: Timestamp, by: Duration) -> Timestamp {
    time.checked_add(by).unwrap_or(Timestamp::MAX)
}

/// How long to wait after so many attempts: anything between the shortest pause and a ceiling that doubles up to the
/// longest one. Spread over the whole width, so that what failed together does not come back together.
#[must_use]
pub fn pause(attempts: u32, jitter: Jitter) -> Duration {
    let doublings = attempts.saturating_sub(1).min(16);
    let ceiling = FIRST_PAUSE.saturating_mul(1 << doublings).min(LONGEST_PAUSE);
    let width = ceiling.saturating_sub(SHORTEST_PAUSE).as_nanos();
    let part = width * u128::from(jitter.0) / u128::from(u32::MAX);
    SHORTEST_PAUSE + Duration::from_nanos(u64::try_from(part).unwrap_or(u64::MAX))
}
