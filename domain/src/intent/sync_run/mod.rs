//! A sync run: one sync of a deployment that somebody asked for.
//!
//! [`RawSyncRun`] is what a body may say, [`SyncRunSpec`] what it means. Whether it suits its deployment,
//! [`SyncRunSpec::suits`] says: a run may be asked for before its deployment is known.

mod body;
mod parse;
mod revision;
mod selection;
mod suits;

use serde::{Deserialize, Serialize};

pub use body::{RawSelection, RawStrategy, RawSyncRun};
pub use parse::parse;
pub use revision::RunRevision;
pub use selection::{ObjectName, Selection};

/// What is to be synced, and how.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct SyncRunSpec {
    /// Other revisions than the deployment's, one for each of its sources. Empty: the deployment's.
    pub revisions: Vec<RunRevision>,
    /// Only these resources. Empty: all.
    pub resources: Vec<Selection>,
    /// Remove what is no longer in the source. None: as the deployment's policy has it, and not without one.
    pub prune: Option<bool>,
    /// Only try whether it would do.
    pub dry_run: bool,
    /// Delete and make anew what cannot be changed.
    pub force: bool,
    /// With which means.
    pub strategy: Strategy,
}

/// With which means a run syncs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Strategy {
    /// Resources are applied, and hooks run before and after.
    #[default]
    Hook,
    /// Resources are applied, and nothing else.
    Apply,
}
