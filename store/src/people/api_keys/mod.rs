//! API keys: made once, shown once, and only their hashes kept.

mod list;
mod make;
mod operator;
mod revoke;

use domain::access::{KeyScope, Principal, Role};
use domain::ids::{ApiKeyId, TenantId};
use domain::text::DisplayName;
use jiff::Timestamp;

pub use list::{ApiKeys, OperatorKey};
pub use make::NewApiKey;
pub use operator::NewOperatorKey;

/// What the audit, the feed and refusals call it.
const NOUN: &str = "api_key";

/// A key of a tenant as it is. What proves it is nowhere.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ApiKey {
    /// Which; it is in the key.
    pub id: ApiKeyId,
    /// Whose.
    pub tenant: TenantId,
    /// What people call it.
    pub name: DisplayName,
    /// What it may, at most.
    pub role: Role,
    /// What of that it is for.
    pub scopes: Vec<KeyScope>,
    /// The member without whom it is nothing.
    pub vouched_by: Principal,
    /// When it was made.
    pub made_at: Timestamp,
    /// Who made it.
    pub made_by: String,
    /// Until when it is good.
    pub expires_at: Option<Timestamp>,
    /// When it was last used, to the hour.
    pub last_used_at: Option<Timestamp>,
    /// Since when it is no longer good.
    pub revoked_at: Option<Timestamp>,
}
