//! The schemas of the document: those by which bodies are read, and those of answers.

use schemars::generate::SchemaSettings;
use schemars::{Schema, SchemaGenerator};
use serde_json::{Map, Value};
use utoipa::openapi::Ref;

use crate::http::problem::Problem;

const HERE: &str = "#/components/schemas/";

pub(super) struct Schemas {
    generator: SchemaGenerator,
    /// Those that have no type of their own.
    more: Map<String, Value>,
}

impl Schemas {
    pub(super) fn new() -> Self {
        let settings = SchemaSettings::draft2020_12().with(|settings| {
            settings.definitions_path = "/components/schemas".into();
            settings.meta_schema = None;
        });
        let mut generator = settings.into_generator();
        let problem = Problem::schema(&mut generator);
        let more = Map::from_iter([("Problem".to_owned(), problem.to_value())]);
        Self { generator, more }
    }

    pub(super) fn generator(&mut self) -> &mut SchemaGenerator {
        &mut self.generator
    }

    /// Where the schema is in the document; one that has no name gets this one.
    pub(super) fn refer(&mut self, schema: &Schema, name: &str) -> Ref {
        let known = schema.get("$ref").and_then(Value::as_str).and_then(|known| known.strip_prefix(HERE));
        match known {
            Some(known) => Ref::from_schema_name(known),
            None => {
                self.more.insert(name.to_owned(), schema.clone().to_value());
                Ref::from_schema_name(name)
            }
        }
    }

    /// All of them.
    pub(super) fn finish(mut self) -> Map<String, Value> {
        let mut all = self.generator.take_definitions(true);
        all.extend(self.more);
        all
    }
}

/// What is read raw is called by what it says: `RawBackoff` is a backoff, and `RawDeployment`, as there is a deployment
/// already, the specification of one.
pub(super) fn public_name(name: &str, taken: &Map<String, Value>) -> String {
    match name.strip_prefix("Raw") {
        None => name.to_owned(),
        Some(plain) if taken.contains_key(plain) => format!("{plain}Spec"),
        Some(plain) => plain.to_owned(),
    }
}

/// The document with those names in it.
pub(super) fn renamed(value: Value, taken: &Map<String, Value>) -> Value {
    match value {
        Value::Object(members) => {
            let members = members.into_iter().map(|(key, value)| match (key.as_str(), value.as_str()) {
                ("$ref", Some(place)) => {
                    let name = place.strip_prefix(HERE).map(|name| public_name(name, taken));
                    let place = name.map_or_else(|| place.to_owned(), |name| format!("{HERE}{name}"));
                    (key, Value::String(place))
                }
                _ => (key, renamed(value, taken)),
            });
            Value::Object(members.collect())
        }
        Value::Array(entries) => Value::Array(entries.into_iter().map(|one| renamed(one, taken)).collect()),
        plain @ (Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_)) => plain,
    }
}
