//! What stands around a sealed value.
//!
//! `version (1 byte) | length of the key's id (1) | the key's id | nonce (12) | ciphertext and tag`. The column
//! `secret_key` of each table with sealed values is computed from it: a change here is a new version, and a migration.

use super::key::KeyId;

const VERSION: u8 = 1;
/// Of AES-GCM-SIV.
pub(super) const NONCE: usize = 12;

/// A sealed value, taken apart.
pub(super) struct Envelope<'a> {
    pub(super) key: KeyId,
    pub(super) nonce: [u8; NONCE],
    pub(super) ciphertext: &'a [u8],
    /// Version and key: they are vouched for too.
    pub(super) head: &'a [u8],
}

/// What comes before the nonce.
pub(super) fn head(key: &KeyId) -> Vec<u8> {
    let id = key.as_str().as_bytes();
    let length = u8::try_from(id.len()).expect("the id of a key is short");
    [&[VERSION, length], id].concat()
}

impl<'a> Envelope<'a> {
    /// None: this program did not make it.
    pub(super) fn read(sealed: &'a [u8]) -> Option<Self> {
        let (&[VERSION, length], rest) = sealed.split_first_chunk::<2>()? else { return None };
        let (id, rest) = rest.split_at_checked(usize::from(length))?;
        let (nonce, ciphertext) = rest.split_first_chunk::<NONCE>()?;
        let key = std::str::from_utf8(id).ok()?.parse().ok()?;
        let head = sealed.get(..2 + usize::from(length))?;
        Some(Self { key, nonce: *nonce, ciphertext, head })
    }
}
