//! Names and words that do not appear in the house.

mod names;
mod paths;
mod sleeps;
mod unfinished;

use crate::rule::Rule;

pub(crate) const RULES: &[&Rule] =
    &[&names::FILES, &names::ITEMS, &paths::RULE, &sleeps::RULE, &unfinished::RULE];
