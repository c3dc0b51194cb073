//! How the house is built: manifests, images and the toolchain agree with each other.

mod images;
mod inherited;
mod settings;
mod table;

use crate::rule::Rule;

pub(crate) const RULES: &[&Rule] = &[&images::RULE, &inherited::RULE, &settings::RULE, &table::RULE];
