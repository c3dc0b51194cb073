//! An issuer without a server: its keys are a file, its key comes from a seed, so that what it signed stays good over
//! restarts. The sandbox's people have their tokens from it.

use anyhow::{Result, anyhow};
use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use ring::signature::{Ed25519KeyPair, KeyPair};
use serde_json::{Value, json};

/// 2100-01-01.
const FAR_AWAY: i64 = 4_102_444_800;

#[derive(Debug)]
pub struct Offline {
    issuer: String,
    pair: Ed25519KeyPair,
}

impl Offline {
    /// The same seed gives the same key, and the same token for the same words.
    pub fn new(issuer: &str, seed: &[u8; 32]) -> Result<Self> {
        let pair =
            Ed25519KeyPair::from_seed_unchecked(seed).map_err(|error| anyhow!("make a key: {error}"))?;
        Ok(Self { issuer: issuer.to_owned(), pair })
    }

    /// The public half, as an issuer publishes it.
    pub fn keys(&self) -> Value {
        let x = BASE64_URL_SAFE_NO_PAD.encode(self.pair.public_key().as_ref());
        json!({"keys": [{"kty": "OKP", "crv": "Ed25519", "x": x, "kid": "1", "alg": "EdDSA", "use": "sig"}]})
    }

    /// Good for as long as anybody will care.
    pub fn token_for(&self, subject: &str, audience: &str) -> String {
        let header = json!({"alg": "EdDSA", "typ": "JWT", "kid": "1"});
        let claims =
            json!({"iss": self.issuer, "sub": subject, "aud": audience, "iat": 0, "nbf": 0, "exp": FAR_AWAY});
        let part = |value: &Value| BASE64_URL_SAFE_NO_PAD.encode(value.to_string());
        let signed = format!("{}.{}", part(&header), part(&claims));
        let signature = BASE64_URL_SAFE_NO_PAD.encode(self.pair.sign(signed.as_bytes()));
        format!("{signed}.{signature}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_the_same_again_and_another_seed_makes_another() {
        let token =
            |seed: u8| Offline::new("https://people.test", &[seed; 32]).unwrap().token_for("ann", "argosy");
        assert_eq!(token(1), token(1));
        assert_ne!(token(1), token(2));
        assert_eq!(token(1).split('.').count(), 3);
    }
}
