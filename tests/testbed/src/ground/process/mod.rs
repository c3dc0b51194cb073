//! Processes that always end: started in a group of their own, watched, logged to a file, ended by pid.
//!
//! Everything the testbed runs goes through [`Launch::start`]. A [`Process`] ends with its handle, also when a test
//! panics, and by the kernel's hand when we are killed.

mod launch;
mod spawner;

use std::fs::{File, OpenOptions};
use std::path::{Path, PathBuf};
use std::process::{Child, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use rustix::event::{PollFd, PollFlags};
use rustix::process::{Pid, PidfdFlags, Signal};

pub use launch::{Ending, Launch};

use crate::wait;

/// How long a process may take to end by itself before it is killed.
const GRACE: Duration = Duration::from_secs(10);

impl Launch {
    /// Start it. Returns as soon as it runs; whether it is *ready* is the business of the part that knows.
    pub fn start(&self) -> Result<Process> {
        std::fs::create_dir_all(&self.dir).with_context(|| format!("make {}", self.dir.display()))?;
        let log = OpenOptions::new()
            .create(true)
            .append(true)
            .open(self.log())
            .with_context(|| format!("open the log {}", self.log().display()))?;
        let errors = log.try_clone().context("share the log between stdout and stderr")?;
        let mut command = self.command();
        std::os::unix::process::CommandExt::process_group(&mut command, 0);
        command.stdin(Stdio::null()).stdout(log).stderr(errors);
        let child = spawner::spawn(command)
            .with_context(|| format!("start {} by setpriv (Debian package util-linux)", self.name))?;
        Ok(Process { launch: self.clone(), child, ended: None })
    }
}

/// A running (or ended) process of ours.
#[derive(Debug)]
pub struct Process {
    launch: Launch,
    child: Child,
    ended: Option<ExitStatus>,
}

impl Process {
    pub fn name(&self) -> &str {
        &self.launch.name
    }

    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    pub fn launch(&self) -> &Launch {
        &self.launch
    }

    pub fn log(&self) -> PathBuf {
        self.launch.log()
    }

    /// `None` while it runs.
    pub fn exit(&mut self) -> Option<ExitStatus> {
        if self.ended.is_none() {
            self.ended = self.child.try_wait().ok().flatten();
        }
        self.ended
    }

    pub fn running(&mut self) -> bool {
        self.exit().is_none()
    }

    /// An error that shows the end of the log, if it is not running any more: to be asked inside every wait.
    pub fn must_run(&mut self) -> Result<()> {
        if let Some(status) = self.exit() {
            bail!("{} ended by itself ({status}); the end of its log:\n{}", self.name(), self.log_end());
        }
        Ok(())
    }

    /// Wait until `probe` succeeds. Fails at once when the process ends, and shows the end of its log in any case.
    pub async fn ready<F>(&mut self, limit: Duration, probe: impl Fn() -> F) -> Result<()>
    where
        F: Future<Output = Result<()>>,
    {
        let what = format!("{} to be ready", self.name());
        let waited = wait::until(&what, limit, || {
            let dead = self.must_run().err();
            let look = probe();
            async {
                match dead {
                    Some(error) => Ok(Err(error)), // no use in waiting on
                    None => look.await.map(Ok).map_err(|error| format!("{error:#}")),
                }
            }
        });
        waited.await.with_context(|| format!("the end of its log:\n{}", self.log_end()))?
    }

    /// Send a signal to the process itself (not to its group).
    pub fn signal(&self, signal: Signal) -> Result<()> {
        let pid = self.group()?;
        rustix::process::kill_process(pid, signal).with_context(|| format!("signal {}", self.name()))
    }

    /// Ask it to end, wait, and kill what is left of its group.
    pub fn stop(&mut self) -> Option<ExitStatus> {
        self.stop_within(GRACE)
    }

    pub fn stop_within(&mut self, grace: Duration) -> Option<ExitStatus> {
        let polite = match self.launch.ending {
            Ending::Terminate => Some(Signal::TERM),
            Ending::Interrupt => Some(Signal::INT),
            Ending::Kill => None,
        };
        if self.running()
            && let Some(polite) = polite
        {
            let _ = self.signal(polite);
            self.wait(grace);
        }
        self.kill();
        self.ended
    }

    /// `kill -9` of the whole group, and wait until the process is gone.
    pub fn kill(&mut self) {
        if let Ok(group) = self.group() {
            // The group may outlive its leader (a git child of a repo-server), so it is killed in any case.
            let _ = rustix::process::kill_process_group(group, Signal::KILL);
        }
        if self.ended.is_none() {
            self.ended = self.child.wait().ok();
        }
    }

    /// Wait for the end, at most this long. True when it ended.
    pub fn wait(&mut self, limit: Duration) -> bool {
        let deadline = Instant::now() + limit;
        let Ok(pid) = self.group() else { return true };
        let Ok(pidfd) = rustix::process::pidfd_open(pid, PidfdFlags::empty()) else {
            return !self.running();
        };
        while self.running() {
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return false;
            }
            let timeout = rustix::event::Timespec::try_from(left).ok();
            let _ = rustix::event::poll(&mut [PollFd::new(&pidfd, PollFlags::IN)], timeout.as_ref());
        }
        true
    }

    /// The last lines of its log, for errors.
    pub fn log_end(&self) -> String {
        log_end(&self.log())
    }

    fn group(&self) -> Result<Pid> {
        i32::try_from(self.child.id())
            .ok()
            .and_then(Pid::from_raw)
            .with_context(|| format!("{} has no process id", self.launch.name))
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.stop();
    }
}

/// The last few kilobytes of a log, from a line's beginning.
pub fn log_end(log: &Path) -> String {
    use std::io::{Read, Seek, SeekFrom};
    const KEPT: u64 = 6_000;
    let read = || -> std::io::Result<String> {
        let mut file = File::open(log)?;
        let length = file.metadata()?.len();
        file.seek(SeekFrom::Start(length.saturating_sub(KEPT)))?;
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes)?;
        let text = String::from_utf8_lossy(&bytes).into_owned();
        Ok(if length > KEPT {
            text.split_once('\n').map(|(_, rest)| rest.to_owned()).unwrap_or(text)
        } else {
            text
        })
    };
    read().unwrap_or_else(|error| format!("(no log at {}: {error})", log.display()))
}
