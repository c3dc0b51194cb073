//! What programs tell field errors apart by.

use std::fmt;

use serde::Serialize;

/// What kind of mistake it is. Clients match on the names: one that is here stays as it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Code {
    /// No field has this name.
    UnknownField,
    /// A string where a number should be, and the like.
    WrongType,
    /// It must be given.
    Required,
    /// Too many characters, or bytes.
    TooLong,
    /// Too many entries.
    TooMany,
    /// A number outside of its range.
    OutOfRange,
    /// Not one of the values there are.
    UnknownValue,
    /// It is not written as such a thing is written.
    Malformed,
    /// Two fields do not go together.
    Conflict,
    /// The same twice.
    Duplicate,
    /// It names something that is not there.
    NotFound,
    /// The operator or the rules of the service forbid it.
    Forbidden,
    /// It is a thing of this kind that the service does not do.
    Unsupported,
    /// The stored secret would be sent elsewhere; it must be given anew.
    SecretRequired,
}

impl Code {
    /// As bodies carry it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::UnknownField => "unknown_field",
            Self::WrongType => "wrong_type",
            Self::Required => "required",
            Self::TooLong => "too_long",
            Self::TooMany => "too_many",
            Self::OutOfRange => "out_of_range",
            Self::UnknownValue => "unknown_value",
            Self::Malformed => "malformed",
            Self::Conflict => "conflict",
            Self::Duplicate => "duplicate",
            Self::NotFound => "not_found",
            Self::Forbidden => "forbidden",
            Self::Unsupported => "unsupported",
            Self::SecretRequired => "secret_required",
        }
    }
}

impl fmt::Display for Code {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_serialised_by_its_name() {
        for code in [Code::UnknownField, Code::OutOfRange, Code::SecretRequired, Code::Malformed] {
            assert_eq!(serde_json::to_value(code).unwrap(), code.name());
        }
    }
}
