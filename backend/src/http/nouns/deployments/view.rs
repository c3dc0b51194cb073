//! Deployments, as answers show them.

use std::collections::BTreeMap;

use domain::engine::explain::Explanation;
use domain::engine::observed::{HealthState, HistoryReport, Report, ResourceReport, SyncStatus};
use domain::intent::deployment::RawDeployment;
use schemars::JsonSchema;
use serde::Serialize;

use super::super::environments::RefusalView;
use crate::app::{Deployment, DeploymentInFull, DeploymentItem, Standing, Status, Version};
use crate::http::reply::{Id, Life, Moment, View};

/// A deployment.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "Deployment")]
pub(super) struct DeploymentView {
    /// Its id.
    id: Id,
    /// Its name.
    name: String,
    /// How often it was changed.
    generation: u64,
    /// Whether it is there.
    state: Life,
    /// What was said, with what was filled in.
    spec: RawDeployment,
    /// How it is going.
    status: DeploymentStatus,
    /// The object that it is made from, if it is only shown here.
    #[serde(skip_serializing_if = "Option::is_none")]
    lives_in: Option<String>,
    /// When it was made.
    made_at: Moment,
    /// When it was last changed.
    changed_at: Moment,
}

/// How it is going with a deployment.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct DeploymentStatus {
    /// The generation that the engine has; 0: none yet.
    applied_generation: u64,
    /// Whether an engine serves it.
    engine: Engine,
    /// Its environment. Absent: there is none of that name.
    #[serde(skip_serializing_if = "Option::is_none")]
    environment_id: Option<Id>,
    /// Why the engine does not take it.
    #[serde(skip_serializing_if = "Option::is_none")]
    refusal: Option<RefusalView>,
    /// Why it is where it is, and what to do. Only in the answer to `GET`.
    #[serde(skip_serializing_if = "Option::is_none")]
    explanation: Option<Explanation>,
    /// Whether what runs is what the source says. Only in the answer to `GET`, as all that follows.
    #[serde(skip_serializing_if = "Option::is_none")]
    sync: Option<SyncStatus>,
    /// How what runs is.
    #[serde(skip_serializing_if = "Option::is_none")]
    health: Option<HealthState>,
    /// Which state of the source it was compared with; of the first source, if there are several.
    #[serde(skip_serializing_if = "Option::is_none")]
    revision: Option<String>,
    /// All that was seen of it last.
    #[serde(skip_serializing_if = "Option::is_none")]
    observed: Option<Observed>,
}

/// Whether an engine serves a deployment.
#[derive(Clone, Copy, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
enum Engine {
    /// One does.
    Available,
    /// None is available. It is served as soon as one is.
    Unavailable,
    /// There is no environment of that name to go to.
    NoEnvironment,
}

/// What was seen of a deployment.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct Observed {
    /// When that last changed.
    at: Moment,
    /// What was seen.
    #[serde(flatten)]
    report: Report,
}

/// A deployment in a list.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "DeploymentItem")]
pub(super) struct ItemView {
    /// Its id.
    id: Id,
    /// Its name.
    name: String,
    /// How often it was changed.
    generation: u64,
    /// The generation that the engine has; 0: none yet.
    applied_generation: u64,
    /// The engine does not take it as it is.
    refused: bool,
    /// Whether it is there.
    state: Life,
    /// Nothing is synced.
    suspended: bool,
    /// Name of its environment. Absent: there is none of that name.
    #[serde(skip_serializing_if = "Option::is_none")]
    environment: Option<String>,
    /// Its namespace there.
    #[serde(skip_serializing_if = "Option::is_none")]
    namespace: Option<String>,
    /// Whether what runs is what the source says.
    sync: SyncStatus,
    /// How what runs is.
    health: HealthState,
    /// Which state of the source it was compared with.
    #[serde(skip_serializing_if = "Option::is_none")]
    revision: Option<String>,
    /// Labels.
    labels: BTreeMap<String, String>,
    /// When it was last changed.
    changed_at: Moment,
}

