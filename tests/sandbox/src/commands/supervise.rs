//! The background half of `up`: this process is the supervisor, until it is told to end.

use anyhow::{Context, Result, bail};
use tokio::signal::unix::{SignalKind, signal};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use crate::parts::{self, Plan};
use crate::say;
use crate::state::ports::Taken;
use crate::state::{Engines, Folder, Report, leftovers};
use crate::supervisor::{self, Status};

/// Run everything in this folder until SIGTERM.
pub async fn run(folder: Folder, engines: Engines, taken: Taken) -> Result<()> {
    // A session of our own: a closed terminal or Ctrl-C ends `make up`, not the sandbox. Fails only when we lead one.
    let _ = rustix::process::setsid();
    folder.make()?;
    let Some(mut lock) = folder.try_lock()? else {
        bail!("another supervisor runs this sandbox already");
    };
    lock.sign()?;
    let stop = end_on_signal()?;
    // What a killed supervisor started is about to end, and still has its ports.
    leftovers::end(&folder).await?;
    let plan = Plan::make(&folder, &engines, taken)?;
    plan.write_env()?;
    let report = move |ended: bool, parts: &[Status]| Report {
        supervisor: std::process::id(),
        engines: engines.clone(),
        ended,
        parts: parts.to_vec(),
    };
    folder.write_report(&report(false, &[]))?;
    let record = {
        let (folder, report, stop) = (folder.clone(), report.clone(), stop.clone());
        move |parts: &[Status]| {
            let ended =
                stop.is_cancelled() && parts.iter().all(|part| part.state == supervisor::State::Stopped);
            if let Err(error) = folder.write_report(&report(ended, parts)) {
                say::error(&format!("cannot write the status: {error:#}"));
            }
        }
    };
    supervisor::supervise(parts::list(&plan)?, folder.logs(), record, stop).await
}

fn end_on_signal() -> Result<CancellationToken> {
    let stop = CancellationToken::new();
    let mut terminate = signal(SignalKind::terminate()).context("listen to SIGTERM")?;
    let mut interrupt = signal(SignalKind::interrupt()).context("listen to SIGINT")?;
    let token = stop.clone();
    let mut listener = JoinSet::new();
    listener.spawn(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
        token.cancel();
    });
    listener.detach_all(); // ends with the process
    Ok(stop)
}
