//! What engines say of deployments: who mirrors it, how it is written, and how it is read.
//!
//! The agent that mirrors an engine cluster writes here; the backend reads. Nothing here drives anything: a status is
//! what was seen, never what is wished.

mod followed;
mod leaving;
mod mirror;
mod read;
mod write;

use domain::engine::hash::Hash;
use domain::engine::observed::Report;
use domain::ids::{DeploymentId, TenantId};

pub use followed::Followed;
pub use leaving::Leaving;
pub use mirror::Mirror;
pub use read::{Status, Written};
pub use write::Reported;

/// What was seen of one deployment's Application.
#[derive(Clone, Debug)]
pub struct Sighting {
    /// Which deployment, as the Application's labels say.
    pub deployment: DeploymentId,
    /// Whose, likewise. A row of another tenant is not touched, whatever a label says.
    pub tenant: TenantId,
    /// What we keep of it.
    pub report: Report,
    /// Of the report.
    pub hash: Hash,
}
