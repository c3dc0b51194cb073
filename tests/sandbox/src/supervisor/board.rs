//! The board: how every part is, for those who wait for it and for those who ask.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};
use tokio::sync::watch;

use super::{Part, clock};

/// How a part is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum State {
    /// For the parts it needs.
    Waiting,
    /// Its process runs (or its step is being done) and was not ready yet.
    Starting,
    Ready,
    /// Its process runs, was ready, and is not now.
    Unready,
    /// Its process ended, or its step failed: tried again in a moment.
    Down,
    /// A step that succeeded.
    Done,
    /// Ended because the sandbox was told to.
    Stopped,
}

impl State {
    /// May others build on it?
    pub fn serves(self) -> bool {
        match self {
            Self::Ready | Self::Done => true,
            Self::Waiting | Self::Starting | Self::Unready | Self::Down | Self::Stopped => false,
        }
    }

    pub fn word(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Starting => "starting",
            Self::Ready => "ready",
            Self::Unready => "not ready",
            Self::Down => "down",
            Self::Done => "done",
            Self::Stopped => "stopped",
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Status {
    pub name: String,
    pub state: State,
    pub pid: Option<u32>,
    pub port: Option<u16>,
    /// How often it was started by this supervisor.
    pub starts: u32,
    /// Was it ready since this supervisor began?
    pub was_ready: bool,
    /// What the last look saw, while it is not ready.
    pub seen: Option<String>,
    /// The last time it ended or stopped being ready; kept when it is well again, for `make status`.
    pub trouble: Option<Trouble>,
    pub log: Option<PathBuf>,
    /// What it waits for.
    pub after: Vec<String>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Trouble {
    pub text: String,
    /// Seconds since 1970, so that a person can be told how long ago.
    pub at: u64,
}

/// All statuses, behind one `watch`.
#[derive(Debug)]
pub(super) struct Board {
    statuses: watch::Sender<Vec<Status>>,
}

impl Board {
    pub(super) fn new(parts: &[Part]) -> Self {
        let statuses = parts.iter().map(|part| Status {
            name: part.name.to_owned(),
            state: State::Waiting,
            pid: None,
            port: part.port,
            starts: 0,
            was_ready: false,
            seen: None,
            trouble: None,
            log: None,
            after: part.after.iter().map(|&name| name.to_owned()).collect(),
        });
        Self { statuses: watch::Sender::new(statuses.collect()) }
    }

    pub(super) fn watch(&self) -> watch::Receiver<Vec<Status>> {
        self.statuses.subscribe()
    }

    pub(super) fn change(&self, name: &str, change: impl FnOnce(&mut Status)) {
        self.statuses.send_if_modified(|statuses| {
            let Some(status) = statuses.iter_mut().find(|status| status.name == name) else { return false };
            let before = status.clone();
            change(status);
            *status != before
        });
    }

    pub(super) fn ready(&self, name: &str, state: State) {
        self.change(name, |status| {
            status.state = state;
            status.was_ready = true;
            status.seen = None;
        });
    }

    /// Its process runs, and a look at it failed.
    pub(super) fn unready(&self, name: &str, seen: String) {
        self.change(name, |status| {
            if status.state == State::Ready {
                status.state = State::Unready;
                status.trouble = Some(Trouble { text: seen.clone(), at: clock::seconds() });
            }
            status.seen = Some(seen);
        });
    }

    pub(super) fn down(&self, name: &str, text: String) {
        self.change(name, |status| {
            status.state = State::Down;
            status.pid = None;
            status.seen = None;
            status.trouble = Some(Trouble { text, at: clock::seconds() });
        });
    }

    /// Wait until all of these serve.
    pub(super) async fn until_served(&self, names: &[&'static str]) {
        let served = |statuses: &Vec<Status>| {
            names.iter().all(|name| statuses.iter().any(|other| other.name == *name && other.state.serves()))
        };
        let _ = self.watch().wait_for(served).await;
    }

    /// Wait until everything that builds on this part has stopped.
    pub(super) async fn until_unused(&self, name: &str) {
        let unused = |statuses: &Vec<Status>| {
            statuses
                .iter()
                .filter(|other| other.after.iter().any(|needed| needed == name))
                .all(|other| other.state == State::Stopped)
        };
        let _ = self.watch().wait_for(unused).await;
    }
}
