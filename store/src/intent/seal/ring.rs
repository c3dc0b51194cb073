//! The keys together: one that seals, and all that open.

use std::collections::BTreeMap;
use std::fmt;

use aes_gcm_siv::aead::{Aead as _, Payload};
use aes_gcm_siv::{Aes256GcmSiv, KeyInit as _, Nonce};
use domain::secret::Secret;
use hmac::{Hmac, Mac as _};
use sha2::Sha256;

use super::envelope::{self, Envelope, NONCE};
use super::key::{Key, KeyId};
use super::place::Place;
use crate::{DigestKey, Error, Result};

/// Bytes of a fingerprint: enough that no two secrets of one place share one.
const FINGERPRINT: usize = 8;

/// The keys that seal and open secrets. All processes of an installation have the same ones.
pub struct KeyRing {
    primary: KeyId,
    /// The primary is among them.
    keys: BTreeMap<KeyId, Key>,
    /// Its own, so that fingerprints stay as they are when the others are rotated.
    fingerprints: Key,
}

/// Why a sealed value does not open. An operator has to act.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
enum Unsealable {
    #[error("a newer release sealed it, or it is damaged")]
    Form,
    #[error(
        "it was sealed with the key `{0}`, which is not here; put `{0}.key` back into the folder of sealing keys"
    )]
    UnknownKey(KeyId),
    #[error(
        "it does not open with the key `{0}`: the key is another one of that name, or the row was tampered with"
    )]
    Forged(KeyId),
}

impl KeyRing {
    /// A ring of these keys. None: the primary is not among them.
    #[must_use]
    pub fn of(
        primary: KeyId,
        keys: BTreeMap<KeyId, Secret<[u8; 32]>>,
        fingerprints: Secret<[u8; 32]>,
    ) -> Option<Self> {
        keys.contains_key(&primary).then_some(Self { primary, keys, fingerprints })
    }

    /// The key that seals.
    #[must_use]
    pub fn primary(&self) -> &KeyId {
        &self.primary
    }

    /// All keys that open, the primary among them.
    pub fn ids(&self) -> impl Iterator<Item = &KeyId> {
        self.keys.keys()
    }

    /// The key of the digests of bodies: the same wherever this folder is, whichever key seals.
    #[must_use]
    pub fn digest_key(&self) -> DigestKey {
        let mut mac = <Hmac<Sha256> as hmac::Mac>::new_from_slice(self.fingerprints.expose())
            .expect("HMAC takes keys of every length");
        mac.update(b"argosy: digests of bodies");
        DigestKey(Secret::new(mac.finalize().into_bytes().to_vec()))
    }

    /// The secret, so that it opens only in this place.
    pub(crate) fn seal(&self, secret: &Secret<String>, place: &Place) -> Vec<u8> {
        let key = self.keys.get(&self.primary).expect("the primary is on the ring: KeyRing::of");
        let head = envelope::head(&self.primary);
        let nonce: [u8; NONCE] = rand::random();
        let aad = vouched(&head, place);
        let payload = Payload { msg: secret.expose().as_bytes(), aad: &aad };
        let sealed = cipher(key).encrypt(&Nonce::from(nonce), payload);
        [head.as_slice(), &nonce, &sealed.expect("no secret has 64 GiB")].concat()
    }

    /// The secret that was sealed for this place.
    pub(crate) fn open(&self, sealed: &[u8], place: &Place) -> Result<Secret<String>> {
        self.opened(sealed, place).map_err(|why| {
            let Place { table, column, row, .. } = place;
            Error::Misconfigured(format!("the sealed {column} of {row} in {table}: {why}"))
        })
    }

    /// What tells this secret from another one in the same place. The same secret has another one elsewhere: nobody
    /// learns from it who else has it.
    pub(crate) fn fingerprint(&self, secret: &Secret<String>, place: &Place) -> String {
        let mut mac = <Hmac<Sha256> as hmac::Mac>::new_from_slice(self.fingerprints.expose())
            .expect("HMAC takes keys of every length");
        mac.update(&place.bytes());
        mac.update(secret.expose().as_bytes());
        let digest = mac.finalize().into_bytes();
        digest.iter().take(FINGERPRINT).map(|byte| format!("{byte:02x}")).collect()
    }

    fn opened(&self, sealed: &[u8], place: &Place) -> std::result::Result<Secret<String>, Unsealable> {
        let Envelope { key: id, nonce, ciphertext, head } = Envelope::read(sealed).ok_or(Unsealable::Form)?;
        let Some(key) = self.keys.get(&id) else { return Err(Unsealable::UnknownKey(id)) };
        let aad = vouched(head, place);
        let payload = Payload { msg: ciphertext, aad: &aad };
        let Ok(plain) = cipher(key).decrypt(&Nonce::from(nonce), payload) else {
            return Err(Unsealable::Forged(id));
        };
        String::from_utf8(plain).map(Secret::new).map_err(|broken| {
            // It was never a text of ours; what it is, nobody shall read in memory either.
            drop(Secret::new(broken.into_bytes()));
            Unsealable::Form
        })
    }
}

