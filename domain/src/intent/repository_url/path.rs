//! The path of an address: segments, without what does not matter.

use std::fmt;
use std::fmt::Write;

use crate::field::Flaw;

/// Decoded segments; none is empty, `.` or `..`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Segments(Vec<Vec<u8>>);

impl Segments {
    /// Reads what stands behind the first slash.
    pub(super) fn decoded(raw: &str) -> Result<Self, Flaw> {
        if !raw.is_ascii() {
            return Err(Flaw::malformed("percent-encode what is not ASCII in the path"));
        }
        let mut segments = Vec::new();
        for segment in raw.split('/') {
            let segment = decode(segment)?;
            match segment.as_slice() {
                b"" | b"." => {}
                b".." => return Err(Flaw::malformed("write the path without `..`")),
                [b'-', ..] if segments.is_empty() => {
                    return Err(Flaw::malformed("the path must not begin with `-`"));
                }
                _ => segments.push(segment),
            }
        }
        Ok(Self(segments))
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether these are the other's first segments. Whole ones: `org` is not the beginning of `organisation`.
    pub(super) fn begin(&self, other: &Self) -> bool {
        other.0.starts_with(&self.0)
    }

    /// What is behind an `@` could be taken for a host.
    pub(super) fn refuse_at(&self) -> Result<(), Flaw> {
        if self.0.iter().any(|segment| segment.contains(&b'@')) {
            return Err(Flaw::malformed("write the path without `@`"));
        }
        Ok(())
    }

    /// Hosts serve a repository with and without `.git`. Taken away as often as it is there: what is left must be its
    /// own canonical spelling.
    pub(super) fn without_suffix(mut self) -> Result<Self, Flaw> {
        while let Some(last) = self.0.pop() {
            let cut = last.len().saturating_sub(4);
            if !last[cut..].eq_ignore_ascii_case(b".git") {
                self.0.push(last);
                return Ok(self);
            }
            match &last[..cut] {
                b"" | b"." => {}
                b".." => return Err(Flaw::malformed("write the path without `..`")),
                name => self.0.push(name.to_vec()),
            }
        }
        Ok(self)
    }
}

/// Decodes what is percent-encoded. What would be a separator after decoding is refused: nobody agrees what it means.
fn decode(raw: &str) -> Result<Vec<u8>, Flaw> {
    let mut bytes = raw.bytes();
    let mut decoded = Vec::with_capacity(raw.len());
    while let Some(byte) = bytes.next() {
        if byte != b'%' {
            decoded.push(byte);
            continue;
        }
        let mut digit = || bytes.next().and_then(|digit| char::from(digit).to_digit(16));
        let code = digit().zip(digit()).and_then(|(high, low)| u8::try_from(high * 16 + low).ok());
        match code {
            None => return Err(Flaw::malformed("write `%` as `%25`")),
            Some(byte) if byte.is_ascii_control() || b"/\\".contains(&byte) => {
                return Err(Flaw::malformed("write the path without encoded slashes and control characters"));
            }
            Some(byte) => decoded.push(byte),
        }
    }
    Ok(decoded)
}

/// Each segment behind its slash, with the least encoding that RFC 3986 lets a segment have.
impl fmt::Display for Segments {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        for segment in &self.0 {
            out.write_char('/')?;
            for byte in segment {
                match byte {
                    b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' => out.write_char(char::from(*byte))?,
                    byte if b"-._~!&()*+,=:@".contains(byte) => out.write_char(char::from(*byte))?,
                    byte => write!(out, "%{byte:02X}")?,
                }
            }
        }
        Ok(())
    }
}
