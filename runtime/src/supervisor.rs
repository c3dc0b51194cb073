//! The one place that spawns: named tasks, and their end in an order.
//!
//! A task that ends before it was told to is fatal, even with `Ok`: a process that lost a part and goes on looks well
//! and is not. The orchestrator starts it again. On a signal the stages are stopped one after the other; a stage may
//! use half of the time that is left, so one that hangs does not take all of it from the next.

use std::borrow::Cow;
use std::collections::HashMap;
use std::fmt;
use std::pin::Pin;
use std::time::Duration;

use tokio::task::{Id, JoinError, JoinSet};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::Health;
use crate::signals::Signals;

/// How long a process may take to stop.
#[derive(Clone, Copy, Debug, clap::Args)]
#[group(skip)]
#[command(next_help_heading = "Process")]
pub struct Args {
    /// How long running work may take to end after SIGTERM, before it is cut off. A second signal does not wait.
    #[arg(
        long,
        env = "ARGOSY_SHUTDOWN_DEADLINE",
        default_value = "20s",
        global = true,
        value_name = "DURATION"
    )]
    #[arg(value_parser = humantime::parse_duration)]
    pub shutdown_deadline: Duration,
}

impl Args {
    /// The settings as they were understood.
    pub fn describe(&self) -> Vec<(&'static str, String)> {
        vec![("shutdown-deadline", humantime::format_duration(self.shutdown_deadline).to_string())]
    }
}

/// When a task is stopped. Stages are stopped in this order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Stage {
    /// Takes new requests from outside.
    Listen,
    /// Takes new work from a queue.
    Claim,
    /// Does work that was taken.
    Work,
    /// Tends to the others until they are gone: metrics, health, probes.
    Tend,
}

impl Stage {
    const ALL: [Self; 4] = [Self::Listen, Self::Claim, Self::Work, Self::Tend];
}

/// Why a process ended otherwise than by being told to.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum Failure {
    /// A task ended by itself.
    #[error("the task `{task}` ended by itself: {how}")]
    Died {
        /// Its name.
        task: String,
        /// What it said at its end.
        how: String,
    },
    /// Tasks did not end in time and were cut off.
    #[error("cut off after the shutdown deadline of {}: {}", humantime::format_duration(*deadline), tasks.join(", "))]
    Overdue {
        /// Their names.
        tasks: Vec<String>,
        /// The time they had.
        deadline: Duration,
    },
}

type Closing = Pin<Box<dyn Future<Output = ()> + Send>>;