fn cipher(key: &Key) -> Aes256GcmSiv {
    Aes256GcmSiv::new(key.expose().into())
}

/// All that is not secret, and that nobody may change.
fn vouched(head: &[u8], place: &Place) -> Vec<u8> {
    [head, &place.bytes()].concat()
}

/// The keys are not shown, but which there are is.
impl fmt::Debug for KeyRing {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ids: Vec<&str> = self.ids().map(KeyId::as_str).collect();
        out.debug_struct("KeyRing").field("primary", &self.primary.as_str()).field("keys", &ids).finish()
    }
}

#[cfg(test)]
mod tests {
    use domain::ids::TenantId;
    use proptest::prelude::*;
    use uuid::Uuid;

    use super::*;

    fn id(raw: &str) -> KeyId {
        raw.parse().unwrap()
    }

    fn ring(primary: &str, keys: &[(&str, u8)]) -> KeyRing {
        let keys = keys.iter().map(|(name, byte)| (id(name), Secret::new([*byte; 32]))).collect();
        KeyRing::of(id(primary), keys, Secret::new([7; 32])).unwrap()
    }

    fn place() -> Place {
        Place {
            tenant: TenantId(Uuid::from_u128(1)),
            table: "environments",
            column: "secret",
            row: Uuid::from_u128(2),
        }
    }

    fn elsewhere() -> [Place; 5] {
        let here = place();
        [
            Place { tenant: TenantId(Uuid::from_u128(3)), ..here },
            Place { row: Uuid::from_u128(4), ..here },
            Place { column: "other", ..here },
            Place { table: "repository_credentials", ..here },
            // The same bytes one after the other, cut elsewhere.
            Place { table: "environmentss", column: "ecret", ..here },
        ]
    }

    fn secret(text: &str) -> Secret<String> {
        Secret::new(text.to_owned())
    }

    proptest! {
        #[test]
        fn what_was_sealed_opens_in_its_place_and_in_no_other(text in ".*", newer in any::<bool>()) {
            let old = ring("old", &[("old", 1)]);
            let now = ring(if newer { "new" } else { "old" }, &[("old", 1), ("new", 2)]);
            let sealed = old.seal(&secret(&text), &place());
            let opened = now.open(&sealed, &place()).unwrap();
            prop_assert_eq!(opened.expose(), &text);
            for other in elsewhere() {
                prop_assert!(now.open(&sealed, &other).is_err());
            }
        }

        #[test]
        fn no_byte_can_be_changed(text in ".{0,40}", at in any::<prop::sample::Index>(), flip in 1_u8..) {
            let ring = ring("a", &[("a", 1), ("b", 1)]);
            let mut sealed = ring.seal(&secret(&text), &place());
            let at = at.index(sealed.len());
            sealed[at] ^= flip;
            prop_assert!(ring.open(&sealed, &place()).is_err());
        }

        #[test]
        fn any_bytes_are_looked_at_without_harm(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            prop_assert!(ring("a", &[("a", 1)]).open(&bytes, &place()).is_err());
        }
    }

    #[test]
    fn a_sealed_value_does_not_show_its_secret_and_is_never_the_same_twice() {
        let ring = ring("a", &[("a", 1)]);
        let (one, two) = (ring.seal(&secret("hunter2"), &place()), ring.seal(&secret("hunter2"), &place()));
        assert_ne!(one, two);
        assert!(!one.windows(7).any(|bytes| bytes == b"hunter2"));
    }

    #[test]
    fn a_key_that_is_missing_is_named() {
        let sealed = ring("gone", &[("gone", 1)]).seal(&secret("hunter2"), &place());
        let error = ring("a", &[("a", 1)]).open(&sealed, &place()).err().unwrap().to_string();
        assert!(error.contains("put `gone.key` back"), "{error}");
        let error = ring("gone", &[("gone", 9)]).open(&sealed, &place()).err().unwrap().to_string();
        assert!(error.contains("another one of that name") && !error.contains("hunter2"), "{error}");
    }

    #[test]
    fn a_fingerprint_outlives_rotation_and_is_of_its_place() {
        let (old, new) = (ring("a", &[("a", 1)]), ring("b", &[("a", 1), ("b", 2)]));
        let print = old.fingerprint(&secret("hunter2"), &place());
        assert_eq!(print, new.fingerprint(&secret("hunter2"), &place()));
        assert_ne!(print, old.fingerprint(&secret("hunter3"), &place()));
        for other in elsewhere() {
            assert_ne!(print, old.fingerprint(&secret("hunter2"), &other));
        }
    }

    #[test]
    fn a_ring_shows_no_key() {
        let shown = format!("{:?}", ring("a", &[("a", 42)]));
        assert_eq!(shown, r#"KeyRing { primary: "a", keys: ["a"] }"#);
    }
}
