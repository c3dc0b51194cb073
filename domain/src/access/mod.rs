//! Who calls, and what they may: principals, roles, and the keys of those who are no people.
//!
//! Nothing is decided here about a request: `store` admits, and gives a proof.

mod body;
mod key;
mod principal;
mod role;

pub use body::{ApiKeySaid, LimitsSaid, RawApiKey, RawLimits, RawTenant, RawTenantChange, TenantSaid};
pub use key::{ApiKey, InvalidKey};
pub use principal::{IssuerName, Principal, PrincipalKind};
pub use role::{KeyScope, PlatformRole, Power, Role};
