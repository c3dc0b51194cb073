//! Tenants, who may do what in them, and the walls between them.

mod admission;
mod api_keys;
mod audit;
mod idempotency;
mod ledger;
mod members;
mod people;
mod retention;
mod tenants;
mod walls;
mod wire;
