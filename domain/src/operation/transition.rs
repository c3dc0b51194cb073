//! What each event does to an operation in each state.
//!
//! The token decides, not the clock: a worker whose lease has run out may still finish, as long as nobody has noticed
//! and given the operation to another. From then on it changes nothing.

use jiff::Timestamp;

use super::id::Token;
use super::reason::{Failure, Obstacle, Poison};
use super::record::{Event, Operation, Rejected};
use super::state::{Due, Ending, Gate, Outcome, State};
use super::terms::{BREAKS, CONFLICTS_AT_ONCE, Moment};

impl Operation {
    /// What the operation is after this event, or why the event does not happen to it.
    pub fn transition(self, event: Event, moment: &Moment) -> Result<Self, Rejected> {
        match event {
            Event::Joined { target } => {
                let target = self.target.max(target);
                Ok(Self { target, ..self.anew(moment)? })
            }
            Event::Followed { heir } => {
                self.running()?;
                Ok(Self { heir: Some(heir), ..self })
            }
            Event::Retired { by } => {
                self.due()?;
                Ok(self.ended(Ending::Superseded { by }))
            }
            Event::Armed => self.armed(moment),
            Event::Opened { behind } => self.opened(behind, moment),
            Event::Claimed => self.claimed(moment),
            Event::KeptAlive { token } => {
                self.held(token)?;
                let lease_ends_at = moment.lease_end(self.deadline_at);
                Ok(Self { state: State::Running { lease_ends_at }, ..self })
            }
            Event::GivenBack { token } => {
                self.held(token)?;
                let attempts = self.attempts.saturating_sub(1);
                Ok(Self { attempts, ..self }.again(moment.now))
            }
            Event::Finished { token, outcome } => self.finished(token, outcome, moment),
            Event::LeaseLost => self.lost(moment),
            Event::Expired => self.expired(moment),
            Event::Cancelled => {
                self.due()?;
                if self.subject.kind().coalesces() {
                    Err(Rejected::Shared)
                } else {
                    Ok(self.ended(Ending::Cancelled))
                }
            }
            Event::Requeued => match self.due()? {
                Due::At(_) => self.anew(moment),
                Due::After(_) => Err(Rejected::Gated),
            },
            Event::Quarantined { message } => match self.state {
                State::Waiting(_) | State::Running { .. } => {
                    Ok(self.ended(Ending::Quarantined(Poison::Operator { message })))
                }
                State::Ended(_) => Err(Rejected::Ended),
            },
        }
    }

    /// As if nobody had tried it yet. What stands behind a gate stays there.
    fn anew(self, moment: &Moment) -> Result<Self, Rejected> {
        let due = self.due()?;
        if moment.now >= self.deadline_at {
            return Err(Rejected::TooLate);
        }
        let fresh = Self { attempts: 0, breaks: 0, last: None, ..self };
        Ok(match due {
            Due::At(_) => fresh.at_head(moment),
            Due::After(_) => fresh,
        })
    }

    fn at_head(self, moment: &Moment) -> Self {
        let deadline_at = moment.deadline(self.made_at);
        Self { deadline_at, state: State::Waiting(Due::At(moment.now)), ..self }
    }

    fn armed(self, moment: &Moment) -> Result<Self, Rejected> {
        match self.due()? {
            Due::After(Gate::Lane) => Ok(self.at_head(moment)),
            Due::After(Gate::Verdict | Gate::TakenDown(_)) => Err(Rejected::Gated),
            Due::At(_) => Err(Rejected::NotGated),
        }
    }

    fn opened(self, behind: Option<Gate>, moment: &Moment) -> Result<Self, Rejected> {
        match self.due()? {
            Due::After(Gate::Verdict | Gate::TakenDown(_)) => Ok(match behind {
                None => self.at_head(moment),
                Some(gate) => Self { state: State::Waiting(Due::After(gate)), ..self },
            }),
            Due::After(Gate::Lane) | Due::At(_) => Err(Rejected::NotGated),
        }
    }

    fn claimed(self, moment: &Moment) -> Result<Self, Rejected> {
        match self.due()? {
            Due::After(_) => Err(Rejected::Gated),
            Due::At(due_at) if moment.now < due_at => Err(Rejected::TooEarly),
            Due::At(_) if moment.now >= self.deadline_at => Err(Rejected::TooLate),
            Due::At(_) => {
                let lease_ends_at = moment.lease_end(self.deadline_at);
                let attempts = self.attempts.saturating_add(1);
                Ok(Self {
                    attempts,
                    token: self.token.next(),
                    state: State::Running { lease_ends_at },
                    ..self
                })
            }
        }
    }