/// Named tasks, each of a stage.
pub struct Supervisor {
    running: JoinSet<anyhow::Result<()>>,
    names: HashMap<Id, (Stage, Cow<'static, str>)>,
    stages: [CancellationToken; 4],
    closing: Vec<(&'static str, Closing)>,
    /// What went wrong first.
    failure: Option<Failure>,
}

impl Default for Supervisor {
    fn default() -> Self {
        let root = CancellationToken::new();
        Self {
            running: JoinSet::new(),
            names: HashMap::new(),
            stages: Stage::ALL.map(|_| root.child_token()),
            closing: Vec::new(),
            failure: None,
        }
    }
}

impl Supervisor {
    /// Starts a task. It gets the token that tells it to stop, and must then end within the shutdown deadline.
    pub fn spawn<F>(
        &mut self,
        stage: Stage,
        name: impl Into<Cow<'static, str>>,
        task: impl FnOnce(CancellationToken) -> F,
    ) where
        F: Future<Output = anyhow::Result<()>> + Send + 'static,
    {
        let handle = self.running.spawn(task(self.token(stage).child_token()));
        self.names.insert(handle.id(), (stage, name.into()));
    }

    /// What remains to be done when every task has ended, like closing a pool.
    pub fn at_the_end(&mut self, name: &'static str, closing: impl Future<Output = ()> + Send + 'static) {
        self.closing.push((name, Box::pin(closing)));
    }

    /// Runs until a signal, or until a task ends by itself; then stops everything in order.
    pub async fn run(
        mut self,
        mut signals: Signals,
        health: &Health,
        deadline: Duration,
    ) -> Result<(), Failure> {
        health.started();
        tokio::select! {
            signal = signals.next() => {
                let tasks = self.names.len();
                tracing::info!(signal = signal.name(), tasks, deadline = %humantime::format_duration(deadline), "stopping");
            }
            () = self.first_death() => {}
        }
        health.stopping();
        tokio::select! {
            () = self.stop(deadline) => {}
            signal = signals.next() => exit_at_once(signal),
        }
        self.failure.map_or(Ok(()), Err)
    }

    /// Waits for the first task that ends without having been told to.
    async fn first_death(&mut self) {
        let Some(ended) = self.running.join_next_with_id().await else {
            return std::future::pending().await;
        };
        let (task, how) = self.buried(ended);
        let how = how.unwrap_or_else(|| "it returned, but should never".to_owned());
        tracing::error!(task, how, "a task ended by itself; stopping everything else");
        self.failure = Some(Failure::Died { task, how });
    }

    async fn stop(&mut self, deadline: Duration) {
        let end = Instant::now() + deadline;
        for stage in Stage::ALL {
            self.token(stage).cancel();
            let left = end.saturating_duration_since(Instant::now());
            let share = if stage == Stage::Tend { left } else { left / 2 };
            // Whoever overruns the share of its stage still has what is left of the whole, below.
            let _overrun = tokio::time::timeout(share, self.drain(|of| of == stage)).await;
        }
        if tokio::time::timeout_at(end, self.drain(|_| true)).await.is_err() {
            self.cut_off(deadline).await;
        }
        for (name, closing) in std::mem::take(&mut self.closing) {
            let left = end.saturating_duration_since(Instant::now()).max(Duration::from_secs(1));
            if tokio::time::timeout(left, closing).await.is_err() {
                tracing::warn!("{name} did not close in time");
            }
        }
    }

    /// Waits for the tasks of these stages. Others that end meanwhile are noted.
    async fn drain(&mut self, these: impl Fn(Stage) -> bool) {
        while self.names.values().any(|(stage, _)| these(*stage)) {
            let Some(ended) = self.running.join_next_with_id().await else { return };
            // While stopping a task may end, but not by an error or a panic.
            if let (task, Some(how)) = self.buried(ended) {
                tracing::error!(task, how, "a task failed while stopping");
                self.failure.get_or_insert(Failure::Died { task, how });
            }
        }
    }

    async fn cut_off(&mut self, deadline: Duration) {
        let mut tasks: Vec<_> = self.names.values().map(|(_, name)| name.to_string()).collect();
        tasks.sort();
        tracing::error!(?tasks, "cut off: not ended within the shutdown deadline");
        self.failure.get_or_insert(Failure::Overdue { tasks, deadline });
        self.running.shutdown().await;
    }

    /// Takes an ended task out of the books: its name, and how it ended if not with `Ok`.
    fn buried(&mut self, ended: Result<(Id, anyhow::Result<()>), JoinError>) -> (String, Option<String>) {
        let (id, how) = match ended {
            Ok((id, Ok(()))) => (id, None),
            Ok((id, Err(error))) => (id, Some(format!("{error:#}"))),
            Err(error) => (error.id(), Some(last_words(error))),
        };
        let name = self.names.remove(&id).map_or(Cow::Borrowed("unnamed"), |(_, name)| name);
        (name.into_owned(), how)
    }

    const fn token(&self, stage: Stage) -> &CancellationToken {
        &self.stages[stage as usize]
    }
}

fn last_words(error: JoinError) -> String {
    match error.try_into_panic() {
        Ok(panic) => {
            let text = panic.downcast_ref::<String>().map(String::as_str);
            let text = text.or_else(|| panic.downcast_ref::<&str>().copied());
            format!("it panicked: {}", text.unwrap_or("without a message"))
        }
        Err(error) => error.to_string(),
    }
}

fn exit_at_once(signal: crate::signals::Kind) -> ! {
    tracing::warn!(signal = signal.name(), "a second signal: exiting at once, running work is lost");
    std::process::exit(signal.exit_code().into())
}

impl fmt::Debug for Supervisor {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_list().entries(self.names.values().map(|(_, name)| name)).finish()
    }
}
