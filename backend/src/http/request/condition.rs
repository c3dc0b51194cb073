//! Conditions: tags of what was read, and what must hold for a request to be done.
//!
//! A tag is `"<id>-<generation>-<hash of body>"`. Whether an answer is still the same is said by the whole of it;
//! whether a write may be done, only by id and generation, so that a change of status never stands in anybody's way.

use std::fmt;

use axum::http::{HeaderMap, Method, header};
use domain::ids::Generation;
use sha2::{Digest, Sha256};
use uuid::Uuid;

use crate::app::{Condition, Version};
use crate::http::problem::Problem;

/// The tag of one answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Tag(String);

impl Tag {
    /// The tag of a thing whose answer has this body.
    pub(crate) fn of(version: Version, body: &[u8]) -> Self {
        let digest = Sha256::digest(body);
        let hash: String = digest.iter().take(8).map(|byte| format!("{byte:02x}")).collect();
        Self(format!("\"{}-{}-{hash}\"", version.id, version.generation.0))
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Tag {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.0)
    }
}

/// One of the two headers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
enum Said {
    #[default]
    Nothing,
    Any,
    Tags(Vec<Listed>),
}

/// A tag as a client lists it.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Listed {
    weak: bool,
    /// With its quotes.
    text: String,
}

/// What a request is conditional on.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Conditions {
    if_match: Said,
    if_none_match: Said,
}

impl Conditions {
    pub(crate) fn of(headers: &HeaderMap) -> Result<Self, Problem> {
        Ok(Self {
            if_match: said(headers, &header::IF_MATCH)?,
            if_none_match: said(headers, &header::IF_NONE_MATCH)?,
        })
    }

    /// What must hold for a write to be done.
    pub(crate) fn for_write(&self) -> Result<Condition, Problem> {
        match (&self.if_match, &self.if_none_match) {
            (Said::Nothing, Said::Nothing) => Ok(Condition::Always),
            (Said::Any, Said::Nothing) => Ok(Condition::Exists),
            // A weak tag never matches: it says that something else would do as well.
            (Said::Tags(tags), Said::Nothing) => {
                Ok(Condition::Is(tags.iter().filter(|tag| !tag.weak).filter_map(Listed::version).collect()))
            }
            (Said::Nothing, Said::Any) => Ok(Condition::Absent),
            (Said::Nothing, Said::Tags(tags)) => {
                Ok(Condition::IsNot(tags.iter().filter_map(Listed::version).collect()))
            }
            (_, _) => Err(Problem::invalid_header("If-None-Match", "give it or If-Match, not both")),
        }
    }

    /// Whether a client that reads has this answer already.
    pub(crate) fn has(&self, tag: &Tag) -> bool {
        match &self.if_none_match {
            Said::Nothing => false,
            Said::Any => true,
            Said::Tags(tags) => tags.iter().any(|listed| listed.text == tag.0),
        }
    }

    /// Whether the client says which version it means to change.
    pub(crate) fn names_a_version(&self) -> bool {
        self.if_match != Said::Nothing
    }

    /// Whether `If-Match` of a request that reads does not hold.
    pub(crate) fn fails(&self, method: &Method, version: Version) -> bool {
        let reads = matches!(*method, Method::GET | Method::HEAD);
        match &self.if_match {
            Said::Nothing | Said::Any => false,
            Said::Tags(tags) => reads && !tags.iter().any(|tag| !tag.weak && tag.version() == Some(version)),
        }
    }
}

impl Listed {
    /// Which version it is of, if it is a tag that we gave.
    fn version(&self) -> Option<Version> {
        let inside = self.text.strip_prefix('"')?.strip_suffix('"')?;
        let (rest, _hash) = inside.rsplit_once('-')?;
        let (id, generation) = rest.rsplit_once('-')?;
        let id = Uuid::try_parse(id).ok().filter(|parsed| parsed.hyphenated().to_string() == id)?;
        Some(Version { id, generation: Generation(generation.parse().ok()?) })
    }
}

