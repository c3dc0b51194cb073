//! A key and its name.

use std::fmt;
use std::str::FromStr;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use domain::secret::Secret;
use zeroize::Zeroizing;

/// As the cipher wants it.
pub(super) const SIZE: usize = 32;

const LONGEST_ID: usize = 32;

/// What a key is called: in the name of its file, and in the clear part of all that it has sealed.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct KeyId(String);

/// A text that is no name of a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the id of a key is 1 to {LONGEST_ID} of `a-z`, `0-9` and `-`, as in `2026-11`")]
pub struct InvalidKeyId;

/// A key.
pub(super) type Key = Secret<[u8; SIZE]>;

impl KeyId {
    /// As it is written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for KeyId {
    type Err = InvalidKeyId;

    fn from_str(raw: &str) -> Result<Self, InvalidKeyId> {
        let good = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        if (1..=LONGEST_ID).contains(&raw.len()) && raw.bytes().all(good) {
            Ok(Self(raw.to_owned()))
        } else {
            Err(InvalidKeyId)
        }
    }
}

impl fmt::Display for KeyId {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.0)
    }
}

/// A new key.
pub(super) fn fresh() -> Key {
    Secret::new(rand::random())
}

/// As a file holds it. None: it is not 32 bytes in base64.
pub(super) fn read(text: &str) -> Option<Key> {
    let bytes = Zeroizing::new(STANDARD.decode(text.trim_ascii()).ok()?);
    <[u8; SIZE]>::try_from(bytes.as_slice()).ok().map(Secret::new)
}

/// For a file.
pub(super) fn written(key: &Key) -> Zeroizing<String> {
    let mut text = STANDARD.encode(key.expose());
    text.push('\n');
    Zeroizing::new(text)
}
