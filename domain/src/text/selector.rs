//! Which labels a list asks for.

use super::label::{LabelKey, LabelValue, Labels};
use crate::field::{Code, Flaw};

/// More conditions than that are no question.
const MOST: usize = 10;

/// `env=prod,tier!=db,team,!legacy`: everything in it must hold. The empty one holds for all.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Selector {
    /// The conditions, in their order.
    pub requirements: Vec<Requirement>,
}

/// One condition on a thing's labels.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Requirement {
    /// `key=value`
    Equal(LabelKey, LabelValue),
    /// `key!=value`: another value, or no such label.
    NotEqual(LabelKey, LabelValue),
    /// `key`: some value.
    Present(LabelKey),
    /// `!key`: no such label.
    Absent(LabelKey),
}

impl Selector {
    /// Reads it as `kubectl -l` does, but for `in` and `notin`.
    pub fn parse(raw: &str) -> Result<Self, Flaw> {
        if raw.is_empty() {
            return Ok(Self::default());
        }
        let parts: Vec<&str> = raw.splitn(MOST + 1, ',').collect();
        if parts.len() > MOST {
            return Err(Flaw::new(Code::TooMany, format!("ask for at most {MOST} labels")));
        }
        let requirements = parts.into_iter().map(|part| Requirement::parse(part.trim()));
        Ok(Self { requirements: requirements.collect::<Result<_, _>>()? })
    }

    /// Whether it holds for these labels.
    #[must_use]
    pub fn matches(&self, labels: &Labels) -> bool {
        self.requirements.iter().all(|requirement| requirement.matches(labels))
    }
}

impl Requirement {
    fn parse(raw: &str) -> Result<Self, Flaw> {
        let unread =
            |_| Flaw::malformed("write `key=value`, `key!=value`, `key` or `!key`, with commas between them");
        let pair = |(key, value): (&str, &str)| {
            let value = value.strip_prefix('=').unwrap_or(value);
            Ok((
                LabelKey::parse(key.trim()).map_err(unread)?,
                LabelValue::parse(value.trim()).map_err(unread)?,
            ))
        };
        if let Some((key, value)) = raw.split_once("!=") {
            return pair((key, value)).map(|(key, value)| Self::NotEqual(key, value));
        }
        if let Some(sides) = raw.split_once('=') {
            return pair(sides).map(|(key, value)| Self::Equal(key, value));
        }
        match raw.strip_prefix('!') {
            Some(key) => Ok(Self::Absent(LabelKey::parse(key.trim()).map_err(unread)?)),
            None => Ok(Self::Present(LabelKey::parse(raw).map_err(unread)?)),
        }
    }

    fn matches(&self, labels: &Labels) -> bool {
        match self {
            Self::Equal(key, value) => labels.get(key) == Some(value),
            Self::NotEqual(key, value) => labels.get(key) != Some(value),
            Self::Present(key) => labels.contains_key(key),
            Self::Absent(key) => !labels.contains_key(key),
        }
    }
}
