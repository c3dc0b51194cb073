//! Sizes and the layout of files.

mod folders;
mod functions;
mod layout;
mod lib_files;
mod sizes;

use crate::rule::Rule;

pub(crate) const RULES: &[&Rule] = &[
    &folders::RULE,
    &functions::RULE,
    &layout::OPENINGS,
    &layout::FOLDER_MODULES,
    &lib_files::RULE,
    &sizes::RULE,
];

/// Text that people write and read as code.
fn is_code(path: &str) -> bool {
    [".rs", ".go", ".sql", ".sh", ".ts", ".tsx", ".py"].iter().any(|end| path.ends_with(end))
}
