//! A row of `deployments`, as JSON brings it, and the truth it stands for.

use domain::ids::{DeploymentId, EngineClusterId, EngineInstanceId, EnvironmentId, Generation};
use domain::intent::Stored;
use domain::intent::deployment::DeploymentSpec;
use domain::text::Name;
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::Value;

use super::{Deployment, Standing};
use crate::{Error, Result};

/// As `to_jsonb` writes it.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Row {
    pub(crate) id: DeploymentId,
    name: Name,
    environment_id: Option<EnvironmentId>,
    generation: Generation,
    applied_generation: Generation,
    refused_generation: Generation,
    refusal: Option<String>,
    state: String,
    prune: String,
    pub(super) withheld: bool,
    pub(super) project_generation: Generation,
    /// How many runs it has had.
    pub(crate) sync_runs: u64,
    spec: Value,
    lives_in: Option<String>,
    made_at: Timestamp,
    changed_at: Timestamp,
}

/// Where the environment of a row is served.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Where {
    pub(crate) engine_cluster: Option<EngineClusterId>,
    pub(crate) engine_instance: Option<EngineInstanceId>,
}

/// Reads `to_jsonb(d)`.
pub(crate) fn read(row: Value) -> Result<Row> {
    serde_json::from_value(row).map_err(|_| Error::unreadable("a deployment"))
}

impl Row {
    /// What was deployed stays behind.
    pub(super) fn abandoned(&self) -> bool {
        self.prune == "abandon"
    }

    pub(crate) fn spec(&self) -> Result<DeploymentSpec> {
        Stored::read(self.spec.clone()).map_err(|_| Error::unreadable("a deployment's specification"))
    }

    pub(crate) fn deployment(self, at: Where) -> Result<Deployment> {
        let spec = self.spec()?;
        let standing = match (self.environment_id, at.engine_cluster, at.engine_instance) {
            (None, _, _) => Standing::Nowhere,
            (Some(_), Some(engine_cluster), Some(engine_instance)) if !self.withheld => {
                Standing::Placed { engine_cluster, engine_instance }
            }
            (Some(_), _, _) => Standing::Unplaced,
        };
        let refused = self.refused_generation;
        Ok(Deployment {
            id: self.id,
            name: self.name,
            generation: self.generation,
            applied: self.applied_generation,
            refusal: self.refusal.filter(|_| refused.0 > 0).map(|why| (refused, why)),
            deleting: self.state != "active",
            spec,
            environment: self.environment_id,
            standing,
            lives_in: self.lives_in,
            made_at: self.made_at,
            changed_at: self.changed_at,
        })
    }
}
