//! The words Argo CD has for how it goes. What a later one may add is unknown to us, and no reason to stop reading.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Whether what runs is what the source says.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
pub enum SyncStatus {
    /// It is.
    Synced,
    /// It is not.
    OutOfSync,
    /// It could not be compared.
    #[default]
    #[serde(other)]
    Unknown,
}

/// How what runs is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
pub enum HealthState {
    /// Good.
    Healthy,
    /// Not there yet.
    Progressing,
    /// Bad.
    Degraded,
    /// Paused.
    Suspended,
    /// Not there.
    Missing,
    /// Nobody can say.
    #[default]
    #[serde(other)]
    Unknown,
}

/// How a sync is going.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
pub enum Phase {
    /// It is going on.
    Running,
    /// It is being stopped.
    Terminating,
    /// It has done all of it.
    Succeeded,
    /// It has not.
    Failed,
    /// It could not even be tried.
    Error,
    /// A word that we do not know.
    #[default]
    #[serde(other)]
    Unknown,
}

impl SyncStatus {
    /// As Argo CD and users write it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Synced => "Synced",
            Self::OutOfSync => "OutOfSync",
            Self::Unknown => "Unknown",
        }
    }
}

impl HealthState {
    /// As Argo CD and users write it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Healthy => "Healthy",
            Self::Progressing => "Progressing",
            Self::Degraded => "Degraded",
            Self::Suspended => "Suspended",
            Self::Missing => "Missing",
            Self::Unknown => "Unknown",
        }
    }
}

impl Phase {
    /// Whether the sync is over. While Argo CD waits to try again it is not, though it has an end time.
    #[must_use]
    pub fn completed(self) -> bool {
        match self {
            Self::Succeeded | Self::Failed | Self::Error => true,
            Self::Running | Self::Terminating | Self::Unknown => false,
        }
    }

    /// As Argo CD and users write it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Running => "Running",
            Self::Terminating => "Terminating",
            Self::Succeeded => "Succeeded",
            Self::Failed => "Failed",
            Self::Error => "Error",
            Self::Unknown => "Unknown",
        }
    }
}
