//! What an operation is about, and the lane it runs in.

use std::fmt;

use super::id::ResourceId;
use super::kind::{Kind, Thing};

/// Operations of one kind for one resource are of one subject, and may become one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Subject {
    kind: Kind,
    resource: ResourceId,
    /// Whose engine object is written: the resource itself, or a run's deployment.
    owner: ResourceId,
}

/// One engine object. At most one operation at a time is at the head of a lane, and only the head runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Lane {
    /// What sort of object.
    pub track: Track,
    /// The row the object is named after.
    pub owner: ResourceId,
}

/// What sort of object a lane stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Track {
    /// An `AppProject`.
    Project,
    /// A cluster Secret.
    ClusterSecret,
    /// A repository Secret.
    RepositorySecret,
    /// An `Application`: apply, take-down, refresh and the start of syncs.
    Application,
    /// Stopping a sync. Not in the `Application`'s lane: it must never wait behind what it is to stop.
    Termination,
    /// Asking an environment's API server. It writes no engine object, so it neither waits for one nor holds one up.
    ConnectionCheck,
}

impl Subject {
    /// Make the engine object of a thing say what its row says.
    #[must_use]
    pub fn apply(thing: Thing, resource: ResourceId) -> Self {
        Self { kind: Kind::Apply(thing), resource, owner: resource }
    }

    /// Remove the engine object of a thing.
    #[must_use]
    pub fn take_down(thing: Thing, resource: ResourceId) -> Self {
        Self { kind: Kind::TakeDown(thing), resource, owner: resource }
    }

    /// Ask the API server of an environment.
    #[must_use]
    pub fn connection_check(environment: ResourceId) -> Self {
        Self { kind: Kind::ConnectionCheck, resource: environment, owner: environment }
    }

    /// Start a run of a deployment.
    #[must_use]
    pub fn sync_run(run: ResourceId, deployment: ResourceId) -> Self {
        Self { kind: Kind::SyncRun, resource: run, owner: deployment }
    }

    /// Stop a run of a deployment.
    #[must_use]
    pub fn termination(run: ResourceId, deployment: ResourceId) -> Self {
        Self { kind: Kind::Termination, resource: run, owner: deployment }
    }

    /// Have a deployment compared again.
    #[must_use]
    pub fn refresh(deployment: ResourceId) -> Self {
        Self { kind: Kind::Refresh, resource: deployment, owner: deployment }
    }

    /// What is to be brought about.
    #[must_use]
    pub fn kind(self) -> Kind {
        self.kind
    }

    /// The row that wishes it.
    #[must_use]
    pub fn resource(self) -> ResourceId {
        self.resource
    }

    /// Where it has to queue.
    #[must_use]
    pub fn lane(self) -> Lane {
        let track = match self.kind {
            Kind::Apply(thing) | Kind::TakeDown(thing) => match thing {
                Thing::Tenant => Track::Project,
                Thing::Environment => Track::ClusterSecret,
                Thing::RepositoryCredential => Track::RepositorySecret,
                Thing::Deployment => Track::Application,
            },
            Kind::SyncRun | Kind::Refresh => Track::Application,
            Kind::Termination => Track::Termination,
            Kind::ConnectionCheck => Track::ConnectionCheck,
        };
        Lane { track, owner: self.owner }
    }
}

impl Track {
    /// How rows call it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Project => "project",
            Self::ClusterSecret => "cluster_secret",
            Self::RepositorySecret => "repository_secret",
            Self::Application => "application",
            Self::Termination => "termination",
            Self::ConnectionCheck => "connection_check",
        }
    }
}

/// As the column `lane` holds it.
impl fmt::Display for Lane {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}/{}", self.track.name(), self.owner)
    }
}
