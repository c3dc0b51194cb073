//! Deployments: what goes where.
//!
//! One transaction writes the row, its operations and those of what it needs on its engine, the audit, the counters and
//! the feed. What it depends on comes from one locking read (`argosy_deployment_before`), and one more when its
//! environment has no instance yet.

mod before;
mod delete;
mod facts;
mod full;
mod list;
mod plan;
mod put;
mod refresh;
mod row;
mod waiting;
mod write;

use domain::ids::{DeploymentId, EngineClusterId, EngineInstanceId, EnvironmentId, Generation};
use domain::intent::deployment::DeploymentSpec;
use domain::text::{Labels, Name};
use jiff::Timestamp;
use uuid::Uuid;

pub(crate) use before::{Asked, Before, read};
pub use full::DeploymentInFull;
pub use list::{DeploymentFilter, DeploymentItem};
pub(crate) use put::again;
pub(crate) use refresh::unplaced;
pub use waiting::Placed;

use crate::{Reference, Version};

/// A deployment as it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Deployment {
    /// Which.
    pub id: DeploymentId,
    /// What it is called.
    pub name: Name,
    /// How often it was changed.
    pub generation: Generation,
    /// What the engine has accepted; zero: nothing yet.
    pub applied: Generation,
    /// What the engine refused, and why; none when something has changed since.
    pub refusal: Option<(Generation, String)>,
    /// It is being taken down.
    pub deleting: bool,
    /// What was said.
    pub spec: DeploymentSpec,
    /// Where it goes. None: there is no environment of that name (yet).
    pub environment: Option<EnvironmentId>,
    /// Whether an engine serves it.
    pub standing: Standing,
    /// The object that it is made from, if it is only shown here.
    pub lives_in: Option<String>,
    /// When it was made.
    pub made_at: Timestamp,
    /// When it was last changed.
    pub changed_at: Timestamp,
}

/// Whether an engine serves a deployment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// One does.
    Placed {
        /// The cluster that hosts the instance.
        engine_cluster: EngineClusterId,
        /// Which instance.
        engine_instance: EngineInstanceId,
    },
    /// None is available. It is served as soon as one is.
    Unplaced,
    /// There is no environment to go to.
    Nowhere,
}

/// What a deployment is to be.
#[derive(Clone, Debug)]
pub struct WantedDeployment {
    /// What it is, or is to be, called.
    pub reference: Reference,
    /// What it is to be.
    pub spec: DeploymentSpec,
    /// How it came.
    pub origin: Origin,
}

/// How a deployment came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// REST.
    Rest,
    /// It is made from a Kubernetes object.
    CustomResource {
        /// The object's UID.
        id: Uuid,
        /// Where the object is.
        lives_in: String,
    },
}

/// What becomes of what was deployed when a deployment is deleted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Parting {
    /// It is deleted too.
    Prune,
    /// It stays behind, and nobody looks after it.
    Abandon,
}

impl Deployment {
    /// For conditions and tags.
    #[must_use]
    pub fn version(&self) -> Version {
        Version { id: self.id.0, generation: self.generation }
    }

    /// What lists are filtered by.
    #[must_use]
    pub fn labels(&self) -> &Labels {
        &self.spec.labels
    }
}

/// What something new is told apart by.
struct Born {
    id: DeploymentId,
    name: Name,
}

const NOUN: &str = "deployment";
