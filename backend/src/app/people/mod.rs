//! Who may do what: admissions, tenants, members, API keys; and the record of what was done.

pub(crate) mod admission;
pub(crate) mod api_keys;
pub(crate) mod audit;
pub(crate) mod members;
pub(crate) mod tenants;
