//! What queries say about a list: how many, from where on, and which.

use domain::field::{Flaw, Pointer};
use domain::text::Selector;
use schemars::JsonSchema;
use serde::Deserialize;

use crate::app::Filter;
use crate::http::problem::Problem;

/// The parameters of a list of named things.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Listing {
    /// How many: 1 to 200, and 50 if it is absent.
    pub(crate) limit: Option<i64>,
    /// What the page before said is the next one.
    pub(crate) page_token: Option<String>,
    /// Only those whose names begin so.
    pub(crate) prefix: Option<String>,
    /// Only those with these labels: `env=prod,tier!=db,team,!legacy`.
    pub(crate) labels: Option<String>,
}

/// The parameters of a list of other things.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Paging {
    /// How many: 1 to 200, and 50 if it is absent.
    pub(crate) limit: Option<i64>,
    /// What the page before said is the next one.
    pub(crate) page_token: Option<String>,
}

/// The longest beginning of a name.
const LONGEST: usize = 63;

/// Which named things are meant.
pub(crate) fn filter(prefix: Option<&str>, labels: Option<&str>) -> Result<Filter, Problem> {
    let mut errors = Vec::new();
    let mut wrong = |name: &str, flaw: Flaw| errors.push(flaw.found_at(Pointer::root().at(name)));
    let prefix = prefix.unwrap_or_default();
    if prefix.len() > LONGEST {
        wrong("prefix", Flaw::too_long(LONGEST, "characters"));
    }
    let labels = Selector::parse(labels.unwrap_or_default()).map_err(|flaw| wrong("labels", flaw)).ok();
    match labels {
        Some(labels) if errors.is_empty() => Ok(Filter { prefix: prefix.to_owned(), labels }),
        Some(_) | None => Err(Problem::parameters(errors)),
    }
}
