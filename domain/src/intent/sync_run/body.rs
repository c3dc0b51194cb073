//! What a body may say about a sync run.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Strategy;

/// One sync of a deployment. An empty one syncs all of it, as it is declared.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RawSyncRun {
    /// Another revision than the deployment's: a branch, a tag, a commit, or a version of a chart. Only for a deployment
    /// with one source that does not sync by itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub revision: Option<String>,
    /// The same for a deployment with several sources: one for each, in their order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub revisions: Vec<String>,
    /// Only these resources; all if it is absent. Hooks do not run then.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub resources: Vec<RawSelection>,
    /// Remove what is no longer in the source. If it is absent: as the deployment's policy has it; not if that is `manual`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub prune: Option<bool>,
    /// Change nothing, and say whether it would do.
    #[serde(default)]
    pub dry_run: bool,
    /// Delete and make anew what cannot be changed.
    #[serde(default)]
    pub force: bool,
    /// `hook` if it is absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub strategy: Option<RawStrategy>,
}

/// One resource of a deployment.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RawSelection {
    /// API group; the core group if it is absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub group: Option<String>,
    /// Kind.
    pub kind: String,
    /// Name.
    pub name: String,
    /// Namespace; whichever if it is absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub namespace: Option<String>,
}

/// With which means a run syncs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum RawStrategy {
    /// Resources are applied, and hooks run before and after.
    Hook,
    /// Resources are applied, and nothing else.
    Apply,
}

impl From<RawStrategy> for Strategy {
    fn from(raw: RawStrategy) -> Self {
        match raw {
            RawStrategy::Hook => Self::Hook,
            RawStrategy::Apply => Self::Apply,
        }
    }
}
