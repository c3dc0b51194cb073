//! What programs tell explanations apart by.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What stands in the way, or that nothing does. Clients match on the names: one that is here stays as it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Code {
    /// What runs is what the source says, and it is well.
    Synced,
    /// It is on its way out.
    TakingDown,
    /// It is on its way out, and something holds it.
    TakeDownHeld,
    /// No engine can serve it.
    Unplaced,
    /// It will not be done until something changes.
    Refused,
    /// The environment was not checked yet.
    EnvironmentUnchecked,
    /// The environment's check failed.
    EnvironmentCheckFailed,
    /// Something else comes first.
    WaitingForTurn,
    /// Nobody has taken it yet.
    WaitingForAgent,
    /// An agent is at it.
    BeingApplied,
    /// An agent tried, and tries again.
    Obstructed,
    /// The engine has it, and has not looked at it yet.
    NotComparedYet,
    /// Something on the engine itself is not as it should be, and is put right by itself or by the operator.
    EngineFault,
    /// The engine finds the deployment wrong.
    InvalidSpec,
    /// The repository is not there, or not for these credentials.
    RepositoryNotFound,
    /// The repository wants other credentials.
    RepositoryAuthentication,
    /// The repository's host is not known by its key or certificate.
    RepositoryHostUnknown,
    /// The repository does not answer.
    RepositoryUnreachable,
    /// The branch, tag, commit or version is not there.
    RevisionNotFound,
    /// The folder is not there.
    PathNotFound,
    /// The source does not become manifests.
    ManifestError,
    /// The environment does not answer.
    EnvironmentUnreachable,
    /// The environment knows the token no more.
    EnvironmentAuthentication,
    /// The environment does not let the token.
    EnvironmentPermission,
    /// Source and environment could not be compared, for another reason.
    ComparisonError,
    /// A sync is going on.
    Syncing,
    /// A sync failed and is tried again.
    SyncRetrying,
    /// The last sync failed.
    SyncFailed,
    /// It is suspended.
    Suspended,
    /// What runs is not what the source says.
    OutOfSync,
    /// Something that runs is ill.
    Degraded,
    /// Something that should be there is not.
    Missing,
    /// What runs is not there yet.
    Progressing,
    /// What runs is paused.
    Paused,
    /// Nobody can say.
    Unknown,
}
