//! The keys of an issuer: which there are, and what each may sign with.

use std::collections::BTreeMap;

use jsonwebtoken::jwk::{AlgorithmParameters, EllipticCurve, Jwk, JwkSet, KeyAlgorithm, PublicKeyUse};
use jsonwebtoken::{Algorithm, DecodingKey};

/// More keys than that are no issuer's.
const MOST: usize = 200;

/// The public keys of an issuer, by id.
#[derive(Debug, Default)]
pub(super) struct Keys {
    keys: BTreeMap<String, Key>,
}

/// A key, and the one algorithm it signs with: a token does not choose.
pub(super) struct Key {
    jwk: Jwk,
    pub(super) algorithm: Algorithm,
    pub(super) decoding: DecodingKey,
}

impl std::fmt::Debug for Key {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "{:?}", self.algorithm)
    }
}

impl Keys {
    /// Reads a JWKS. Keys that we have no use for are left out; a set without any of use is a mistake.
    pub(super) fn read(raw: &[u8]) -> Result<Self, String> {
        let set: Loose = serde_json::from_slice(raw).map_err(|_| "it is no JWKS".to_owned())?;
        if set.keys.len() > MOST {
            return Err(format!("it has {} keys", set.keys.len()));
        }
        let mut keys = BTreeMap::new();
        for raw in set.keys {
            let Some((id, key)) = serde_json::from_value(raw).ok().and_then(usable) else { continue };
            if keys.insert(id, key).is_some() {
                return Err("it has two keys of one id".to_owned());
            }
        }
        if keys.is_empty() { Err("it has no key of use".to_owned()) } else { Ok(Self { keys }) }
    }

    pub(super) fn get(&self, id: &str) -> Option<&Key> {
        self.keys.get(id)
    }

    /// Whether both are the same keys.
    pub(super) fn same(&self, other: &Self) -> bool {
        let jwks = |keys: &Self| keys.keys.values().map(|key| key.jwk.clone()).collect();
        JwkSet { keys: jwks(self) } == JwkSet { keys: jwks(other) }
    }
}

/// A set in which some keys may be of a sort that nobody knows yet.
#[derive(serde::Deserialize)]
struct Loose {
    keys: Vec<serde_json::Value>,
}

fn usable(jwk: Jwk) -> Option<(String, Key)> {
    let signs = match &jwk.common.public_key_use {
        Some(PublicKeyUse::Encryption | PublicKeyUse::Other(_)) => false,
        Some(PublicKeyUse::Signature) | None => true,
    };
    let algorithm = algorithm(&jwk).filter(|_| signs)?;
    let id = jwk.common.key_id.clone().filter(|id| !id.is_empty())?;
    let decoding = DecodingKey::from_jwk(&jwk).ok()?;
    Some((id, Key { jwk, algorithm, decoding }))
}

/// The one algorithm of a key: what it says, if its kind can do that, or else what its kind does.
#[expect(clippy::wildcard_enum_match_arm, reason = "the three that we take; all others are left out")]
fn algorithm(jwk: &Jwk) -> Option<Algorithm> {
    let (by_kind, name) = match &jwk.algorithm {
        AlgorithmParameters::RSA(_) => (Algorithm::RS256, KeyAlgorithm::RS256),
        AlgorithmParameters::EllipticCurve(curve) if curve.curve == EllipticCurve::P256 => {
            (Algorithm::ES256, KeyAlgorithm::ES256)
        }
        AlgorithmParameters::OctetKeyPair(pair) if pair.curve == EllipticCurve::Ed25519 => {
            (Algorithm::EdDSA, KeyAlgorithm::EdDSA)
        }
        _ => return None,
    };
    let said = jwk.common.key_algorithm;
    (said.is_none() || said == Some(name)).then_some(by_kind)
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    const EC: &str = r#"{"kty":"EC","crv":"P-256","kid":"a","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU","y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"}"#;

    fn with(field: &str, value: impl Into<Value>) -> Value {
        let mut key: Value = serde_json::from_str(EC).unwrap();
        key[field] = value.into();
        key
    }

    fn read(keys: &[Value]) -> Result<Keys, String> {
        Keys::read(json!({ "keys": keys }).to_string().as_bytes())
    }

    #[test]
    fn a_key_has_one_algorithm_and_the_token_does_not_choose_it() {
        for key in [with("alg", "ES256"), with("use", "sig"), serde_json::from_str(EC).unwrap()] {
            assert_eq!(read(&[key]).unwrap().get("a").unwrap().algorithm, Algorithm::ES256);
        }
    }

    #[test]
    fn keys_of_no_use_are_left_out_and_a_set_of_none_is_a_mistake() {
        let useless = [
            with("use", "enc"),
            with("alg", "ES384"),
            with("alg", "HS256"),
            with("crv", "P-521"),
            with("kty", "of tomorrow"),
            with("kid", ""),
            with("kid", Value::Null),
            json!({ "kty": "oct", "kid": "a", "k": "c2VjcmV0", "alg": "HS256" }),
            json!("not even a key"),
        ];
        for key in useless {
            assert!(read(std::slice::from_ref(&key)).is_err(), "{key}");
            let keys = read(&[key.clone(), with("kid", "good")]).unwrap();
            assert!(keys.get("a").is_none() && keys.get("good").is_some(), "{key}");
        }
    }

    #[test]
    fn a4_a_set_that_cannot_be_an_issuers_is_not_read() {
        let many: Vec<_> = (0..10_000).map(|number| with("kid", number.to_string())).collect();
        assert_eq!(read(&many).unwrap_err(), "it has 10000 keys");
        assert_eq!(read(&[with("kid", "a"), with("kid", "a")]).unwrap_err(), "it has two keys of one id");
        for raw in ["", "{}", "[]", "{\"keys\": 7}", "{\"keys\": []}"] {
            assert!(Keys::read(raw.as_bytes()).is_err(), "{raw}");
        }
    }

    #[test]
    fn the_same_keys_are_the_same_in_whatever_order() {
        let (one, other) = (with("kid", "one"), with("kid", "other"));
        let both = read(&[one.clone(), other.clone()]).unwrap();
        assert!(both.same(&read(&[other, one.clone()]).unwrap()));
        assert!(!both.same(&read(&[one]).unwrap()));
    }
}
