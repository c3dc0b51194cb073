//! The house rules of `docs/ARCHITECTURE.md`, as tests that say how to fix what they found.
//!
//! A rule is a pure function from the files of the house to findings, so every rule is tried on a small bad sample
//! beside it: a rule that finds nothing any more fails. Exceptions are in `exceptions.rs` and nowhere else.

mod build;
mod doors;
mod exceptions;
mod house;
mod list;
mod manifest;
mod rule;
mod shape;
mod syntax;
mod words;
