//! The rows of one deployment, and what each transaction of the store does to them. All decisions are the domain's.

use domain::operation::{
    self, Debt, Decision, Due, Ending, Event, Gate, Generation, Insertion, Jitter, Kind, Mark, Moment,
    Operation, OperationId, Place, ResourceId, State, Terms, Underway, Wish,
};
use jiff::Timestamp;
use std::time::Duration;
use uuid::Uuid;

pub(super) const TERMS: Terms =
    Terms { lease: Duration::from_secs(1), patience: Duration::from_secs(2), cap: Duration::from_secs(3) };

/// A rule the store leaves out, to see whether anybody notices.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Flaw {
    /// A finish does not compare the token.
    NoFence,
    /// A successor may be claimed while its predecessor runs.
    ArmAtOnce,
    /// The end of a head arms nobody.
    NoHandOver,
    /// A successor is made, but its predecessor does not know.
    NoHeir,
    /// A run does not wait for the verdict of the one before.
    RunsWithoutGate,
    /// A join leaves the target where it was.
    JoinForgetsTarget,
}

/// What the database holds.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct Queue {
    pub(super) now: u8,
    pub(super) rows: Vec<Operation>,
    /// Of the deployment: applied and taken down.
    pub(super) deployment: Debt,
    pub(super) refresh: Debt,
    /// In the order they were made.
    pub(super) runs: Vec<Run>,
    /// How often something changed that is not in the generation: a credential, an engine.
    pub(super) cures: u8,
    /// How many of those the worker had seen who marked the deployment as refused.
    pub(super) refused_at: u8,
    pub(super) flaw: Option<Flaw>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Run {
    pub(super) id: ResourceId,
    pub(super) decided: bool,
}

pub(super) fn resource(number: usize) -> ResourceId {
    ResourceId(Uuid::from_u128(number as u128))
}

impl Queue {
    pub(super) fn has(&self, flaw: Flaw) -> bool {
        self.flaw == Some(flaw)
    }

    pub(super) fn moment(&self) -> Moment {
        let now = Timestamp::from_second(self.now.into()).expect("it is an early time");
        Moment { now, terms: TERMS, jitter: Jitter(0) }
    }

    pub(super) fn row(&self, id: OperationId) -> &Operation {
        self.rows.iter().find(|row| row.id == id).expect("no row goes away")
    }

    pub(super) fn debt(&mut self, kind: Kind) -> Option<&mut Debt> {
        match kind {
            Kind::Apply(_) | Kind::TakeDown(_) => Some(&mut self.deployment),
            Kind::Refresh => Some(&mut self.refresh),
            Kind::SyncRun | Kind::Termination | Kind::ConnectionCheck => None,
        }
    }

    /// The transaction of a wish. Answers with the operation its caller will hold.
    pub(super) fn wish(&mut self, wish: &Wish) -> OperationId {
        match operation::decide(wish, &self.rows, self.moment().now) {
            Decision::Covered { by } => by,
            Decision::Join(id) if self.has(Flaw::JoinForgetsTarget) => id,
            Decision::Join(id) => {
                self.change(id, Event::Joined { target: wish.target }).expect("what was decided can be done");
                id
            }
            Decision::Insert(insertion) => self.insert(wish, &insertion),
        }
    }

    fn insert(&mut self, wish: &Wish, insertion: &Insertion) -> OperationId {
        let number = self.rows.len() + 1;
        let id = OperationId(Uuid::from_u128(number as u128));
        for other in &insertion.retires {
            self.set(*other, Event::Retired { by: id }).expect("what was decided can be done");
        }
        let gate = insertion.gate.filter(|_| !self.has(Flaw::ArmAtOnce));
        self.rows.push(Operation::new(id, Place(number as u64), wish, gate, &self.moment()));
        if let Some(before) = insertion.heir_of.filter(|_| !self.has(Flaw::NoHeir)) {
            self.set(before, Event::Followed { heir: id }).expect("what was decided can be done");
        }
        for other in &insertion.retires {
            self.settle(*other);
        }
        id
    }

    /// The transaction of anything else that happens to one operation.
    pub(super) fn change(&mut self, id: OperationId, event: Event) -> Result<(), operation::Rejected> {
        self.set(id, event)?;
        self.settle(id);
        Ok(())
    }

    fn set(&mut self, id: OperationId, event: Event) -> Result<(), operation::Rejected> {
        let moment = self.moment();
        let row = self.rows.iter_mut().find(|row| row.id == id).expect("no row goes away");
        // What only chooses the length of a pause and the words of a reason is left out: fewer worlds differ. (No story
        // has failures enough for a quarantine; that is a plain test.)
        let after = row.clone().transition(event, &moment)?;
        *row = Operation { attempts: 0, breaks: 0, last: None, ..after };
        Ok(())
    }

    /// What belongs into the transaction that ends an operation: the resource's mark, a run's verdict, and the next of
    /// the lane.
    fn settle(&mut self, id: OperationId) {
        let ended = self.row(id).clone();
        let State::Ended(ending) = &ended.state else { return };
        let kind = ended.subject.kind();
        match (ended.mark(), self.debt(kind)) {
            (Mark::Applied(generation), Some(debt)) => debt.applied = debt.applied.max(generation),
            (Mark::Refused(generation), Some(debt)) => debt.refused = generation,
            (Mark::None | Mark::Applied(_) | Mark::Refused(_), _) => {}
        }
        let started = matches!(ending, Ending::Succeeded { .. });
        if kind == Kind::SyncRun && !started {
            self.decide_run(ended.subject.resource());
        }
        if !self.has(Flaw::NoHandOver)
            && let Some(next) = operation::next(&ended, &self.rows)
        {
            self.set(next, Event::Armed).expect("who is next can be armed");
        }
        self.forget(id);
    }

    /// A verdict is recorded. Whoever waited for it goes on.
    pub(super) fn decide_run(&mut self, run: ResourceId) {
        for other in self.runs.iter_mut().filter(|other| other.id == run) {
            other.decided = true;
        }
        let undecided: Vec<_> = self.undecided().collect();
        if let Some(next) = operation::next_run(&undecided, &self.rows) {
            let behind = operation::turn(self.row(next), &self.rows);
            self.set(next, Event::Opened { behind }).expect("its gate is the verdict");
        }
    }

    pub(super) fn undecided(&self) -> impl Iterator<Item = ResourceId> {
        self.runs.iter().filter(|run| !run.decided).map(|run| run.id)
    }

    pub(super) fn run_gate(&self) -> Option<Gate> {
        self.undecided().next().filter(|_| !self.has(Flaw::RunsWithoutGate)).map(|_| Gate::Verdict)
    }

    /// What the sweep finds.
    pub(super) fn owed(&self, debt: Debt, kinds: &[Kind]) -> Option<Generation> {
        let open = self.rows.iter().any(|row| row.open() && kinds.contains(&row.subject.kind()));
        debt.owes(if open { Underway::Something } else { Underway::Nothing })
    }

    /// Nobody reads the times of a row that has ended.
    fn forget(&mut self, id: OperationId) {
        let row = self.rows.iter_mut().find(|row| row.id == id).expect("no row goes away");
        (row.made_at, row.deadline_at) = (Timestamp::UNIX_EPOCH, Timestamp::UNIX_EPOCH);
    }

    pub(super) fn claimable(&self, row: &Operation) -> bool {
        row.state != State::Waiting(Due::After(Gate::Lane))
            && row.clone().transition(Event::Claimed, &self.moment()).is_ok()
    }
}
