//! What is wrong with a body, field by field, all of it at once.
//!
//! Two steps, which both front doors share: [`Shape`] compares a body with the JSON Schema of what is expected
//! (structure), then the `parse` of each noun says what the values mean ([`Errors`] collects). A detail says what to do
//! and never repeats a value: it may be a secret.

mod code;
mod errors;
mod flaw;
mod pointer;
mod shape;
mod suggestion;

pub use code::Code;
pub use errors::Errors;
pub use flaw::{FieldError, Flaw};
pub use pointer::Pointer;
pub use shape::Shape;
