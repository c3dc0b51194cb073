//! What queries say about a wish that writes.

use schemars::JsonSchema;
use serde::Deserialize;

/// About something that is made or changed.
#[derive(Clone, Copy, Debug, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Writing {
    /// Check everything, say what would change in `Would`, and change nothing.
    #[serde(default)]
    pub(crate) dry_run: bool,
}

/// About something that is taken away.
#[derive(Clone, Copy, Debug, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Removing {
    /// Check everything, say what would be done in `Would`, and do nothing.
    #[serde(default)]
    pub(crate) dry_run: bool,
    /// Also take away what uses it, all of that first. Without it, being used is a reason to refuse.
    #[serde(default)]
    pub(crate) cascade: bool,
}
