//! Hashes by which what we wrote is compared with what is there, and a report with the one before.
//!
//! A hash of an object that holds secrets would let whoever sees it try passwords. So objects are hashed with a key that
//! an agent makes for itself when it starts and that leaves it never: such hashes mean nothing outside of the process,
//! and nothing after it. A report holds no secrets and its hash is kept in a row, so it has none.

use std::fmt;

use hmac::{Hmac, Mac};
use serde::Serialize;
use serde_json::Value;
use sha2::Sha256;

use crate::secret::Secret;

/// What objects are equal by. Two that differ have different ones, but for luck of one in 2¹²⁸.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Hash([u8; 16]);

/// With what an agent hashes objects. New for each process.
#[expect(missing_debug_implementations, reason = "it has a secret in it")]
pub struct HashKey(Secret<[u8; 32]>);

impl HashKey {
    /// From 32 random bytes.
    #[must_use]
    pub fn new(random: Secret<[u8; 32]>) -> Self {
        Self(random)
    }

    /// The hash of an object, or of a part of one. The order of members does not matter, that of entries does.
    #[must_use]
    pub fn hash(&self, value: &Value) -> Hash {
        with_key(self.0.expose(), value)
    }
}

impl Hash {
    /// The hash of what is no secret: the same in every process.
    #[must_use]
    pub fn of<T: Serialize>(value: &T) -> Self {
        let value = serde_json::to_value(value).expect("what is hashed are maps with strings for keys");
        with_key(b"argosy report", &value)
    }

    /// As rows keep it.
    #[must_use]
    pub fn to_bytes(self) -> [u8; 16] {
        self.0
    }

    /// As rows kept it.
    #[must_use]
    pub fn from_bytes(bytes: [u8; 16]) -> Self {
        Self(bytes)
    }
}

impl fmt::Display for Hash {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(out, "{byte:02x}"))
    }
}

impl fmt::Debug for Hash {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, out)
    }
}

fn with_key(key: &[u8], value: &Value) -> Hash {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("a key may have any length");
    feed(&mut mac, value);
    let mut hash = [0; 16];
    hash.copy_from_slice(&mac.finalize().into_bytes()[..16]);
    Hash(hash)
}

/// Each value with its sort and its length, so that no two values are fed alike.
fn feed(mac: &mut Hmac<Sha256>, value: &Value) {
    match value {
        Value::Null => mac.update(b"n"),
        Value::Bool(true) => mac.update(b"t"),
        Value::Bool(false) => mac.update(b"f"),
        Value::Number(number) => feed_text(mac, b"d", &number.to_string()),
        Value::String(text) => feed_text(mac, b"s", text),
        Value::Array(entries) => {
            feed_length(mac, b"a", entries.len());
            entries.iter().for_each(|entry| feed(mac, entry));
        }
        Value::Object(members) => {
            feed_length(mac, b"o", members.len());
            let mut keys: Vec<&String> = members.keys().collect();
            keys.sort_unstable();
            for key in keys {
                feed_text(mac, b"k", key);
                feed(mac, &members[key]);
            }
        }
    }
}

fn feed_text(mac: &mut Hmac<Sha256>, sort: &[u8], text: &str) {
    feed_length(mac, sort, text.len());
    mac.update(text.as_bytes());
}

fn feed_length(mac: &mut Hmac<Sha256>, sort: &[u8], length: usize) {
    mac.update(sort);
    mac.update(&(length as u64).to_be_bytes());
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn key(byte: u8) -> HashKey {
        HashKey::new(Secret::new([byte; 32]))
    }

    #[test]
    fn what_differs_has_another_hash() {
        let values = [
            json!(null),
            json!(false),
            json!(true),
            json!(0),
            json!(1),
            json!("1"),
            json!(""),
            json!([]),
            json!({}),
            json!([1]),
            json!([[1]]),
            json!([[], []]),
            json!(["a", "b"]),
            json!(["b", "a"]),
            json!(["ab"]),
            json!({"a": "b"}),
            json!({"a": null}),
            json!({"a": {"b": 1}}),
            json!({"a": {}, "b": 1}),
        ];
        let hashes: std::collections::BTreeSet<Hash> =
            values.iter().map(|value| key(1).hash(value)).collect();
        assert_eq!(hashes.len(), values.len());
    }

    #[test]
    fn the_order_of_members_does_not_matter() {
        let (left, right) = (json!({"a": 1, "b": {"c": 2, "d": 3}}), json!({"b": {"d": 3, "c": 2}, "a": 1}));
        assert_eq!(key(1).hash(&left), key(1).hash(&right));
    }

    #[test]
    fn a_hash_of_an_object_means_nothing_to_another_process() {
        assert_ne!(key(1).hash(&json!("password")), key(2).hash(&json!("password")));
    }

    #[test]
    fn the_hash_of_a_report_is_the_same_in_every_process() {
        assert_eq!(Hash::of(&json!({"sync": "Synced"})).to_string(), "2acc5c4dbc73aba4759213b4e23c2715");
    }
}