    fn finished(self, token: Token, outcome: Outcome, moment: &Moment) -> Result<Self, Rejected> {
        self.held(token)?;
        let orderly = Self { breaks: 0, ..self.clone() };
        let pause = moment.after_pause(self.attempts);
        Ok(match outcome {
            Outcome::Done { seen } if seen >= self.target => {
                orderly.ended(Ending::Succeeded { applied: seen })
            }
            Outcome::Refused { seen, why } if seen >= self.target => {
                let end = Ending::Refused { refused: seen, why };
                orderly.ended_or_inherited(end)
            }
            // Rows that were too old say nothing about the wish.
            Outcome::Done { .. } | Outcome::Refused { .. } | Outcome::Conflict => {
                let due_at = if self.attempts <= CONFLICTS_AT_ONCE { moment.now } else { pause };
                orderly.after(Obstacle::Contested).again(due_at)
            }
            Outcome::Unreachable(obstacle) => orderly.after(obstacle).again(pause),
            Outcome::Broke { message } => self.after(Obstacle::Broke { message }).broken(pause),
        })
    }

    fn lost(self, moment: &Moment) -> Result<Self, Rejected> {
        if moment.now < self.running()? {
            return Err(Rejected::TooEarly);
        }
        Ok(self.after(Obstacle::WorkerVanished).broken(moment.now))
    }

    fn expired(self, moment: &Moment) -> Result<Self, Rejected> {
        let why = match (&self.state, &self.last) {
            (State::Ended(_), _) => return Err(Rejected::Ended),
            (State::Waiting(Due::After(gate)), _) => Failure::NoTurn { gate: gate.hold() },
            (State::Waiting(Due::At(_)) | State::Running { .. }, Some(obstacle)) => {
                Failure::Obstructed { obstacle: obstacle.clone() }
            }
            (State::Waiting(Due::At(_)), None) => Failure::Unclaimed,
            (State::Running { .. }, None) => Failure::Unfinished,
        };
        if moment.now < self.deadline_at {
            return Err(Rejected::TooEarly);
        }
        Ok(self.ended_or_inherited(Ending::Failed(why)))
    }

    /// Another attempt, unless it has broken too many.
    fn broken(self, due_at: Timestamp) -> Self {
        let times = self.breaks.saturating_add(1);
        let broken = Self { breaks: times, ..self };
        match &broken.last {
            Some(obstacle) if times >= BREAKS => {
                let why = Poison::Breaks { times, obstacle: obstacle.clone() };
                broken.ended_or_inherited(Ending::Quarantined(why))
            }
            Some(_) | None => broken.again(due_at),
        }
    }

    /// Another attempt from then on, if somebody else does not take over and there is time for it.
    fn again(self, due_at: Timestamp) -> Self {
        if due_at < self.deadline_at && self.heir.is_none() {
            return Self { state: State::Waiting(Due::At(due_at)), ..self };
        }
        let why = match &self.last {
            Some(obstacle) => Failure::Obstructed { obstacle: obstacle.clone() },
            None => Failure::Unfinished,
        };
        self.ended_or_inherited(Ending::Failed(why))
    }

    /// Ends without success. Whoever came after it takes over, and has its own end.
    fn ended_or_inherited(self, ending: Ending) -> Self {
        match self.heir {
            Some(by) => self.ended(Ending::Superseded { by }),
            None => self.ended(ending),
        }
    }

    fn ended(self, ending: Ending) -> Self {
        Self { state: State::Ended(ending), ..self }
    }

    fn after(self, obstacle: Obstacle) -> Self {
        Self { last: Some(obstacle), ..self }
    }

    fn due(&self) -> Result<Due, Rejected> {
        match self.state {
            State::Waiting(due) => Ok(due),
            State::Running { .. } => Err(Rejected::Running),
            State::Ended(_) => Err(Rejected::Ended),
        }
    }

    fn running(&self) -> Result<Timestamp, Rejected> {
        match self.state {
            State::Running { lease_ends_at } => Ok(lease_ends_at),
            State::Waiting(_) => Err(Rejected::NotRunning),
            State::Ended(_) => Err(Rejected::Ended),
        }
    }

    fn held(&self, token: Token) -> Result<(), Rejected> {
        self.running()?;
        if token == self.token { Ok(()) } else { Err(Rejected::StaleToken) }
    }
}
