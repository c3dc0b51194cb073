//! Who somebody is: one text for people, groups and keys, so that a role can be given to each.

use crate::field::Flaw;
use crate::ids::ApiKeyId;
use crate::text::{checked_text, is_hidden, is_label};

/// As the database has it.
const LONGEST: usize = 400;
/// What groups begin with instead of an issuer.
const GROUP: &str = "group";
/// What keys begin with instead of an issuer.
const KEY: &str = "key";
/// What our own programs begin with.
const OURS: &str = "argosy";

checked_text!(
    /// What the operator calls an issuer of tokens: `google`, `corp-sso`. It stands before the subjects of its tokens, so
    /// that two issuers never speak of the same person.
    IssuerName,
    |raw| if is_label(raw) && ![GROUP, KEY, OURS].contains(&raw) {
        Ok(())
    } else {
        Err(Flaw::malformed(
            "an issuer's name is 1 to 63 of `a-z`, `0-9` and `-`, begins and ends with a letter or digit, and is not \
             `group`, `key` or `argosy`",
        ))
    }
);

checked_text!(
    /// `<issuer>:<subject>`, `group:<issuer>:<name>`, or `key:<id of an API key>`.
    Principal,
    principal
);

/// What a principal is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PrincipalKind {
    /// Somebody with a token: a person or a service.
    Person,
    /// Everybody whose token says that they are in it.
    Group,
    /// An API key.
    Key,
}

impl Principal {
    /// The subject of an issuer's token.
    pub fn person(issuer: &IssuerName, subject: &str) -> Result<Self, Flaw> {
        Self::try_from(format!("{issuer}:{subject}"))
    }

    /// A group that an issuer's token names.
    pub fn group(issuer: &IssuerName, name: &str) -> Result<Self, Flaw> {
        Self::try_from(format!("{GROUP}:{issuer}:{name}"))
    }

    /// A program of ours that acts by itself: `argosy:agent`. No issuer can be called so.
    #[must_use]
    pub fn of_program(name: &'static str) -> Self {
        Self(format!("{OURS}:{name}"))
    }

    /// What it is.
    #[must_use]
    pub fn kind(&self) -> PrincipalKind {
        match self.as_str().split_once(':') {
            Some((GROUP, _)) => PrincipalKind::Group,
            Some((KEY, _)) => PrincipalKind::Key,
            Some(_) | None => PrincipalKind::Person,
        }
    }
}

impl From<ApiKeyId> for Principal {
    fn from(id: ApiKeyId) -> Self {
        Self(format!("{KEY}:{id}"))
    }
}

fn principal(raw: &str) -> Result<(), Flaw> {
    if raw.len() > LONGEST {
        return Err(Flaw::too_long(LONGEST, "bytes"));
    }
    let well_formed = match raw.split_once(':') {
        Some((KEY, id)) => id.parse::<ApiKeyId>().is_ok(),
        Some((GROUP, rest)) => rest.split_once(':').is_some_and(|(issuer, name)| of(issuer, name)),
        Some((issuer, subject)) => of(issuer, subject),
        None => false,
    };
    if well_formed {
        return Ok(());
    }
    Err(Flaw::malformed(
        "write `<issuer>:<subject>` or `group:<issuer>:<name>`, in one line, with the operator's name for the issuer",
    ))
}

fn of(issuer: &str, name: &str) -> bool {
    IssuerName::parse(issuer).is_ok()
        && !name.is_empty()
        && name.trim() == name
        && !name.chars().any(is_hidden)
}
