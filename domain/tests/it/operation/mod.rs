//! The laws of operations.

mod attempts;
mod claims;
mod decisions;
mod model;
mod scene;
mod terms;
mod words;
