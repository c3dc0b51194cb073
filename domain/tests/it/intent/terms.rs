//! The terms that the tests read intents on.

use std::sync::LazyLock;

use domain::egress::{Policy, Profile};
use domain::field::FieldError;
use domain::intent::{Door, Terms, Unverified};

static PUBLIC: LazyLock<Policy> = LazyLock::new(Policy::default);
static SANDBOX: LazyLock<Policy> =
    LazyLock::new(|| Policy { profile: Profile::LoopbackOnly, ..Policy::default() });

pub(super) fn rest() -> Terms<'static> {
    Terms { door: Door::Rest, egress: &PUBLIC, unverified: Unverified::Refused }
}

pub(super) fn custom_resources() -> Terms<'static> {
    Terms { door: Door::CustomResource, ..rest() }
}

pub(super) fn lenient() -> Terms<'static> {
    Terms { unverified: Unverified::Allowed, ..rest() }
}

pub(super) fn sandbox() -> Terms<'static> {
    Terms { egress: &SANDBOX, ..rest() }
}

/// Where there are mistakes, sorted, and what kind they are.
pub(super) fn places(errors: &[FieldError]) -> Vec<(String, &'static str)> {
    let mut places: Vec<_> =
        errors.iter().map(|error| (error.pointer.to_string(), error.code.name())).collect();
    places.sort();
    places
}

pub(super) fn expected(places: &[(&str, &'static str)]) -> Vec<(String, &'static str)> {
    let mut places: Vec<_> = places.iter().map(|(place, code)| ((*place).to_owned(), *code)).collect();
    places.sort();
    places
}
