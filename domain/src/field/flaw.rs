//! One mistake: first what it is, then where.

use serde::Serialize;

use super::code::Code;
use super::pointer::Pointer;

/// What is wrong with one value. Whoever knows where the value stood makes a [`FieldError`] of it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{detail}")]
pub struct Flaw {
    /// For programs.
    pub code: Code,
    /// For people: a sentence that says what to do. It never repeats the value.
    pub detail: String,
}

/// What is wrong with one field of a body.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, thiserror::Error)]
#[error("{pointer}: {detail}")]
pub struct FieldError {
    /// Where it is.
    pub pointer: Pointer,
    /// For programs.
    pub code: Code,
    /// For people: a sentence that says what to do. It never repeats the value.
    pub detail: String,
}

impl Flaw {
    /// A mistake of this kind.
    pub fn new(code: Code, detail: impl Into<String>) -> Self {
        Self { code, detail: detail.into() }
    }

    /// It is not written as such a thing is written.
    pub fn malformed(detail: impl Into<String>) -> Self {
        Self::new(Code::Malformed, detail)
    }

    /// It must be given.
    pub fn required(detail: impl Into<String>) -> Self {
        Self::new(Code::Required, detail)
    }

    /// The operator or the rules of the service forbid it.
    pub fn forbidden(detail: impl Into<String>) -> Self {
        Self::new(Code::Forbidden, detail)
    }

    /// More characters, or bytes, than there may be.
    #[must_use]
    pub fn too_long(limit: usize, unit: &str) -> Self {
        Self::new(Code::TooLong, format!("use at most {limit} {unit}"))
    }

    /// The mistake with its place.
    #[must_use]
    pub fn found_at(self, pointer: Pointer) -> FieldError {
        FieldError { pointer, code: self.code, detail: self.detail }
    }
}
