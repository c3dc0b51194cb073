//! The one-way doors: which crate, which room and which module may see which other.

mod circles;
mod crates;
mod outside;
mod rooms;

use crate::rule::Rule;

pub(crate) const RULES: &[&Rule] =
    &[&circles::RULE, &crates::RULE, &outside::IN_MANIFESTS, &outside::IN_CODE, &rooms::RULE];
