//! What users see of a deployment's state, and what rows keep of it.

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::states::{HealthState, Phase, SyncStatus};
use crate::engine::hash::Hash;
use crate::ids::{EnvironmentId, SyncRunId};

/// The state of a deployment, as its engine saw it last.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct Report {
    /// Whether what runs is what the source says.
    pub sync: SyncReport,
    /// How what runs is.
    pub health: HealthReport,
    /// The last sync, or the one that is going on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub operation: Option<OperationReport>,
    /// What is in the way.
    pub conditions: Vec<ConditionReport>,
    /// Which images run.
    pub images: Vec<String>,
    /// Where it can be reached.
    pub urls: Vec<String>,
    /// How many resources there are.
    pub counts: Counts,
    /// What it is made of, with what is wrong first. If `truncated`, not all of it.
    pub resources: Vec<ResourceReport>,
    /// Former syncs, the newest first.
    pub history: Vec<HistoryReport>,
    /// There was more than fits.
    pub truncated: bool,
}

/// Whether what runs is what the source says.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct SyncReport {
    /// Whether.
    pub status: SyncStatus,
    /// Commits, or versions of charts: one for each source.
    pub revisions: Vec<String>,
    /// What was compared.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub compared_to: Option<Compared>,
}

/// What was compared.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct Compared {
    /// The sources.
    pub sources: Vec<SourceReport>,
    /// The environment.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    pub environment_id: Option<EnvironmentId>,
    /// The namespace.
    pub namespace: String,
}

/// Which source.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct SourceReport {
    /// Address of the repository.
    pub repository: String,
    /// The folder.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub path: String,
    /// The chart.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub chart: String,
    /// Which state of it, as it was declared then.
    pub revision: String,
}

/// How something is.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct HealthReport {
    /// How.
    pub status: HealthState,
    /// And why.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub message: String,
    /// Since when.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    pub since: Option<Timestamp>,
}

/// A sync.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct OperationReport {
    /// How it is going.
    pub phase: Phase,
    /// In words.
    pub message: String,
    /// The sync run that it is. None: it was started by a change, or by a change of others that was undone.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    pub sync_run_id: Option<SyncRunId>,
    /// Commits, or versions of charts: one for each source.
    pub revisions: Vec<String>,
    /// Since when.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    pub started_at: Option<Timestamp>,
    /// Until when. Absent while it is going on.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    pub finished_at: Option<Timestamp>,
    /// How often it was tried again.
    pub retries: i64,
    /// What came of it for each resource, with what failed first. If the report is `truncated`, not all of it.
    pub results: Vec<ResultReport>,
    /// For how many something came of it.
    pub results_total: usize,
}

/// What came of a sync for one resource.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct ResultReport {
    /// API group.
    pub group: String,
    /// API version.
    pub version: String,
    /// Kind.
    pub kind: String,
    /// Namespace.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub namespace: String,
    /// Name.
    pub name: String,
    /// `Synced`, `SyncFailed`, `Pruned`, `PruneSkipped`; of hooks: `Running`, `Succeeded`, `Failed` and so on.
    pub status: String,
    /// In words.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub message: String,
    /// Of a hook: which sort.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub hook: String,
}

/// What is in the way.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct ConditionReport {
    /// Which sort: `ComparisonError`, `SyncError` and so on.
    #[serde(rename = "type")]
    pub sort: String,
    /// In words.
    pub message: String,
    /// Since when.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    pub since: Option<Timestamp>,
}

/// How many resources there are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct Counts {
    /// All.
    pub total: usize,
    /// What is as the source says.
    pub synced: usize,
    /// What is not.
    pub out_of_sync: usize,
    /// What is well.
    pub healthy: usize,
    /// What is not there yet.
    pub progressing: usize,
    /// What is ill.
    pub degraded: usize,
    /// What is paused.
    pub suspended: usize,
    /// What is not there.
    pub missing: usize,
}

/// A resource.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct ResourceReport {
    /// API group.
    pub group: String,
    /// API version.
    pub version: String,
    /// Kind.
    pub kind: String,
    /// Namespace.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub namespace: String,
    /// Name.
    pub name: String,
    /// Whether it is what the source says. Hooks have none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sync: Option<SyncStatus>,
    /// How it is. Kinds that are neither well nor ill have none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub health: Option<HealthState>,
    /// And why.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub message: String,
    /// It is no longer in the source.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub requires_pruning: bool,
}

/// A former sync.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct HistoryReport {
    /// Its number.
    pub id: i64,
    /// Commits, or versions of charts: one for each source.
    pub revisions: Vec<String>,
    /// When it was done.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    pub deployed_at: Option<Timestamp>,
    /// The sync run that it was. None: it was started by a change, or by a change of others that was undone.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    pub sync_run_id: Option<SyncRunId>,
    /// What was synced.
    pub sources: Vec<SourceReport>,
}

impl Report {
    /// By what reports are told apart: equal facts have equal hashes, whenever they were seen. Argo CD writes since when
    /// something is so anew, though nothing changed; so that is not among it.
    #[must_use]
    pub fn hash(&self) -> Hash {
        let mut facts = self.clone();
        facts.health.since = None;
        facts.conditions.iter_mut().for_each(|condition| condition.since = None);
        Hash::of(&facts)
    }
}
