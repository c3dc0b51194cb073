//! One round of mirroring: from one reading of the rows to the next.

use std::time::Duration;

use domain::ids::DeploymentId;
use futures::StreamExt as _;
use futures::future::{BoxFuture, OptionFuture};
use futures::stream::FuturesUnordered;
use rand::SeedableRng as _;
use rand::rngs::StdRng;
use runtime::backoff::Backoff;
use store::status::{Mirror, Reported, Written as Row};
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep_until};

use super::Mirroring;
use super::errand::{self, Done, Errand};
use super::index::Index;
use super::nudge::Nudges;
use super::outbox::{News, Outbox};
use super::rows;
use super::sight::{Sight, sight, whose};
use super::verdicts::Verdicts;
use super::write::{Written, write};
use crate::cluster::{Application, Seen};

/// Between two comparisons of the rows with what we believe we wrote.
const COMPARE: Duration = Duration::from_secs(300);
/// Between two looks at who is leaving: what went before its end was recorded is seen by nobody else.
const LEAVING: Duration = Duration::from_secs(2);
/// Until a failed write is tried again.
const AGAIN: Backoff = Backoff::new(Duration::from_millis(100), Duration::from_secs(5));

/// Why a round ends.
pub(super) enum End {
    /// Another mirrors by now.
    Stale,
    /// The rows are not what we believed: everything is to be looked at anew.
    Anew,
}

/// From one reading of the rows to the next.
pub(super) struct Round<'a> {
    who: &'a Mirroring,
    held: Mirror,
    index: Index,
    outbox: Outbox,
    nudges: Nudges,
    verdicts: Verdicts,
    errands: FuturesUnordered<Errand<'a>>,
    writing: OptionFuture<BoxFuture<'static, Written>>,
    /// Failures in a row, and when to try again.
    failures: u32,
    retry_at: Option<Instant>,
    /// When to look who is leaving. None: somebody does.
    leaving_at: Option<Instant>,
    /// When the rows are to be compared. At once, after a failure: who knows what the database forgot.
    compare_at: Instant,
    rng: StdRng,
}

impl<'a> Round<'a> {
    pub(super) fn of(who: &'a Mirroring, held: Mirror, rows: Vec<Row>) -> Self {
        Self {
            who,
            held,
            index: Index::of(rows),
            outbox: Outbox::default(),
            nudges: Nudges::default(),
            verdicts: Verdicts::default(),
            errands: FuturesUnordered::new(),
            writing: None.into(),
            failures: 0,
            retry_at: None,
            leaving_at: Some(Instant::now()),
            compare_at: Instant::now() + COMPARE,
            rng: StdRng::from_rng(&mut rand::rng()),
        }
    }

    pub(super) async fn follow(mut self, mut seen: mpsc::Receiver<Seen>) -> End {
        let mut busy = false;
        loop {
            let write_at =
                self.outbox.due().filter(|_| !busy).map(|due| self.retry_at.map_or(due, |at| at.max(due)));
            let nudge_at = self.nudges.next();
            tokio::select! {
                what = seen.recv(), if !self.outbox.full() => match what {
                    Some(what) => self.see(what),
                    None => return End::Anew,
                },
                Some(written) = &mut self.writing, if busy => {
                    (self.writing, busy) = (None.into(), false);
                    if let Some(end) = self.written(written) {
                        return end;
                    }
                }
                () = at(write_at), if write_at.is_some() => {
                    self.writing = Some(write(self.who, self.held, self.outbox.batch())).into();
                    busy = true;
                }
                () = at(nudge_at), if nudge_at.is_some() => {
                    for application in self.nudges.take(Instant::now()) {
                        self.errands.push(errand::nudge(self.who, application));
                    }
                }
                () = at(self.leaving_at), if self.leaving_at.is_some() => {
                    self.leaving_at = None;
                    self.errands.push(errand::leaving(self.who));
                }
                Some(done) = self.errands.next() => self.returned(done),
                // Not while a batch is on its way: what it has written is not known here yet.
                () = sleep_until(self.compare_at), if !busy && self.failures == 0 => {
                    self.compare_at = Instant::now() + COMPARE;
                    if !self.still_true().await {
                        return End::Anew;
                    }
                }
            }
        }
    }

