//! What a body may say about a deployment.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::intent::source::RawSource;

/// What goes where.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RawDeployment {
    /// Where the manifests come from.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source: Option<RawSource>,
    /// Where the manifests come from, if from several sources. Give either `source` or `sources`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sources: Option<Vec<RawSource>>,
    /// Where they go. A tenant that is a namespace may leave it out: then it is that namespace.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub destination: Option<RawDestination>,
    /// Whether changes are synced by themselves.
    pub policy: RawPolicy,
    /// Sync nothing for now.
    #[serde(default)]
    pub suspended: bool,
    /// How a sync is done, as `Name=value`: `CreateNamespace=true`, `ServerSideApply=true`.
    #[serde(default)]
    pub sync_options: Vec<String>,
    /// How often a failed sync is tried again.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub retry: Option<RawRetry>,
    /// What may differ between source and cluster.
    #[serde(default)]
    pub ignore_differences: Vec<RawDifference>,
    /// How many former syncs are remembered, to go back to: 0 to 20, and 10 if it is absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub revision_history_limit: Option<i64>,
    /// Labels that lists are filtered by.
    #[serde(default)]
    pub labels: BTreeMap<String, String>,
}

/// Where manifests go.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RawDestination {
    /// Name of an environment of the tenant.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub environment: Option<String>,
    /// The namespace for what does not name one itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub namespace: Option<String>,
}

/// Whether changes are synced by themselves.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RawPolicy {
    /// `automated` or `manual`.
    pub mode: RawMode,
    /// Remove what is no longer in the source. Only with `automated`; true if it is absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub prune: Option<bool>,
    /// Undo what others change in the cluster. Only with `automated`; true if it is absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub self_heal: Option<bool>,
    /// Prune even if the source has become empty. Only with `automated`; true if it is absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub allow_empty: Option<bool>,
}

/// By whose hand.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum RawMode {
    /// Every change of the source is synced.
    Automated,
    /// Only sync runs sync.
    Manual,
}

/// How often a failed sync is tried again.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RawRetry {
    /// How often; -1 is for ever. If it is absent: for ever with `automated`, never with `manual`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limit: Option<i64>,
    /// How long to wait in between.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub backoff: Option<RawBackoff>,
}

/// How long to wait before the next try.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RawBackoff {
    /// Before the first: `5s` if it is absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub duration: Option<String>,
    /// How much longer each time: 2 if it is absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub factor: Option<i64>,
    /// But never longer than this: `3m` if it is absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_duration: Option<String>,
}

/// What may differ between source and cluster.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RawDifference {
    /// API group of the objects; the core group if it is absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub group: Option<String>,
    /// Kind of the objects.
    pub kind: String,
    /// Only the object of this name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Only objects in this namespace.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub namespace: Option<String>,
    /// Which fields, as JSON pointers: `/spec/replicas`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub json_pointers: Vec<String>,
    /// Fields that these field managers own.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub managed_fields_managers: Vec<String>,
}
