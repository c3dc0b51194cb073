//! Tokens that were verified: a signature costs more than a request.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Instant;

use sha2::{Digest, Sha256};
use store::Caller;

/// More are verified anew.
const MOST: usize = 20_000;

/// The hash of a token: the token itself is not kept.
pub(super) type TokenHash = [u8; 32];

/// Tokens that were verified, by their hash, until they expire or their issuer's keys change.
#[derive(Debug, Default)]
pub(super) struct Remembered {
    tokens: Mutex<HashMap<TokenHash, Verified>>,
}

/// A token that was verified.
#[derive(Clone, Debug)]
pub(super) struct Verified {
    pub(super) caller: Caller,
    /// Whose it is: its place in the list of issuers.
    pub(super) issuer: usize,
    /// How often the issuer's keys had changed.
    pub(super) changes: u64,
    pub(super) until: Instant,
}

pub(super) fn hash_of(token: &str) -> TokenHash {
    Sha256::digest(token).into()
}

impl Remembered {
    pub(super) fn get(&self, hash: &TokenHash) -> Option<Verified> {
        let tokens = self.tokens.lock().unwrap_or_else(PoisonError::into_inner);
        tokens.get(hash).filter(|verified| Instant::now() < verified.until).cloned()
    }

    pub(super) fn put(&self, hash: TokenHash, verified: Verified) {
        let mut tokens = self.tokens.lock().unwrap_or_else(PoisonError::into_inner);
        if tokens.len() >= MOST {
            let now = Instant::now();
            tokens.retain(|_, verified| now < verified.until);
        }
        if tokens.len() < MOST {
            tokens.insert(hash, verified);
        }
    }
}
