//! Who calls: tokens of issuers, and API keys.

mod door;
mod issuers;
mod keys;
mod tenants;
mod tokens;
