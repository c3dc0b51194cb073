//! A deployment: which sources go to which environment, and by whose hand.
//!
//! [`RawDeployment`] is what a body may say, [`DeploymentSpec`] what it means. What a body
//! leaves out means what it means to the reference service (`docs/users/`): automated deployments prune, heal
//! themselves and retry for ever; manual ones are synced by runs only.

mod body;
mod destination;
mod difference;
mod parse;
mod policy;
mod retry;
mod sync_option;

use serde::{Deserialize, Serialize};

pub use body::{RawBackoff, RawDeployment, RawDestination, RawDifference, RawMode, RawPolicy, RawRetry};
pub use destination::Destination;
pub use difference::{ApiGroup, Difference, FieldOwner, JsonPointer, Kind};
pub use parse::parse;
pub use policy::Policy;
pub use retry::{Attempts, Backoff, Retry};
pub use sync_option::{Propagation, SyncOption, SyncOptions};

use super::source::Source;
use crate::text::Labels;

/// What a tenant wants to be deployed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DeploymentSpec {
    /// From where; at least one.
    pub sources: Vec<Source>,
    /// To where.
    pub destination: Destination,
    /// By whose hand.
    pub policy: Policy,
    /// Nothing is synced until it is no more, neither by itself nor by runs.
    pub suspended: bool,
    /// How a sync is done.
    pub sync_options: SyncOptions,
    /// How often a failed sync is tried again. None: as the policy has it, [`DeploymentSpec::retry`].
    pub retry: Option<Retry>,
    /// What may differ between source and cluster.
    pub ignore_differences: Vec<Difference>,
    /// How many former syncs are remembered, to go back to.
    pub revision_history_limit: u8,
    /// What lists are filtered by.
    pub labels: Labels,
}

impl DeploymentSpec {
    /// How often a failed sync is tried again.
    #[must_use]
    pub fn retry(&self) -> Retry {
        self.retry.unwrap_or_else(|| Retry::of(&self.policy))
    }

    /// The sync options that engines are told, with what the policy adds.
    #[must_use]
    pub fn engine_sync_options(&self) -> Vec<String> {
        self.sync_options.on_engine(&self.policy)
    }
}
