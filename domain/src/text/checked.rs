//! The pattern of a text with a meaning.

/// Declares a text that is made only by its check, kept and shown as it was written, and stored as a string.
///
/// `checked_text!(/// What it is. Name, check)` where `check: fn(&str) -> Result<(), Flaw>`.
macro_rules! checked_text {
    ($(#[$doc:meta])* $name:ident, $check:expr) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(String);

        impl $name {
            /// Reads it, or says what is wrong with it.
            pub fn parse(raw: &str) -> Result<Self, $crate::field::Flaw> {
                Self::try_from(raw.to_owned())
            }

            /// As it was written.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl TryFrom<String> for $name {
            type Error = $crate::field::Flaw;

            fn try_from(raw: String) -> Result<Self, $crate::field::Flaw> {
                let check: fn(&str) -> Result<(), $crate::field::Flaw> = $check;
                check(&raw)?;
                Ok(Self(raw))
            }
        }

        impl From<$name> for String {
            fn from(text: $name) -> Self {
                text.0
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                out.write_str(&self.0)
            }
        }
    };
}

pub(crate) use checked_text;
