//! What the rows say about an engine object: the store reads it, `reconcile` acts on it.

use crate::ids::{
    CredentialId, DeploymentId, EngineClusterId, EngineInstanceId, EnvironmentId, SyncRunId, TenantId,
};
use crate::intent::deployment::{DeploymentSpec, Destination};
use crate::intent::environment::{EnvironmentSecret, EnvironmentSpec, Reach};
use crate::intent::repository_credential::{CredentialSecret, RepositoryCredentialSpec};
use crate::intent::repository_url::RepositoryUrl;
use crate::intent::sync_run::SyncRunSpec;
use crate::operation::{Generation, ResourceId};
use crate::text::{Name, Namespace};

/// Where an engine object lives.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Seat {
    /// The cluster that hosts the instance.
    pub cluster: EngineClusterId,
    /// The instance.
    pub instance: EngineInstanceId,
    /// Its namespace.
    pub namespace: String,
}

/// Whether a thing is wished for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Life {
    /// It is.
    Active,
    /// It is being taken down, and never comes back.
    Deleting,
}

/// What becomes of what a deployment deployed when the deployment is taken down.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Prune {
    /// It goes too.
    Cascade,
    /// It stays.
    Abandon,
}

/// What a deployment's `Application` needs on its instance before it may be written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Readiness {
    /// The tenant's project is there, in a generation that allows this deployment.
    pub project: bool,
    /// The environment's cluster Secret is there.
    pub cluster_secret: bool,
    /// The environment's check has passed once.
    pub checked: bool,
}

/// A tenant on one instance: its `AppProject`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TenantFacts {
    /// Where.
    pub seat: Seat,
    /// The seat's row.
    pub id: ResourceId,
    /// Whose.
    pub tenant: TenantId,
    /// Of the seat's row.
    pub generation: Generation,
    /// Of the seat's row.
    pub life: Life,
    /// What its deployments on this instance read from.
    pub repositories: Vec<RepositoryUrl>,
    /// Where they go, in the order of creation.
    pub environments: Vec<(EnvironmentId, Reach)>,
}

/// An environment: its cluster Secret.
#[expect(missing_debug_implementations, reason = "it has a secret in it")]
pub struct EnvironmentFacts {
    /// Where. None: it is placed nowhere.
    pub seat: Option<Seat>,
    /// Whose.
    pub tenant: TenantId,
    /// Which.
    pub id: EnvironmentId,
    /// What people call it.
    pub name: Name,
    /// Of its row.
    pub generation: Generation,
    /// Of its row.
    pub life: Life,
    /// What it is.
    pub spec: EnvironmentSpec,
    /// What we show its API server. None: it cannot be unsealed, or none was given.
    pub secret: Option<EnvironmentSecret>,
    /// Its check has passed once.
    pub passed_once: bool,
    /// A deployment goes there.
    pub in_use: bool,
}

/// A repository credential on one instance: its repository Secrets.
#[expect(missing_debug_implementations, reason = "it has a secret in it")]
pub struct CredentialFacts {
    /// Where.
    pub seat: Seat,
    /// The seat's row.
    pub id: ResourceId,
    /// Whose.
    pub tenant: TenantId,
    /// Which.
    pub credential: CredentialId,
    /// Of the seat's row.
    pub generation: Generation,
    /// Of the seat's row.
    pub life: Life,
    /// What it is.
    pub spec: RepositoryCredentialSpec,
    /// What logs in. None: it cannot be unsealed, or none was given.
    pub secret: Option<CredentialSecret>,
    /// The addresses in use that it fits best.
    pub urls: Vec<RepositoryUrl>,
}

/// A deployment: its `Application`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeploymentFacts {
    /// Where.
    pub seat: Seat,
    /// Whose.
    pub tenant: TenantId,
    /// Which.
    pub id: DeploymentId,
    /// What people call it.
    pub name: Name,
    /// Of its row.
    pub generation: Generation,
    /// Of its row.
    pub life: Life,
    /// What it is.
    pub spec: DeploymentSpec,
    /// Where it goes.
    pub environment: EnvironmentId,
    /// The namespace there, see [`namespace_of`].
    pub namespace: Namespace,
    /// What it needs.
    pub ready: Readiness,
    /// When it is taken down.
    pub prune: Prune,
}

/// One requested sync of a deployment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SyncRunFacts {
    /// Where.
    pub seat: Seat,
    /// Whose.
    pub tenant: TenantId,
    /// Which.
    pub run: SyncRunId,
    /// Of what.
    pub deployment: DeploymentId,
    /// What is to be synced, and how.
    pub spec: SyncRunSpec,
    /// Of its row.
    pub life: Life,
}

impl Readiness {
    /// All of it is there.
    pub const READY: Self = Self { project: true, cluster_secret: true, checked: true };

    /// What is missing, in words that follow "it waits for". None: nothing.
    #[must_use]
    pub fn missing(self) -> Option<&'static str> {
        if !self.checked {
            return Some("the first successful check of its environment");
        }
        if !self.cluster_secret {
            return Some("its environment to be known to the engine");
        }
        (!self.project).then_some("its tenant to be known to the engine")
    }
}

/// The namespace that a deployment goes to. None: it goes to the tenant's own namespace, and this environment is none.
#[must_use]
pub fn namespace_of(destination: &Destination, environment: &Reach) -> Option<Namespace> {
    match (destination, environment) {
        (Destination::Environment { namespace, .. }, _) => Some(namespace.clone()),
        (Destination::Implicit, Reach::Namespaces { names, .. }) if names.len() == 1 => {
            names.first().cloned()
        }
        (Destination::Implicit, Reach::Namespaces { .. } | Reach::Cluster) => None,
    }
}
