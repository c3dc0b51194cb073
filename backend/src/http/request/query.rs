//! Queries, read by the same schema that documents them.
//!
//! A parameter is text; the schema of the field says what it must mean. So all mistakes come at once, and an unknown
//! parameter is refused with a suggestion, like an unknown field of a body.

use domain::field::{Code, Errors, Flaw, Shape};
use schemars::JsonSchema;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};
use url::form_urlencoded;

use crate::http::problem::Problem;

/// The parameters a handler knows.
pub(crate) trait Query: JsonSchema + DeserializeOwned + Send + 'static {}

impl<T: JsonSchema + DeserializeOwned + Send + 'static> Query for T {}

/// There are no parameters.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NoQuery {}

/// Reads a query.
pub(crate) fn read<Q: Query>(form: &Shape<Q>, query: &str) -> Result<Q, Problem> {
    let fields = form.schema().get("properties").and_then(Value::as_object);
    let mut values = Map::new();
    let mut errors = Errors::new();
    for (name, text) in form_urlencoded::parse(query.as_bytes()) {
        let schema = fields.and_then(|fields| fields.get(name.as_ref()));
        if text.contains('\0') || name.contains('\0') {
            errors.note(&name, Flaw::malformed("leave out the character NUL"));
        } else if wants(schema, "array") {
            let list = values.entry(name).or_insert_with(|| Value::Array(Vec::new()));
            list.as_array_mut().into_iter().for_each(|list| list.push(Value::String(text.to_string())));
        } else if values.contains_key(name.as_ref()) {
            errors.note(&name, Flaw::new(Code::Duplicate, "give this parameter once"));
        } else {
            values.insert(name.into_owned(), meant(schema, &text));
        }
    }
    let found = errors.into_found();
    if !found.is_empty() {
        return Err(Problem::parameters(found));
    }
    form.read(Value::Object(values)).map_err(Problem::parameters)
}

/// What a text means where the schema wants something else than a text. What it does not mean stays a text, and is
/// then found to be of the wrong type.
fn meant(schema: Option<&Value>, text: &str) -> Value {
    let number = || text.parse::<i64>().ok().map(Value::from);
    let switch = || text.parse::<bool>().ok().map(Value::from);
    let value = match () {
        () if wants(schema, "integer") => number(),
        () if wants(schema, "boolean") => switch(),
        () => None,
    };
    value.unwrap_or_else(|| Value::String(text.to_owned()))
}

/// Whether the schema of a field allows this type.
fn wants(schema: Option<&Value>, kind: &str) -> bool {
    let said = schema.and_then(|schema| schema.get("type"));
    said.is_some_and(|said| {
        said == kind || said.as_array().is_some_and(|list| list.iter().any(|one| one == kind))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, PartialEq, Deserialize, JsonSchema)]
    #[serde(rename_all = "camelCase", deny_unknown_fields)]
    struct Sample {
        limit: Option<u32>,
        #[serde(default)]
        dry_run: bool,
        #[serde(default)]
        label: Vec<String>,
        prefix: Option<String>,
    }

    fn sample(query: &str) -> Result<Sample, Problem> {
        read(&Shape::new(), query)
    }

    #[test]
    fn texts_become_what_the_schema_wants() {
        let read = sample("limit=5&dryRun=true&label=a%3Db&label=c&prefix=12").unwrap();
        let label = vec!["a=b".to_owned(), "c".to_owned()];
        assert_eq!(read, Sample { limit: Some(5), dry_run: true, label, prefix: Some("12".to_owned()) });
        let none = sample("").unwrap();
        assert_eq!(none, Sample { limit: None, dry_run: false, label: vec![], prefix: None });
    }

    #[test]
    fn all_mistakes_are_found_and_unknown_parameters_have_a_suggestion() {
        let text = format!("{:?}", sample("limti=5&dryRun=yes").unwrap_err());
        assert!(text.contains("did you mean `limit`?"), "{text}");
        assert!(text.contains("\"dryRun\"") && text.contains("true or false"), "{text}");
        for wrong in ["limit=1&limit=2", "limit=-1", "limit=x", "prefix=%00", "dryRun="] {
            assert!(sample(wrong).is_err(), "{wrong}");
        }
    }
}
