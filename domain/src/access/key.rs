//! API keys as their holders have them: `argosy_<id>_<secret><checksum>`.
//!
//! The id finds the row, the secret proves, and the checksum lets scanners of leaked secrets, and us, tell a key from
//! what only looks like one without asking the database. All of it is in small hexadecimal digits: one key has one
//! spelling, and a double click selects it.

use uuid::Uuid;

use crate::ids::ApiKeyId;
use crate::secret::Secret;

const PREFIX: &str = "argosy_";
/// A UUID without hyphens.
const ID: usize = 32;
/// 32 bytes.
const SECRET: usize = 64;
/// Four bytes.
const CHECKSUM: usize = 8;

/// An API key, taken apart.
#[expect(missing_debug_implementations, reason = "what can be printed will be printed")]
pub struct ApiKey {
    /// Which one.
    pub id: ApiKeyId,
    /// What proves it.
    pub secret: Secret<[u8; 32]>,
}

/// It is no API key. What is wrong with it is nobody's business.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("this is no API key")]
pub struct InvalidKey;

impl ApiKey {
    /// Whether somebody meant this to be an API key.
    #[must_use]
    pub fn looks_like_one(raw: &str) -> bool {
        raw.starts_with(PREFIX)
    }

    /// Takes it apart.
    pub fn parse(raw: &str) -> Result<Self, InvalidKey> {
        let body =
            raw.len().checked_sub(CHECKSUM).and_then(|end| raw.split_at_checked(end)).ok_or(InvalidKey)?;
        let (body, checksum) = body;
        let (id, secret) = body
            .strip_prefix(PREFIX)
            .and_then(|rest| rest.split_at_checked(ID))
            .and_then(|(id, rest)| Some((id, rest.strip_prefix('_')?)))
            .ok_or(InvalidKey)?;
        if checksum != format!("{:08x}", crc32(body.as_bytes())) || secret.len() != SECRET {
            return Err(InvalidKey);
        }
        let id = Uuid::try_parse(id).ok().filter(|parsed| parsed.simple().to_string() == id);
        let mut bytes = [0; 32];
        for (byte, pair) in bytes.iter_mut().zip(secret.as_bytes().chunks_exact(2)) {
            *byte = (digit(pair[0])? << 4) | digit(pair[1])?;
        }
        Ok(Self { id: ApiKeyId(id.ok_or(InvalidKey)?), secret: Secret::new(bytes) })
    }

    /// As its holder gets it, once.
    #[must_use]
    pub fn text(&self) -> Secret {
        let mut text = String::with_capacity(PREFIX.len() + ID + 1 + SECRET + CHECKSUM);
        text.push_str(PREFIX);
        text.push_str(&self.id.0.simple().to_string());
        text.push('_');
        for byte in self.secret.expose() {
            text.extend(
                [byte >> 4, byte & 15].map(|digit| char::from(b"0123456789abcdef"[usize::from(digit)])),
            );
        }
        let checksum = crc32(text.as_bytes());
        text.push_str(&format!("{checksum:08x}"));
        Secret::new(text)
    }
}

fn digit(letter: u8) -> Result<u8, InvalidKey> {
    match letter {
        b'0'..=b'9' => Ok(letter - b'0'),
        b'a'..=b'f' => Ok(letter - b'a' + 10),
        0..=b'/' | b':'..=b'`' | b'g'..=u8::MAX => Err(InvalidKey),
    }
}

/// CRC-32 (IEEE), as zip and Ethernet have it. It is against typing errors, not against people.
fn crc32(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(u32::MAX, |crc, byte| {
        (0..8).fold(crc ^ u32::from(*byte), |crc, _| (crc >> 1) ^ (0xedb8_8320 & (crc & 1).wrapping_neg()))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_checksum_is_the_one_everybody_has() {
        assert_eq!(crc32(b"123456789"), 0xcbf4_3926);
    }
}
