//! Tenants and who may do what in them; and the record of what was done.

pub mod access;
pub mod api_keys;
pub mod audit;
pub mod members;
pub mod tenants;
