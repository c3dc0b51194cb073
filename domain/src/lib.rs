//! The words and the laws of Argosy.
//!
//! Everything here is pure: no clock, no I/O, no tokio, no randomness. All other rooms use it; it uses none of them.
//! What is parsed here is parsed once: inside, no bare string has a meaning.

pub mod access;
pub mod egress;
pub mod engine;
pub mod field;
pub mod ids;
pub mod intent;
pub mod operation;
pub mod secret;
pub mod text;

pub use secret::{InvalidUrl, SecretUrl};
