//! Members: who may do what in a tenant.
//!
//! All changes of a tenant's members, and of the keys that stand on them, take the lock of the tenant's row first and look
//! afterwards, with a snapshot that is younger than the lock: so two owners that remove each other are one after the
//! other, and the second one is refused.

mod list;
mod platform;
mod put;
mod remove;
mod scene;

use domain::access::{Principal, Role};
use domain::ids::{Generation, TenantId};
use jiff::Timestamp;
use uuid::Uuid;

pub use platform::PlatformMember;

use crate::Version;

/// What the audit, the feed and refusals call it.
const NOUN: &str = "member";

/// A member as it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Member {
    /// Who.
    pub principal: Principal,
    /// What they may.
    pub role: Role,
    /// How often that was changed.
    pub generation: Generation,
    /// Since when.
    pub made_at: Timestamp,
    /// Who said so first.
    pub made_by: String,
    /// When it was last changed.
    pub changed_at: Timestamp,
}

/// A page of members, by principal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Members {
    /// What is on it.
    pub items: Vec<Member>,
    /// Behind whom the next one begins. None: this is the last.
    pub next: Option<Principal>,
}

impl Member {
    /// The id of a membership, which is its tenant and its principal and nothing else.
    #[must_use]
    pub fn id(tenant: TenantId, principal: &Principal) -> Uuid {
        Uuid::new_v5(&tenant.0, principal.as_str().as_bytes())
    }

    /// For conditions.
    #[must_use]
    pub fn version(&self, tenant: TenantId) -> Version {
        Version { id: Self::id(tenant, &self.principal), generation: self.generation }
    }
}
