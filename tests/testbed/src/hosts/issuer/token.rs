//! A token before it is signed: the place to make it wrong in one chosen way.

use anyhow::{Context, Result};
use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use ring::hmac;
use serde_json::{Value, json};

use super::Issuer;
use super::keys::{Algorithm, Key};

/// Who signs.
#[derive(Clone, Debug)]
enum Signer {
    Newest(Algorithm),
    Named(String),
    Stranger(Algorithm),
    Nobody,
    PublicKey,
}

/// Good as it comes from [`Issuer::token_for`]; every method changes one thing.
#[derive(Clone, Debug)]
#[must_use = "a token is made by `sign`"]
pub struct Token<'a> {
    issuer: &'a Issuer,
    claims: Value,
    signer: Signer,
    /// What the header says instead of the signer's key id.
    key_id: Option<Value>,
}

impl<'a> Token<'a> {
    pub(super) fn with(issuer: &'a Issuer, claims: Value) -> Self {
        Self { issuer, claims, signer: Signer::Newest(Algorithm::Es256), key_id: None }
    }

    /// Add or change a claim.
    pub fn claim(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.claims[name] = value.into();
        self
    }

    pub fn without(mut self, claim: &str) -> Self {
        if let Some(claims) = self.claims.as_object_mut() {
            claims.remove(claim);
        }
        self
    }

    /// Since an hour, so that no leeway saves it.
    pub fn expired(self) -> Self {
        let now = time::OffsetDateTime::now_utc().unix_timestamp();
        self.claim("iat", now - 7200).claim("nbf", now - 7200).claim("exp", now - 3600)
    }

    /// In an hour only.
    pub fn not_yet_valid(self) -> Self {
        let now = time::OffsetDateTime::now_utc().unix_timestamp();
        self.claim("nbf", now + 3600).claim("exp", now + 7200)
    }

    /// By the newest key of this algorithm.
    pub fn signed_with(mut self, algorithm: Algorithm) -> Self {
        self.signer = Signer::Newest(algorithm);
        self
    }

    /// By this key, also when a newer one is there.
    pub fn signed_by(mut self, key_id: &str) -> Self {
        self.signer = Signer::Named(key_id.to_owned());
        self
    }

    /// Say another key id in the header than that of the key that signs.
    pub fn claiming_key_id(mut self, key_id: &str) -> Self {
        self.key_id = Some(json!(key_id));
        self
    }

    pub fn without_key_id(mut self) -> Self {
        self.key_id = Some(Value::Null);
        self
    }

    /// Bad: by a key that is not the issuer's, under the id of the one that is.
    pub fn signed_by_a_stranger(mut self) -> Self {
        self.signer = Signer::Stranger(Algorithm::Es256);
        self
    }

    /// Bad: `alg: none` and no signature.
    pub fn unsigned(mut self) -> Self {
        self.signer = Signer::Nobody;
        self
    }

    /// Bad: HS256 with the published key as the secret, for checkers that let the token choose the algorithm.
    pub fn signed_by_the_public_key(mut self) -> Self {
        self.signer = Signer::PublicKey;
        self
    }

    pub fn sign(&self) -> Result<String> {
        let ring = &self.issuer.ring;
        match &self.signer {
            Signer::Newest(algorithm) => {
                let key = ring.signing(*algorithm)?;
                self.assemble(algorithm.name(), &key.id, |message| key.sign(message))
            }
            Signer::Named(id) => {
                let key = ring.named(id)?;
                self.assemble(key.algorithm.name(), &key.id, |message| key.sign(message))
            }
            Signer::Stranger(algorithm) => {
                let stranger = Key::generate(*algorithm, ring.signing(*algorithm)?.id.clone())?;
                self.assemble(algorithm.name(), &stranger.id, |message| stranger.sign(message))
            }
            Signer::Nobody => self.assemble("none", &ring.signing(Algorithm::Es256)?.id, |_| Ok(Vec::new())),
            Signer::PublicKey => {
                let key = ring.signing(Algorithm::Es256)?;
                let x = BASE64_URL_SAFE_NO_PAD
                    .decode(key.public()["x"].as_str().context("an EC key has an x")?)
                    .context("a coordinate is base64")?;
                let secret = hmac::Key::new(hmac::HMAC_SHA256, &x);
                self.assemble("HS256", &key.id, |message| Ok(hmac::sign(&secret, message).as_ref().to_vec()))
            }
        }
    }

    fn assemble(
        &self,
        algorithm: &str,
        id: &str,
        sign: impl FnOnce(&[u8]) -> Result<Vec<u8>>,
    ) -> Result<String> {
        let mut header = json!({ "typ": "JWT", "alg": algorithm });
        match &self.key_id {
            None => header["kid"] = json!(id),
            Some(Value::Null) => {}
            Some(other) => header["kid"] = other.clone(),
        }
        let encode = |part: &Value| BASE64_URL_SAFE_NO_PAD.encode(part.to_string());
        let message = format!("{}.{}", encode(&header), encode(&self.claims));
        let signature = sign(message.as_bytes())?;
        Ok(format!("{message}.{}", BASE64_URL_SAFE_NO_PAD.encode(signature)))
    }
}
