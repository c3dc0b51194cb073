//! What operations there are.

use std::fmt;
use std::str::FromStr;

/// What has an object on an engine that can be written and taken down.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Thing {
    /// A tenant on an instance: its `AppProject`.
    Tenant,
    /// An environment: its cluster Secret.
    Environment,
    /// A repository credential on an instance: its repository Secret.
    RepositoryCredential,
    /// A deployment: its `Application`.
    Deployment,
}

/// What an operation is to bring about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// Make the object on the engine say what the row says.
    Apply(Thing),
    /// Remove the object from the engine. A thing that is being taken down never comes back: who makes it again makes
    /// another thing.
    TakeDown(Thing),
    /// Ask an environment's API server who we are there and what we may.
    ConnectionCheck,
    /// Start one sync of a deployment.
    SyncRun,
    /// Stop a sync that runs.
    Termination,
    /// Make Argo CD compare a deployment with its source again.
    Refresh,
}

impl Thing {
    const ALL: [Self; 4] = [Self::Tenant, Self::Environment, Self::RepositoryCredential, Self::Deployment];
}

impl Kind {
    /// Every kind, for tables and tests.
    pub fn all() -> impl Iterator<Item = Self> {
        let things = Thing::ALL.into_iter().flat_map(|thing| [Self::Apply(thing), Self::TakeDown(thing)]);
        things.chain([Self::ConnectionCheck, Self::SyncRun, Self::Termination, Self::Refresh])
    }

    /// How rows, metrics and the API call it. Agents leave what they cannot parse unclaimed.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Apply(Thing::Tenant) => "tenant",
            Self::Apply(Thing::Environment) => "environment",
            Self::Apply(Thing::RepositoryCredential) => "repository_credential",
            Self::Apply(Thing::Deployment) => "deployment",
            Self::TakeDown(Thing::Tenant) => "tenant_take_down",
            Self::TakeDown(Thing::Environment) => "environment_take_down",
            Self::TakeDown(Thing::RepositoryCredential) => "repository_credential_take_down",
            Self::TakeDown(Thing::Deployment) => "deployment_take_down",
            Self::ConnectionCheck => "connection_check",
            Self::SyncRun => "sync_run",
            Self::Termination => "termination",
            Self::Refresh => "refresh",
        }
    }

    /// Whether two wishes of this kind for one resource may become one operation. Every sync run is one of its own.
    #[must_use]
    pub fn coalesces(self) -> bool {
        match self {
            Self::Apply(_)
            | Self::TakeDown(_)
            | Self::ConnectionCheck
            | Self::Termination
            | Self::Refresh => true,
            Self::SyncRun => false,
        }
    }

    /// Whether the rows go on asking for it when the operation is gone, so that the sweep finds it again. Taking such
    /// an operation away does not take the wish away.
    #[must_use]
    pub fn owed_by_rows(self) -> bool {
        match self {
            Self::Apply(_) | Self::TakeDown(_) | Self::ConnectionCheck | Self::Refresh => true,
            Self::SyncRun | Self::Termination => false,
        }
    }

    /// Whether an operation of this kind makes those of another kind in its lane pointless: what is taken down needs
    /// no other write.
    #[must_use]
    pub fn ends_all_others(self) -> bool {
        match self {
            Self::TakeDown(_) => true,
            Self::Apply(_) | Self::ConnectionCheck | Self::SyncRun | Self::Termination | Self::Refresh => {
                false
            }
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.name())
    }
}

/// A kind this program does not know: a newer one made it, and a newer one will do it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no operation of this version is called `{0}`")]
pub struct UnknownKind(String);

impl FromStr for Kind {
    type Err = UnknownKind;

    fn from_str(raw: &str) -> Result<Self, UnknownKind> {
        Self::all().find(|kind| kind.name() == raw).ok_or_else(|| UnknownKind(raw.to_owned()))
    }
}
