//! Which steps a world may take, and where each leads.

use domain::operation::{Event, Generation, Kind};
use stateright::{Model, Property};

use super::promises;
use super::queue::{Queue, Run};
use super::world::{Budget, End, Held, Seen, Step, Story, World};

impl Model for Story {
    type State = World;
    type Action = Step;

    fn init_states(&self) -> Vec<World> {
        vec![World {
            queue: Queue { flaw: self.flaw, ..Queue::default() },
            workers: vec![None; self.workers],
            left: self.budget,
            deleting: false,
            promised: Vec::new(),
            seen: Seen::default(),
        }]
    }

    fn actions(&self, world: &World, steps: &mut Vec<Step>) {
        if world.queue.now < self.quiet_from {
            wishes(world, steps);
        }
        for (number, worker) in world.workers.iter().enumerate() {
            match worker {
                Some(held) => work(world, number, held, steps),
                None => claims(world, number, steps),
            }
        }
        database(self, world, steps);
    }

    fn next_state(&self, world: &World, step: Step) -> Option<World> {
        let mut world = world.clone();
        pay(&mut world.left, step);
        match step {
            Step::Edit => world.edit(),
            Step::Cure => world.cure(),
            Step::AskRefresh => world.ask_refresh(),
            Step::AskRun => world.ask_run(),
            Step::CancelRun(id) => world.queue.change(id, Event::Cancelled).ok()?,
            Step::Delete => world.delete(),
            Step::Sweep => world.sweep(),
            Step::Verdict(run) => world.queue.decide_run(run),
            Step::Claim(worker, id) => {
                world.claim(worker, id);
                if !self.slow_reads {
                    world.read(worker);
                }
            }
            Step::Read(worker) => world.read(worker),
            Step::Finish(worker, end) => world.finish(worker, end),
            Step::KeepAlive(worker) => {
                let held = world.workers[worker]?;
                world.queue.change(held.operation, Event::KeptAlive { token: held.token }).ok()?;
            }
            Step::GiveBack(worker) => {
                let held = world.workers[worker].take()?;
                world.queue.change(held.operation, Event::GivenBack { token: held.token }).ok()?;
            }
            Step::Die(worker) => world.workers[worker] = None,
            Step::LoseLease(id) => world.queue.change(id, Event::LeaseLost).ok()?,
            Step::Expire(id) => world.queue.change(id, Event::Expired).ok()?,
            Step::Tick => world.queue.now += 1,
        }
        Some(world)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        let mut all = promises::all();
        all.extend(self.witness.then(promises::reached).into_iter().flatten());
        all
    }
}

fn wishes(world: &World, steps: &mut Vec<Step>) {
    let left = &world.left;
    let mut may = |there: bool, step: Step| steps.extend(there.then_some(step));
    let lives = !world.deleting;
    let wished = world.queue.deployment.generation > Generation(0);
    may(left.edits > 0 && lives, Step::Edit);
    may(left.cures > 0 && lives && wished, Step::Cure);
    may(left.refreshes > 0 && lives, Step::AskRefresh);
    may(left.runs > 0 && lives, Step::AskRun);
    may(left.deletes > 0 && lives && wished, Step::Delete);
    for row in world.queue.rows.iter().filter(|row| row.subject.kind() == Kind::SyncRun && row.waiting()) {
        may(left.cancels > 0, Step::CancelRun(row.id));
    }
}

fn work(world: &World, number: usize, held: &Held, steps: &mut Vec<Step>) {
    if held.read.is_none() {
        steps.push(Step::Read(number));
    } else {
        steps.push(Step::Finish(number, End::Done));
        if world.left.failures > 0 {
            let ends = [End::Conflict, End::Unreachable, End::Refused, End::Broke];
            steps.extend(ends.map(|end| Step::Finish(number, end)));
        }
    }
    steps.push(Step::KeepAlive(number));
    if world.left.deaths > 0 {
        steps.extend([Step::Die(number), Step::GiveBack(number)]);
    }
}

fn claims(world: &World, number: usize, steps: &mut Vec<Step>) {
    // Idle workers are all alike: only the first of them moves.
    if world.workers[..number].iter().any(Option::is_none) {
        return;
    }
    let claimable = world.queue.rows.iter().filter(|row| world.queue.claimable(row));
    steps.extend(claimable.map(|row| Step::Claim(number, row.id)));
}

fn database(story: &Story, world: &World, steps: &mut Vec<Step>) {
    let queue = &world.queue;
    let moment = queue.moment();
    let open = || queue.rows.iter().filter(|row| row.open());
    for row in open() {
        let may = |event: Event| row.clone().transition(event, &moment).is_ok();
        steps.extend(may(Event::LeaseLost).then_some(Step::LoseLease(row.id)));
        steps.extend(may(Event::Expired).then_some(Step::Expire(row.id)));
    }
    if world.left.sweeps > 0 && world.owed().is_some() {
        steps.push(Step::Sweep);
    }
    let started = |run: &Run| !queue.rows.iter().any(|row| row.subject.resource() == run.id && row.open());
    let undecided = queue.runs.iter().filter(|run| !run.decided && started(run));
    steps.extend(undecided.map(|run| Step::Verdict(run.id)));
    // The database looks for deadlines at least once a tick; and when nothing can happen any more, time is over.
    let overdue = open().any(|row| row.deadline_at <= moment.now);
    let wishes = world.queue.now < story.quiet_from && world.left != Budget::default();
    if !overdue && (open().next().is_some() || wishes) {
        steps.push(Step::Tick);
    }
}

fn pay(left: &mut Budget, step: Step) {
    match step {
        Step::Edit => left.edits -= 1,
        Step::Cure => left.cures -= 1,
        Step::AskRefresh => left.refreshes -= 1,
        Step::AskRun => left.runs -= 1,
        Step::CancelRun(_) => left.cancels -= 1,
        Step::Delete => left.deletes -= 1,
        Step::Sweep => left.sweeps -= 1,
        Step::Finish(_, End::Conflict | End::Unreachable | End::Refused | End::Broke) => left.failures -= 1,
        Step::Die(_) | Step::GiveBack(_) => left.deaths -= 1,
        Step::Finish(_, End::Done)
        | Step::Verdict(_)
        | Step::Claim(..)
        | Step::Read(_)
        | Step::KeepAlive(_)
        | Step::LoseLease(_)
        | Step::Expire(_)
        | Step::Tick => {}
    }
}
