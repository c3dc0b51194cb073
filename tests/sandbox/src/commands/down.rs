//! `down`: end everything, keep the data.

use std::time::{Duration, Instant};

use anyhow::{Result, bail};
use rustix::process::{Pid, Signal};

use crate::say;
use crate::state::Folder;

/// For all parts to end in order, one after the other.
const PATIENCE: Duration = Duration::from_secs(60);
const PAUSE: Duration = Duration::from_millis(50);

pub async fn run(folder: &Folder) -> Result<()> {
    if stop(folder).await? {
        say::line(
            "argosy sandbox: stopped. Its data is kept; `make up` goes on with it, `make reset` removes it",
        );
    } else {
        say::line("argosy sandbox: does not run");
    }
    Ok(())
}

/// True when there was something to stop.
pub(super) async fn stop(folder: &Folder) -> Result<bool> {
    if !folder.is_supervised()? {
        return Ok(false);
    }
    let deadline = Instant::now() + PATIENCE;
    let mut told = false;
    while folder.is_supervised()? {
        let supervisor = folder.supervisor()?;
        if Instant::now() > deadline {
            // Its parts end with it: each asked the kernel for that when it started.
            send(supervisor, Signal::KILL);
            bail!("the supervisor ({supervisor:?}) did not end within {PATIENCE:?}, and was killed");
        }
        // One that starts right now says who it is in a moment.
        if !told {
            told = send(supervisor, Signal::TERM);
        }
        tokio::time::sleep(PAUSE).await;
    }
    Ok(true)
}

fn send(supervisor: Option<i32>, signal: Signal) -> bool {
    let pid = supervisor.and_then(Pid::from_raw);
    pid.is_some_and(|pid| rustix::process::kill_process(pid, signal).is_ok())
}
