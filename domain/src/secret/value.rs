//! A value that nobody sees by accident.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer};
use zeroize::{Zeroize, ZeroizeOnDrop};

/// A value that is not shown, not copied by accident, and overwritten when it is dropped.
#[expect(missing_debug_implementations, reason = "what can be printed will be printed")]
pub struct Secret<T: Zeroize = String>(T);

impl<T: Zeroize> Secret<T> {
    /// From now on it is one.
    pub fn new(value: T) -> Self {
        Self(value)
    }

    /// The value, for the one who seals it or sends it where it belongs.
    pub fn expose(&self) -> &T {
        &self.0
    }
}

impl<T: Zeroize> Drop for Secret<T> {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}

impl<T: Zeroize> ZeroizeOnDrop for Secret<T> {}

/// Bodies bring secrets. They are read after [`crate::field::Shape`] has seen a string there, so serde's own errors,
/// which repeat values, are never made.
impl<'de, T: Zeroize + Deserialize<'de>> Deserialize<'de> for Secret<T> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        T::deserialize(from).map(Self)
    }
}

impl JsonSchema for Secret<String> {
    fn schema_name() -> Cow<'static, str> {
        "Secret".into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({"type": "string", "format": "password", "writeOnly": true})
    }
}

#[cfg(test)]
mod tests {
    use std::fmt::{Debug, Display};

    use serde::Serialize;
    use static_assertions::{assert_impl_all, assert_not_impl_any};

    use super::*;

    assert_not_impl_any!(Secret<String>: Debug, Display, Serialize, Clone, PartialEq, AsRef<str>, Into<String>);
    assert_not_impl_any!(Secret<Vec<u8>>: Debug, Display, Serialize, Clone, PartialEq, AsRef<[u8]>, Into<Vec<u8>>);
    assert_impl_all!(Secret<String>: Send, Sync, ZeroizeOnDrop);

    /// Remembers that it was overwritten.
    struct Slate<'a>(&'a std::cell::Cell<bool>);

    impl Zeroize for Slate<'_> {
        fn zeroize(&mut self) {
            self.0.set(true);
        }
    }

    #[test]
    fn a_secret_is_overwritten_when_it_is_dropped() {
        let wiped = std::cell::Cell::new(false);
        let secret = Secret::new(Slate(&wiped));
        assert!(!secret.expose().0.get());
        drop(secret);
        assert!(wiped.get());
    }
}
