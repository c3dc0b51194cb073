//! Who calls: tokens of the operator's issuers, and API keys.
//!
//! Called by the doors, once a request, with its `Authorization` header; answers a [`Caller`], or why there is none. What
//! the caller may is `Store::admit`'s to say. The only calls out are to the issuers, by one task ([`Authenticator::tend`])
//! and never by a request.

mod args;
mod authenticator;
mod denied;
mod issuer;
mod keys;
mod new_key;
mod remembered;
mod token;

pub use args::Args;
pub use authenticator::Authenticator;
pub use denied::Denied;
pub use new_key::{NewKey, create_operator_key, hash};
pub use store::{Access, Admitted, Caller, TenantRef};
