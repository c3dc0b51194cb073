//! What may happen next: people wish, agents work and die, the database's clock goes on.

use super::queue::{Flaw, Queue, Run, resource};
use domain::operation::{
    Event, Generation, Kind, Obstacle, OperationId, Outcome, Refusal, ResourceId, Subject, Thing, Token, Wish,
};

/// How much of everything may happen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct Budget {
    pub(super) edits: u8,
    pub(super) cures: u8,
    pub(super) refreshes: u8,
    pub(super) runs: u8,
    pub(super) cancels: u8,
    pub(super) deletes: u8,
    pub(super) sweeps: u8,
    /// Attempts that do not succeed.
    pub(super) failures: u8,
    /// Workers that die, or give back.
    pub(super) deaths: u8,
}

#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Story {
    pub(super) budget: Budget,
    pub(super) workers: usize,
    /// Nobody wishes anything from then on.
    pub(super) quiet_from: u8,
    /// Whether others may act between a claim and the look at the rows.
    pub(super) slow_reads: bool,
    /// Whether every way to end must be seen.
    pub(super) witness: bool,
    pub(super) flaw: Option<Flaw>,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct World {
    pub(super) queue: Queue,
    pub(super) workers: Vec<Option<Held>>,
    pub(super) left: Budget,
    pub(super) deleting: bool,
    /// What callers were told: this operation will see to that generation.
    pub(super) promised: Vec<(OperationId, Subject, Generation)>,
    pub(super) seen: Seen,
}

/// What an onlooker noticed who trusts no token.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct Seen {
    /// Who claimed each operation last, by a count of its own.
    claims: Vec<u8>,
    pub(super) late_writes: bool,
    pub(super) overtaken: bool,
}

/// What a worker remembers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Held {
    pub(super) operation: OperationId,
    pub(super) token: Token,
    claim: u8,
    /// The rows as it read them: generation and cures.
    pub(super) read: Option<(Generation, u8)>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Step {
    Edit,
    Cure,
    AskRefresh,
    AskRun,
    CancelRun(OperationId),
    Delete,
    Sweep,
    Verdict(ResourceId),
    Claim(usize, OperationId),
    Read(usize),
    Finish(usize, End),
    KeepAlive(usize),
    GiveBack(usize),
    Die(usize),
    LoseLease(OperationId),
    Expire(OperationId),
    Tick,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum End {
    Done,
    Conflict,
    Unreachable,
    Refused,
    Broke,
}

const DEPLOYMENT: usize = 1000;

pub(super) fn apply() -> Subject {
    Subject::apply(Thing::Deployment, resource(DEPLOYMENT))
}

pub(super) fn take_down() -> Subject {
    Subject::take_down(Thing::Deployment, resource(DEPLOYMENT))
}

pub(super) fn refresh() -> Subject {
    Subject::refresh(resource(DEPLOYMENT))
}

impl World {
    pub(super) fn wish(&mut self, subject: Subject, target: Generation) {
        let gate = if subject.kind() == Kind::SyncRun { self.queue.run_gate() } else { None };
        let id = self.queue.wish(&Wish { subject, target, gate });
        self.promised.push((id, subject, target));
        self.seen.claims.resize(self.queue.rows.len(), 0);
    }

    pub(super) fn edit(&mut self) {
        let debt = &mut self.queue.deployment;
        debt.generation = Generation(debt.generation.0 + 1);
        debt.refused = Generation(0);
        self.wish(apply(), self.queue.deployment.generation);
    }

    pub(super) fn cure(&mut self) {
        self.queue.cures += 1;
        self.queue.deployment.refused = Generation(0);
        self.wish(apply(), self.queue.deployment.generation);
    }

    pub(super) fn ask_refresh(&mut self) {
        let debt = &mut self.queue.refresh;
        debt.generation = Generation(debt.generation.0 + 1);
        self.wish(refresh(), self.queue.refresh.generation);
    }

    pub(super) fn ask_run(&mut self) {
        let id = resource(self.queue.runs.len() + 1);
        self.wish(Subject::sync_run(id, resource(DEPLOYMENT)), Generation::FIRST);
        self.queue.runs.push(Run { id, decided: false });
    }

    pub(super) fn delete(&mut self) {
        let debt = &mut self.queue.deployment;
        debt.generation = Generation(debt.generation.0 + 1);
        debt.refused = Generation(0);
        self.deleting = true;
        self.wish(take_down(), self.queue.deployment.generation);
    }

    pub(super) fn sweep(&mut self) {
        if let Some(generation) = self.owed() {
            self.wish(if self.deleting { take_down() } else { apply() }, generation);
        }
    }

    pub(super) fn owed(&self) -> Option<Generation> {
        self.queue.owed(self.queue.deployment, &[apply().kind(), take_down().kind()])
    }

    pub(super) fn claim(&mut self, worker: usize, id: OperationId) {
        self.queue.change(id, Event::Claimed).expect("it can be claimed");
        let row = self.queue.row(id);
        if row.subject.kind() == Kind::SyncRun {
            self.seen.overtaken |= self.queue.undecided().next() != Some(row.subject.resource());
        }
        let token = row.token;
        let at = self.queue.rows.iter().position(|row| row.id == id).expect("no row goes away");
        self.seen.claims[at] += 1;
        self.workers[worker] = Some(Held { operation: id, token, claim: self.seen.claims[at], read: None });
    }

    /// The rows as they are now. An apply that finds its deployment being taken down has nothing to say about it.
    pub(super) fn read(&mut self, worker: usize) {
        let Some(held) = &mut self.workers[worker] else { return };
        let generation = match self.queue.row(held.operation).subject.kind() {
            Kind::Apply(_) if self.deleting => Generation(0),
            Kind::Apply(_) | Kind::TakeDown(_) => self.queue.deployment.generation,
            Kind::Refresh => self.queue.refresh.generation,
            Kind::SyncRun | Kind::Termination | Kind::ConnectionCheck => Generation::FIRST,
        };
        held.read = Some((generation, self.queue.cures));
    }

    pub(super) fn finish(&mut self, worker: usize, end: End) {
        let Some(held) = self.workers[worker].take() else { return };
        let Some((seen, cures)) = held.read else { return };
        let outcome = match end {
            End::Done => Outcome::Done { seen },
            End::Conflict => Outcome::Conflict,
            End::Unreachable => Outcome::Unreachable(Obstacle::NotReady { what: "it".into() }),
            End::Refused => Outcome::Refused { seen, why: Refusal::Unplaced },
            End::Broke => Outcome::Broke { message: "it".into() },
        };
        let at = self.queue.rows.iter().position(|row| row.id == held.operation).expect("no row goes away");
        let before = self.queue.clone();
        let token = if self.queue.has(Flaw::NoFence) { before.rows[at].token } else { held.token };
        let accepted = self.queue.change(held.operation, Event::Finished { token, outcome }).is_ok();
        if accepted && self.queue.deployment.refused > before.deployment.refused {
            self.queue.refused_at = cures;
        }
        let stale =
            held.claim != self.seen.claims[at] || !before.rows[at].open() || before.rows[at].waiting();
        self.seen.late_writes |= stale && self.queue != before;
    }
}
