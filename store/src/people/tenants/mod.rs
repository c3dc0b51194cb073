//! Tenants: the walls, and how much fits between them.

mod create;
mod delete;
mod limits;
mod list;
mod row;
mod write;

pub use create::NewTenant;
pub use delete::TenantCascade;
use domain::access::Role;
use domain::ids::{Generation, TenantId};
use domain::text::{DisplayName, Name};
use jiff::Timestamp;
pub use limits::{Limit, Limits, WantedLimits};

use crate::Version;

/// What the audit, the feed and refusals call it.
const NOUN: &str = "tenant";

/// A tenant as it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tenant {
    /// Which.
    pub id: TenantId,
    /// What it is called.
    pub name: Name,
    /// What people call it.
    pub display_name: DisplayName,
    /// How often what is said here was changed.
    pub generation: Generation,
    /// It is being taken down.
    pub deleting: bool,
    /// It was born as a namespace.
    pub of_namespace: bool,
    /// How many requests a minute each principal may make in it.
    pub request_rate: u32,
    /// How much it has and may have.
    pub limits: Limits,
    /// When it was made.
    pub made_at: Timestamp,
    /// When it was last changed.
    pub changed_at: Timestamp,
}

/// A tenant as the one who asks sees it in a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Membership {
    /// Which.
    pub tenant: TenantId,
    /// What it is called.
    pub name: Name,
    /// What people call it.
    pub display_name: DisplayName,
    /// It is being taken down.
    pub deleting: bool,
    /// What the one who asks is there; none for an operator who is no member.
    pub role: Option<Role>,
}

impl Tenant {
    /// For conditions.
    #[must_use]
    pub fn version(&self) -> Version {
        Version { id: self.id.0, generation: self.generation }
    }
}
