//! Being connected: settings, transactions and their scopes, errors, the doorbell.
//!
//! Everything else in this crate stands on it; it knows nothing of what the rows mean.

pub(crate) mod args;
pub(crate) mod doorbell;
pub(crate) mod error;
pub(crate) mod schema;
pub(crate) mod scope;
pub(crate) mod session;
pub(crate) mod tx;
