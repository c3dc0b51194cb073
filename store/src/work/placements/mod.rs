//! Which engine serves what, and what it has to hold for that: placements, seats, and the private repositories that only
//! one tenant may name on a repo-server.
//!
//! A seat is a tenant's project, or a credential's Secrets, on one instance. It says what it must allow; whoever needs
//! more makes it larger in the transaction of the need, and it shrinks when the last need is gone.

mod claims;
mod facts;
mod open;
mod removal;
mod seats;
mod shown;

use domain::ids::{EngineClusterId, EngineInstanceId};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

pub(crate) use claims::{Claim, Contested, Credential, HELD, Named, stand};
pub(crate) use removal::after_removal;
pub(crate) use seats::{Needs, SeatRow, Seats};
pub use shown::{PlacementShown, PrivateUrl};

/// An instance that serves an environment.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub(crate) struct Spot {
    pub(crate) engine_instance: EngineInstanceId,
    pub(crate) engine_cluster: EngineClusterId,
    pub(crate) repo_server: String,
}

/// A row of `placements` that is to be written.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct PlacementWrite {
    pub(crate) tenant_id: Uuid,
    pub(crate) environment_id: Uuid,
    pub(crate) engine_instance_id: Option<Uuid>,
    /// For operators.
    pub(crate) reason: String,
}
