//! Certificates and keys as PEM: whether they have the form, not whether they are any good.

use std::fmt::Write;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use crate::field::{Code, Flaw};
use crate::secret::Secret;

/// More than a bundle of all public CAs is no CA of a cluster.
const LONGEST: usize = 64 * 1024;
/// Certificates in one text.
const MOST: usize = 32;

/// One or several certificates, written in one way: two texts that hold the same certificates are equal.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Certificates(String);

impl Certificates {
    /// Reads `-----BEGIN CERTIFICATE-----` blocks. Remarks between them are dropped.
    pub fn parse(raw: &str) -> Result<Self, Flaw> {
        let blocks = blocks(raw)?;
        if blocks.iter().any(|block| block.label.ends_with("PRIVATE KEY")) {
            return Err(Flaw::malformed(
                "there is a private key among the certificates; leave it out, and renew it",
            ));
        }
        let wrong = blocks.iter().any(|block| block.label != "CERTIFICATE" || !is_sequence(&block.der));
        if blocks.is_empty() || wrong {
            return Err(Flaw::malformed("give certificates in PEM: `-----BEGIN CERTIFICATE-----` and so on"));
        }
        if blocks.len() > MOST {
            return Err(Flaw::new(Code::TooMany, format!("give at most {MOST} certificates")));
        }
        Ok(Self(blocks.iter().map(Block::written).collect()))
    }

    /// In PEM.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for Certificates {
    type Error = Flaw;

    fn try_from(raw: String) -> Result<Self, Flaw> {
        Self::parse(&raw)
    }
}

impl From<Certificates> for String {
    fn from(certificates: Certificates) -> Self {
        certificates.0
    }
}

/// What a private key is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum KeyUse {
    /// A client certificate, or a GitHub App.
    Signing,
    /// Logging in over ssh.
    Ssh,
}

/// Whether the text is one private key that can be used without a passphrase.
pub(super) fn check_private_key(text: &Secret<String>, key_use: KeyUse) -> Result<(), Flaw> {
    let flaw = || match key_use {
        KeyUse::Signing => {
            Flaw::malformed("give one private key in PEM: `-----BEGIN PRIVATE KEY-----` and so on")
        }
        KeyUse::Ssh => {
            Flaw::malformed("give one private key: `-----BEGIN OPENSSH PRIVATE KEY-----` and so on")
        }
    };
    let encrypted = || Flaw::new(Code::Unsupported, "give the key without a passphrase");
    if text.expose().contains("ENCRYPTED") {
        return Err(encrypted());
    }
    let blocks = blocks(text.expose()).map_err(|_| flaw())?;
    let mut keys = blocks.iter().filter(|block| block.label != "EC PARAMETERS");
    let (Some(key), None) = (keys.next(), keys.next()) else { return Err(flaw()) };
    match (key.label.as_str(), key_use) {
        ("OPENSSH PRIVATE KEY", KeyUse::Ssh) => match openssh_cipher(&key.der) {
            Some(b"none") => Ok(()),
            Some(_) => Err(encrypted()),
            None => Err(flaw()),
        },
        ("PRIVATE KEY" | "RSA PRIVATE KEY" | "EC PRIVATE KEY", _) if is_sequence(&key.der) => Ok(()),
        _ => Err(flaw()),
    }
}

/// What stands between a BEGIN and its END.
struct Block {
    label: String,
    der: Zeroizing<Vec<u8>>,
}

impl Block {
    fn written(&self) -> String {
        let body = STANDARD.encode(self.der.as_slice());
        let mut text = format!("-----BEGIN {}-----\n", self.label);
        for line in body.as_bytes().chunks(64) {
            let _ = writeln!(text, "{}", String::from_utf8_lossy(line));
        }
        text + &format!("-----END {}-----\n", self.label)
    }
}

fn blocks(raw: &str) -> Result<Vec<Block>, Flaw> {
    if raw.len() > LONGEST {
        return Err(Flaw::too_long(LONGEST, "bytes"));
    }
    let broken = || Flaw::malformed("a block of the PEM is broken: copy it from BEGIN to END");
    let mut found = Vec::new();
    let mut open: Option<(String, Zeroizing<String>)> = None;
    for line in raw.lines().map(str::trim) {
        let mark = |word: &str| line.strip_prefix(word)?.strip_suffix("-----");
        if let Some(label) = mark("-----BEGIN ") {
            if open.is_some() {
                return Err(broken());
            }
            // As long as it will ever be: a text that grows leaves copies behind.
            open = Some((label.to_owned(), Zeroizing::new(String::with_capacity(raw.len()))));
        } else if let Some(end) = mark("-----END ") {
            let (label, body) = open.take().filter(|(label, _)| label == end).ok_or_else(broken)?;
            let der = Zeroizing::new(STANDARD.decode(body.as_bytes()).map_err(|_| broken())?);
            found.push(Block { label, der });
        } else if let Some((_, body)) = &mut open {
            body.push_str(line);
        }
    }
    if open.is_some() { Err(broken()) } else { Ok(found) }
}

/// Whether it is one DER SEQUENCE from its first byte to its last.
fn is_sequence(der: &[u8]) -> bool {
    let length = |bytes: &[u8]| bytes.iter().fold(0_usize, |sum, byte| (sum << 8) | usize::from(*byte));
    match der {
        [0x30, short @ 0..=0x7f, rest @ ..] => rest.len() == usize::from(*short),
        [0x30, long @ 0x81..=0x83, rest @ ..] => {
            let (size, body) = rest.split_at_checked(usize::from(*long & 0x7f)).unwrap_or((&[], &[]));
            !size.is_empty() && body.len() == length(size)
        }
        _ => false,
    }
}

/// The cipher of an OpenSSH key: the first string behind the magic.
fn openssh_cipher(der: &[u8]) -> Option<&[u8]> {
    let rest = der.strip_prefix(b"openssh-key-v1\0")?;
    let (size, rest) = rest.split_first_chunk::<4>()?;
    rest.get(..usize::try_from(u32::from_be_bytes(*size)).ok()?)
}
