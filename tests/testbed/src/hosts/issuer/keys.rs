//! Signing keys and their public halves as JSON Web Keys. Private keys are made at run time and stay in memory (an RSA
//! key is for a moment in a private folder, because it is made by `ssh-keygen`).

use std::process::Command;

use anyhow::{Context, Result, anyhow, ensure};
use base64::Engine;
use base64::prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD};
use ring::rand::SystemRandom;
use ring::rsa::PublicKeyComponents;
use ring::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair, RSA_PKCS1_SHA256, RsaKeyPair,
};
use serde_json::{Value, json};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Algorithm {
    Rs256,
    Es256,
    EdDsa,
}

impl Algorithm {
    /// As a token's header says it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Rs256 => "RS256",
            Self::Es256 => "ES256",
            Self::EdDsa => "EdDSA",
        }
    }
}

#[derive(Debug)]
enum Pair {
    Rsa(Box<RsaKeyPair>),
    Ec(Box<EcdsaKeyPair>),
    Ed(Box<Ed25519KeyPair>),
}

#[derive(Debug)]
pub(super) struct Key {
    pub(super) id: String,
    pub(super) algorithm: Algorithm,
    pair: Pair,
}

impl Key {
    pub(super) fn generate(algorithm: Algorithm, id: String) -> Result<Self> {
        let random = SystemRandom::new();
        let pair = match algorithm {
            Algorithm::Rs256 => Pair::Rsa(Box::new(generate_rsa()?)),
            Algorithm::Es256 => {
                let kind = &ECDSA_P256_SHA256_FIXED_SIGNING;
                let document =
                    EcdsaKeyPair::generate_pkcs8(kind, &random).map_err(|_| anyhow!("make an EC key"))?;
                let pair = EcdsaKeyPair::from_pkcs8(kind, document.as_ref(), &random);
                Pair::Ec(Box::new(pair.map_err(|error| anyhow!("read an EC key: {error}"))?))
            }
            Algorithm::EdDsa => {
                let document =
                    Ed25519KeyPair::generate_pkcs8(&random).map_err(|_| anyhow!("make an Ed25519 key"))?;
                let pair = Ed25519KeyPair::from_pkcs8(document.as_ref());
                Pair::Ed(Box::new(pair.map_err(|error| anyhow!("read an Ed25519 key: {error}"))?))
            }
        };
        Ok(Self { id, algorithm, pair })
    }

    pub(super) fn sign(&self, message: &[u8]) -> Result<Vec<u8>> {
        let random = SystemRandom::new();
        match &self.pair {
            Pair::Rsa(pair) => {
                let mut signature = vec![0; pair.public().modulus_len()];
                pair.sign(&RSA_PKCS1_SHA256, &random, message, &mut signature)
                    .map_err(|_| anyhow!("sign: RSA"))?;
                Ok(signature)
            }
            Pair::Ec(pair) => {
                let signature = pair.sign(&random, message).map_err(|_| anyhow!("sign: EC"))?;
                Ok(signature.as_ref().to_vec())
            }
            Pair::Ed(pair) => Ok(pair.sign(message).as_ref().to_vec()),
        }
    }

    /// The public half, as a JSON Web Key.
    pub(super) fn public(&self) -> Value {
        let text = |bytes: &[u8]| BASE64_URL_SAFE_NO_PAD.encode(bytes);
        let mut key = match &self.pair {
            Pair::Rsa(pair) => {
                let public = PublicKeyComponents::<Vec<u8>>::from(pair.public());
                json!({ "kty": "RSA", "n": text(&public.n), "e": text(&public.e) })
            }
            Pair::Ec(pair) => {
                // One byte that says "uncompressed", then both coordinates.
                let (x, y) = pair.public_key().as_ref()[1..].split_at(32);
                json!({ "kty": "EC", "crv": "P-256", "x": text(x), "y": text(y) })
            }
            Pair::Ed(pair) => {
                json!({ "kty": "OKP", "crv": "Ed25519", "x": text(pair.public_key().as_ref()) })
            }
        };
        key["kid"] = json!(self.id);
        key["alg"] = json!(self.algorithm.name());
        key["use"] = json!("sig");
        key
    }
}

/// ring makes no RSA keys, and the `rsa` crate takes seconds in a debug build; `ssh-keygen` takes a tenth of one, and
/// the git host needs it anyway.
fn generate_rsa() -> Result<RsaKeyPair> {
    let folder = tempfile::tempdir().context("make a folder for a key")?;
    let file = folder.path().join("key");
    let output = Command::new("ssh-keygen")
        .args(["-q", "-t", "rsa", "-b", "2048", "-m", "PKCS8", "-N", "", "-f"])
        .arg(&file)
        .output()
        .context("run ssh-keygen (Debian package openssh-client)")?;
    ensure!(output.status.success(), "ssh-keygen: {}", String::from_utf8_lossy(&output.stderr).trim());
    let pem = std::fs::read_to_string(&file).context("read the key that ssh-keygen made")?;
    let base64: String = pem.lines().filter(|line| !line.starts_with("-----")).collect();
    let document = BASE64_STANDARD.decode(base64).context("the key that ssh-keygen made is PEM")?;
    RsaKeyPair::from_pkcs8(&document).map_err(|error| anyhow!("read an RSA key: {error}"))
}
