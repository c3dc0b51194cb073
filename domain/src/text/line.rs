//! Texts for people.

use super::checked::checked_text;
use crate::field::Flaw;

checked_text!(
    /// What people call a thing, beside its name.
    DisplayName,
    |raw| line(raw, 100)
);

/// At most so many characters, all of which can be seen and none of which moves others around.
pub(crate) fn line(raw: &str, limit: usize) -> Result<(), Flaw> {
    if raw.chars().nth(limit).is_some() {
        return Err(Flaw::too_long(limit, "characters"));
    }
    if raw.chars().any(is_hidden) {
        return Err(Flaw::malformed("write it in one line, without control characters"));
    }
    Ok(())
}

/// At most so many bytes, of several lines.
pub(crate) fn block(raw: &str, limit: usize) -> Result<(), Flaw> {
    if raw.len() > limit {
        return Err(Flaw::too_long(limit, "bytes"));
    }
    if raw.chars().any(|letter| is_hidden(letter) && !matches!(letter, '\n' | '\r' | '\t')) {
        return Err(Flaw::malformed("write it without control characters"));
    }
    Ok(())
}

/// A control character, or one that changes the direction or the look of its neighbours.
pub(crate) fn is_hidden(letter: char) -> bool {
    let steers = matches!(letter,
        '\u{061c}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}');
    letter.is_control() || steers
}
