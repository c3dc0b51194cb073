//! The life of one part: wait for what it needs, start it, watch it, start it again, and end it last-in-first-out.

use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context, Error, Result, anyhow};
use rustix::event::{PollFd, PollFlags};
use rustix::process::{Pid, PidfdFlags};
use testbed::{Launch, Process};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use super::board::{Board, State};
use super::logs::Logs;
use super::{Again, Part, Work};

/// Between two looks at a part that is not ready, and at one that is.
const LOOK_SOON: Duration = Duration::from_millis(100);
const LOOK_LATER: Duration = Duration::from_secs(2);
/// A look that takes longer than this saw nothing.
const LOOK_LIMIT: Duration = Duration::from_secs(5);
/// Between two starts. The first comes at once; the longest leaves room for "back within ten seconds".
const PAUSES: [Duration; 5] = [
    Duration::ZERO,
    Duration::from_millis(300),
    Duration::from_secs(1),
    Duration::from_secs(2),
    Duration::from_secs(4),
];
/// Who lived this long begins with the first pause again.
const LONG_LIFE: Duration = Duration::from_secs(20);

pub(super) struct Life {
    part: Part,
    board: Arc<Board>,
    logs: Logs,
    process: Option<Process>,
}

impl Life {
    pub(super) fn new(part: Part, board: Arc<Board>, logs: Logs) -> Self {
        Self { part, board, logs, process: None }
    }

    /// From the first start to the end.
    pub(super) async fn live(mut self, stop: CancellationToken) {
        let name = self.part.name;
        tokio::select! {
            () = stop.cancelled() => {}
            () = self.stay_alive() => stop.cancelled().await,
        }
        // Nobody may find what it needs gone: those who build on this one go first.
        self.board.until_unused(name).await;
        self.end().await;
        self.board.change(name, |status| {
            status.state = State::Stopped;
            status.pid = None;
        });
    }

    /// Ends only for a step that is done.
    async fn stay_alive(&mut self) {
        let part = self.part.clone();
        self.board.until_served(&part.after).await;
        let mut tries = 0;
        loop {
            let born = Instant::now();
            let end = match &part.work {
                Work::Once(run) => match self.try_step(run).await {
                    Ok(()) => return,
                    Err(error) => error,
                },
                Work::Keep { launch, probe } => match self.one_life(launch, probe).await {
                    Ok(end) | Err(end) => end,
                },
            };
            self.board.down(part.name, format!("{end:#}"));
            if born.elapsed() > LONG_LIFE {
                tries = 0;
            }
            tokio::time::sleep(PAUSES[tries]).await;
            tries = (tries + 1).min(PAUSES.len() - 1);
        }
    }

    async fn try_step(&self, run: &Again<()>) -> Result<()> {
        self.board.change(self.part.name, |status| {
            status.starts += 1;
            status.state = State::Starting;
        });
        run().await?;
        self.board.ready(self.part.name, State::Done);
        Ok(())
    }

    /// One life of the process; the value is how it ended.
    async fn one_life(&mut self, launch: &Again<Launch>, probe: &Again<()>) -> Result<Error> {
        let launch = launch().await.context("prepare it")?;
        let process = launch.start()?;
        let ended = watch_end(&process)?;
        let (pid, log) = (process.pid(), process.log());
        self.process = Some(process);
        self.logs.link(self.part.name, &log);
        self.board.change(self.part.name, |status| {
            status.starts += 1;
            status.state = State::Starting;
            status.pid = Some(pid);
            status.log = Some(log);
        });
        tokio::select! {
            _ = ended => {}
            () = self.watch_readiness(probe) => {}
        }
        let log = self.process.as_ref().map(Process::log_end).unwrap_or_default();
        let last = telling_line(&log);
        let exit = self.end().await.map_or_else(String::new, |exit| format!(" ({exit})"));
        Ok(anyhow!("ended by itself{exit}; the last it said: {last}"))
    }

    /// Never ends: looks how it is as long as it runs.
    async fn watch_readiness(&self, probe: &Again<()>) {
        loop {
            let seen = match tokio::time::timeout(LOOK_LIMIT, probe()).await {
                Ok(seen) => seen,
                Err(_) => Err(anyhow!("no answer within {LOOK_LIMIT:?}")),
            };
            let pause = match seen {
                Ok(()) => {
                    self.board.ready(self.part.name, State::Ready);
                    LOOK_LATER
                }
                Err(error) => {
                    self.board.unready(self.part.name, format!("{error:#}"));
                    LOOK_SOON
                }
            };
            tokio::time::sleep(pause).await;
        }
    }

    /// End the process and what is left of its group.
    async fn end(&mut self) -> Option<std::process::ExitStatus> {
        let mut process = self.process.take()?;
        // Waiting for a process blocks; the other parts go on meanwhile.
        tokio::task::spawn_blocking(move || process.stop()).await.ok().flatten()
    }
}

/// The line of a log's end that says most: the last about an error, or the last at all.
fn telling_line(log: &str) -> &str {
    const TELLING: [&str; 4] = ["error", "fatal", "panicked", "cannot"];
    let lines = || log.lines().filter(|line| !line.trim().is_empty());
    let mut telling = lines().filter(|line| {
        let line = line.to_lowercase();
        TELLING.iter().any(|word| line.contains(word))
    });
    telling.next_back().or_else(|| lines().next_back()).unwrap_or("nothing")
}

/// Completes when the process ends. The wait is a thread's, because nothing asynchronous waits for a process that
/// somebody else will ask for its exit status; it ends with the process, whoever ends that.
fn watch_end(process: &Process) -> Result<JoinHandle<()>> {
    let pid =
        i32::try_from(process.pid()).ok().and_then(Pid::from_raw).context("a process has a process id")?;
    let pidfd = rustix::process::pidfd_open(pid, PidfdFlags::empty()).context("watch a process")?;
    Ok(tokio::task::spawn_blocking(move || {
        let mut wanted = [PollFd::new(&pidfd, PollFlags::IN)];
        while rustix::event::poll(&mut wanted, None) == Err(rustix::io::Errno::INTR) {}
    }))
}