/// What a deployment is made of.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "Resources")]
pub(super) struct ResourcesView {
    /// The resources, with what is wrong first.
    items: Vec<ResourceReport>,
    /// How many there are; more than are shown, if there are too many.
    total: usize,
    /// When that last changed. Absent: nothing was seen yet.
    #[serde(skip_serializing_if = "Option::is_none")]
    observed_at: Option<Moment>,
}

/// Former syncs of a deployment.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "History")]
pub(super) struct HistoryView {
    /// The syncs, the newest first. A rollback goes back to one of them.
    items: Vec<HistoryReport>,
    /// When that last changed. Absent: nothing was seen yet.
    #[serde(skip_serializing_if = "Option::is_none")]
    observed_at: Option<Moment>,
}

impl DeploymentView {
    fn of(deployment: Deployment, seen: Option<Status>, why: Option<Explanation>) -> Self {
        let engine = match deployment.standing {
            Standing::Placed { .. } => Engine::Available,
            Standing::Unplaced => Engine::Unavailable,
            Standing::Nowhere => Engine::NoEnvironment,
        };
        let report = seen.as_ref().map(|seen| &seen.report);
        let status = DeploymentStatus {
            applied_generation: deployment.applied.0,
            engine,
            environment_id: deployment.environment.map(|id| Id(id.0)),
            refusal: deployment.refusal.map(RefusalView::from),
            explanation: why,
            sync: report.map(|report| report.sync.status),
            health: report.map(|report| report.health.status),
            revision: report.and_then(|report| report.sync.revisions.first().cloned()),
            observed: seen.map(|seen| Observed { at: Moment(seen.observed_at), report: seen.report }),
        };
        Self {
            id: Id(deployment.id.0),
            name: deployment.name.to_string(),
            generation: deployment.generation.0,
            state: deployment.deleting.into(),
            spec: RawDeployment::from(&deployment.spec),
            status,
            lives_in: deployment.lives_in,
            made_at: Moment(deployment.made_at),
            changed_at: Moment(deployment.changed_at),
        }
    }
}

impl From<Deployment> for DeploymentView {
    fn from(deployment: Deployment) -> Self {
        Self::of(deployment, None, None)
    }
}

impl From<DeploymentInFull> for DeploymentView {
    fn from(full: DeploymentInFull) -> Self {
        Self::of(full.deployment, full.status, Some(full.explanation))
    }
}

impl View for DeploymentView {
    fn version(&self) -> Version {
        super::super::version(self.id, self.generation)
    }
}

impl From<DeploymentItem> for ItemView {
    fn from(item: DeploymentItem) -> Self {
        let labels = item.labels.iter().map(|(key, value)| (key.to_string(), value.to_string()));
        Self {
            id: Id(item.id.0),
            name: item.name.to_string(),
            generation: item.generation.0,
            applied_generation: item.applied.0,
            refused: item.refused,
            state: item.deleting.into(),
            suspended: item.suspended,
            environment: item.environment,
            namespace: item.namespace,
            sync: item.sync,
            health: item.health,
            revision: item.revision,
            labels: labels.collect(),
            changed_at: Moment(item.changed_at),
        }
    }
}

impl From<Option<Status>> for ResourcesView {
    fn from(seen: Option<Status>) -> Self {
        let observed_at = seen.as_ref().map(|seen| Moment(seen.observed_at));
        let report = seen.map(|seen| seen.report).unwrap_or_default();
        Self { items: report.resources, total: report.counts.total, observed_at }
    }
}

impl From<Option<Status>> for HistoryView {
    fn from(seen: Option<Status>) -> Self {
        let observed_at = seen.as_ref().map(|seen| Moment(seen.observed_at));
        Self { items: seen.map(|seen| seen.report.history).unwrap_or_default(), observed_at }
    }
}
