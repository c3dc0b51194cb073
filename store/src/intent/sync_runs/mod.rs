//! Sync runs: "sync now", asked for once, done once, in the order it was asked for, and answered with a verdict.
//!
//! Verdicts come with the operations (`Store::record_verdict`), which lets the next one in.

mod facts;
mod read;
mod row;
mod start;
mod stop;

use domain::engine::sync_run::Verdict;
use domain::ids::{DeploymentId, SyncRunId};
use domain::intent::sync_run::SyncRunSpec;
use jiff::Timestamp;

/// A sync run as it is.
#[derive(Clone, Debug, PartialEq)]
pub struct SyncRun {
    /// Which.
    pub id: SyncRunId,
    /// Of what.
    pub deployment: DeploymentId,
    /// Among the runs of its deployment.
    pub number: u64,
    /// What is to be synced, and how.
    pub spec: SyncRunSpec,
    /// The history entry that it goes back to, if it does.
    pub rollback_to: Option<i64>,
    /// Who asked for it.
    pub asked_by: String,
    /// Where it stands.
    pub state: RunState,
    /// The object that it is made from, if it is only shown here.
    pub lives_in: Option<String>,
    /// When it was asked for.
    pub made_at: Timestamp,
    /// When the engine began with it.
    pub started_at: Option<Timestamp>,
}

/// Where a sync run stands.
#[derive(Clone, Debug, PartialEq)]
pub enum RunState {
    /// It has not begun.
    Waiting,
    /// It is going on.
    Running,
    /// Somebody wants it stopped.
    Terminating,
    /// It is over.
    Ended {
        /// How.
        verdict: Verdict,
        /// When that was known.
        at: Timestamp,
    },
}

/// What a run is to be.
#[derive(Clone, Debug, PartialEq)]
pub struct WantedRun {
    /// What is to be synced, and how.
    pub spec: SyncRunSpec,
    /// The history entry that it goes back to, if it does.
    pub rollback_to: Option<i64>,
}

/// Which part of a deployment's runs, the newest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RunPage {
    /// Those before this number. None: from the newest on.
    pub before: Option<u64>,
    /// How many, at most.
    pub limit: u16,
}

const NOUN: &str = "sync_run";
