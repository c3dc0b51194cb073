//! How rows keep a specification.
//!
//! With a version, and without refusing fields that are not known: an older program reads what a newer one wrote as long
//! as the version is the same. What means something else is another version. Rows go through the same checks as bodies,
//! so a check that becomes stricter needs a new version, whose reader mends the old one.

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// A specification with the version of its form.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "version")]
pub enum Stored<T> {
    /// The first.
    #[serde(rename = "v1")]
    V1(T),
}

/// A row that this program cannot read: a newer one wrote it. Who claims operations leaves those of such rows alone.
#[derive(Debug, thiserror::Error)]
#[error("a stored specification cannot be read: {0}")]
pub struct UnreadableSpec(String);

impl<T: Serialize + DeserializeOwned> Stored<T> {
    /// What a row keeps.
    pub fn of(spec: &T) -> Value {
        serde_json::to_value(Stored::V1(spec)).expect("specifications are maps with strings for keys")
    }

    /// What a row kept.
    pub fn read(row: Value) -> Result<T, UnreadableSpec> {
        let stored: Self = serde_json::from_value(row).map_err(|error| UnreadableSpec(error.to_string()))?;
        match stored {
            Self::V1(spec) => Ok(spec),
        }
    }
}