fn said(headers: &HeaderMap, name: &header::HeaderName) -> Result<Said, Problem> {
    let wrong = || Problem::invalid_header(name.as_str(), "give `*`, or tags in quotes, as ETag had them");
    let mut tags = Vec::new();
    let mut any = false;
    for value in headers.get_all(name) {
        let text = value.to_str().map_err(|_| wrong())?.trim();
        if text == "*" {
            any = true;
        } else {
            tags.extend(list(text).ok_or_else(wrong)?);
        }
    }
    match (any, tags.is_empty()) {
        (true, true) => Ok(Said::Any),
        (true, false) => Err(wrong()),
        (false, true) if headers.contains_key(name) => Err(wrong()),
        (false, true) => Ok(Said::Nothing),
        (false, false) => Ok(Said::Tags(tags)),
    }
}

/// `"a", W/"b"`: tags may have commas in them.
fn list(mut text: &str) -> Option<Vec<Listed>> {
    let mut tags = Vec::new();
    loop {
        text = text.trim_start_matches([' ', '\t', ',']);
        if text.is_empty() {
            return Some(tags);
        }
        let (weak, rest) = text.strip_prefix("W/").map_or((false, text), |rest| (true, rest));
        let inside = rest.strip_prefix('"')?;
        let end = inside.find('"')?;
        let opaque = &inside[..end];
        if opaque.bytes().any(|byte| byte <= b' ' || byte == 0x7f) {
            return None;
        }
        tags.push(Listed { weak, text: format!("\"{opaque}\"") });
        text = inside[end + 1..].trim_start();
        if !text.is_empty() && !text.starts_with(',') {
            return None;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: &str = "018f2b5e-7c1d-7a4e-9b3a-5d0c1e2f3a4b";

    fn version(generation: u64) -> Version {
        Version { id: ID.parse().unwrap(), generation: Generation(generation) }
    }

    fn of(headers: &[(header::HeaderName, &str)]) -> Result<Conditions, Problem> {
        let headers = headers.iter().map(|(name, value)| (name.clone(), value.parse().unwrap()));
        Conditions::of(&HeaderMap::from_iter(headers))
    }

    fn write(name: header::HeaderName, value: &str) -> Condition {
        of(&[(name, value)]).unwrap().for_write().unwrap()
    }

    #[test]
    fn a_write_compares_id_and_generation_and_not_what_else_was_shown() {
        let tag = Tag::of(version(7), b"{\"status\": 1}").to_string();
        assert_eq!(write(header::IF_MATCH, &tag), Condition::Is(vec![version(7)]));
        assert_eq!(write(header::IF_NONE_MATCH, &tag), Condition::IsNot(vec![version(7)]));
        let two = format!("{tag}, \"other,tag\" , {}", Tag::of(version(8), b""));
        assert_eq!(write(header::IF_MATCH, &two), Condition::Is(vec![version(7), version(8)]));
        assert_eq!(write(header::IF_MATCH, "*"), Condition::Exists);
        assert_eq!(write(header::IF_NONE_MATCH, "*"), Condition::Absent);
        assert_eq!(of(&[]).unwrap().for_write().unwrap(), Condition::Always);
    }

    #[test]
    fn a_weak_or_a_foreign_tag_never_lets_a_write_pass() {
        let tag = Tag::of(version(7), b"");
        assert_eq!(write(header::IF_MATCH, &format!("W/{tag}")), Condition::Is(vec![]));
        assert_eq!(write(header::IF_MATCH, "\"abc\""), Condition::Is(vec![]));
        assert!(!Condition::Is(vec![]).holds(Some(version(7))));
    }

    #[test]
    fn an_answer_is_the_same_only_if_all_of_it_is() {
        let (before, after) = (Tag::of(version(7), b"synced"), Tag::of(version(7), b"degraded"));
        for said in [before.to_string(), format!("W/{before}"), format!("\"x\", {before}"), "*".to_owned()] {
            let conditions = of(&[(header::IF_NONE_MATCH, &said)]).unwrap();
            assert!(conditions.has(&before), "{said}");
        }
        assert!(!of(&[(header::IF_NONE_MATCH, &after.to_string())]).unwrap().has(&before));
    }

    #[test]
    fn what_is_no_list_of_tags_is_refused() {
        for wrong in ["abc", "\"abc", "*, \"a\"", "\"a\" \"b\"", "", "w/\"a\"", "\"a b\""] {
            assert!(of(&[(header::IF_MATCH, wrong)]).is_err(), "{wrong}");
        }
        let both = of(&[(header::IF_MATCH, "*"), (header::IF_NONE_MATCH, "*")]).unwrap();
        assert!(both.for_write().is_err());
    }
}