    fn see(&mut self, what: Seen) {
        let engine = self.who.engine.name();
        match what {
            Seen::Listing => self.index.begin_list(),
            Seen::Listed(application) | Seen::Changed(application) => self.there(&application),
            Seen::All => {
                let gone = self.index.end_list();
                tracing::debug!(engine, known = self.index.len(), gone = gone.len(), "a list is complete");
                for deployment in gone {
                    self.gone(deployment);
                }
            }
            Seen::Gone(application) => {
                if let Some((deployment, _)) = whose(&application)
                    && self.index.forget(deployment)
                {
                    self.gone(deployment);
                }
            }
            Seen::Broken(why) => tracing::warn!(engine, why, "the watch is broken; it goes on by itself"),
        }
    }

    fn there(&mut self, application: &Application) {
        let engine = self.who.engine.name();
        let Some((deployment, owner)) = whose(application) else {
            tracing::warn!(engine, name = application.key.name, "it carries our label and is not ours");
            return;
        };
        let Sight { sighting, generation, invalid, verdict } = match sight(application, deployment, owner) {
            Ok(sight) => sight,
            Err(why) => {
                // It is there all the same: what is written of it stays.
                self.index.is_there(deployment);
                tracing::error!(engine, name = application.key.name, why, "an Application cannot be read");
                return;
            }
        };
        if invalid {
            self.nudges.invalid(deployment, generation, application.key.clone(), Instant::now());
        } else {
            self.nudges.well(deployment);
        }
        if let Some((run, verdict)) = verdict {
            self.verdicts.put(deployment, run, verdict);
            self.judge();
        }
        if self.index.see(deployment, sighting.hash) {
            self.outbox.put(deployment, News::Seen(Box::new(sighting)));
        } else {
            self.outbox.take_back(deployment);
        }
    }

    fn gone(&mut self, deployment: DeploymentId) {
        self.nudges.well(deployment);
        self.verdicts.forget(deployment);
        self.outbox.put(deployment, News::Gone);
        self.leaving_at = self.leaving_at.map(|_| Instant::now());
    }

    /// A batch is written, or not. Some: this round is over.
    fn written(&mut self, written: Written) -> Option<End> {
        let Written { batch, result } = written;
        match result {
            Ok(Reported::Stale) => return Some(End::Stale),
            Ok(Reported::Written { absent, .. }) => {
                for one in &batch.seen {
                    self.index.wrote(one.deployment, one.hash);
                }
                for deployment in absent {
                    self.index.is_nobodys(deployment);
                }
                if self.failures > 0 {
                    self.compare_at = Instant::now();
                }
                (self.failures, self.retry_at) = (0, None);
            }
            Err(error) => {
                let engine = self.who.engine.name();
                if self.failures == 0 {
                    tracing::warn!(engine, %error, "what was seen cannot be written; will try again");
                }
                self.retry_at = Some(Instant::now() + AGAIN.delay(self.failures, &mut self.rng));
                self.failures += 1;
                self.outbox.put_back(batch);
            }
        }
        None
    }

    /// Somebody is back from an errand.
    fn returned(&mut self, done: Done) {
        match done {
            Done::Nudged | Done::Left => {}
            Done::Leaving(leaving) => {
                self.leaving_at = Some(Instant::now() + LEAVING);
                // What was never seen in a complete list is looked for once more, by name, before anything ends.
                let unseen =
                    leaving.into_iter().flatten().filter(|one| self.index.has(one.deployment) == Some(false));
                self.errands.extend(unseen.map(|one| errand::leave(self.who, one)));
            }
            Done::Judged => self.verdicts.done(),
            Done::NotJudged(deployment, run, verdict) => {
                self.verdicts.put_back(deployment, run, verdict);
                return;
            }
        }
        self.judge();
    }

    fn judge(&mut self) {
        for (deployment, run, verdict) in self.verdicts.take() {
            self.errands.push(errand::judge(self.who, deployment, run, verdict));
        }
    }

    /// Whether the rows say what we believe them to say. A database that was restored, or failed over, may have forgotten.
    async fn still_true(&mut self) -> bool {
        match rows::all(self.who).await {
            Ok(rows) => self.index.agrees(&rows),
            Err(error) => {
                tracing::debug!(engine = self.who.engine.name(), %error, "cannot compare; will compare again");
                self.compare_at = Instant::now() + AGAIN.ceiling(u32::MAX);
                true
            }
        }
    }
}

/// At that time; never, if there is none.
async fn at(time: Option<Instant>) {
    match time {
        Some(time) => sleep_until(time).await,
        None => std::future::pending().await,
    }
}
