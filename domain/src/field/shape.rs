//! Structure: whether a body has the form that its type's JSON Schema describes.
//!
//! The schema is the one that `openapi.yaml` carries, so what is documented is what is checked. We read the keywords
//! that schemars writes for our types and no others; [`Shape::unread`] names what we would skip, and a test that there
//! is nothing.

use std::fmt;
use std::marker::PhantomData;

use schemars::JsonSchema;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use super::code::Code;
use super::errors::Errors;
use super::flaw::{FieldError, Flaw};
use super::suggestion::closest;

/// The form of a body that becomes a `T`. Make it once and keep it.
pub struct Shape<T> {
    schema: Value,
    of: PhantomData<fn() -> T>,
}

/// Keywords that say nothing about what is allowed.
const REMARKS: &[&str] =
    &["$schema", "$defs", "title", "description", "default", "examples", "format", "writeOnly", "deprecated"];
/// Keywords that [`Reading`] reads.
const READ: &[&str] = &[
    "$ref",
    "type",
    "properties",
    "required",
    "additionalProperties",
    "items",
    "enum",
    "const",
    "anyOf",
    "oneOf",
];

impl<T: JsonSchema + DeserializeOwned> Shape<T> {
    /// The form of `T`.
    #[must_use]
    pub fn new() -> Self {
        Self { schema: schemars::schema_for!(T).to_value(), of: PhantomData }
    }

    /// What is wrong with the form of a body, all of it.
    #[must_use]
    pub fn errors(&self, body: &Value) -> Vec<FieldError> {
        let mut reading = Reading { root: &self.schema, errors: Errors::new() };
        reading.compare(&self.schema, body);
        reading.errors.into_found()
    }

    /// The body as a `T`, or what is wrong with its form, all of it.
    pub fn read(&self, body: Value) -> Result<T, Vec<FieldError>> {
        let errors = self.errors(&body);
        if !errors.is_empty() {
            return Err(errors);
        }
        // Not reached while the schema says all that the type asks for. What serde says could repeat a value.
        serde_json::from_value(body).map_err(|_| {
            let mut errors = Errors::new();
            errors.note_here(Flaw::new(Code::WrongType, "the body does not have the form of the schema"));
            errors.into_found()
        })
    }

    /// The schema, for `openapi.yaml`.
    #[must_use]
    pub fn schema(&self) -> &Value {
        &self.schema
    }

    /// Keywords of the schema that we do not read. There must be none.
    #[must_use]
    pub fn unread(&self) -> Vec<String> {
        let mut found = Vec::new();
        let definitions =
            self.schema.get("$defs").and_then(Value::as_object).into_iter().flat_map(Map::values);
        definitions.chain([&self.schema]).for_each(|schema| skipped(schema, &mut found));
        found
    }
}

impl<T: JsonSchema + DeserializeOwned> Default for Shape<T> {
    fn default() -> Self {
        Self::new()
    }
}

impl<T> fmt::Debug for Shape<T> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "Shape<{}>", std::any::type_name::<T>())
    }
}

fn skipped(schema: &Value, found: &mut Vec<String>) {
    let Some(schema) = schema.as_object() else { return };
    let known = |key: &String| REMARKS.contains(&key.as_str()) || READ.contains(&key.as_str());
    found.extend(schema.keys().filter(|key| !known(key)).cloned());
    let options = ["anyOf", "oneOf"].into_iter().filter_map(|key| schema.get(key)?.as_array());
    for list in options {
        if list.iter().filter(|option| !is_null(option) && literals(option).is_none()).count() > 1 {
            found.push("a union".to_owned());
        }
        list.iter().for_each(|option| skipped(option, found));
    }
    let fields = schema.get("properties").and_then(Value::as_object).into_iter().flat_map(Map::values);
    let rest = ["items", "additionalProperties"].into_iter().filter_map(|key| schema.get(key));
    fields.chain(rest).for_each(|schema| skipped(schema, found));
}

struct Reading<'s> {
    root: &'s Value,
    errors: Errors,
}

impl<'s> Reading<'s> {
    fn compare(&mut self, schema: &'s Value, value: &Value) {
        if self.errors.full() {
            return;
        }
        let schema = self.named(schema);
        let options = schema.get("anyOf").or_else(|| schema.get("oneOf")).and_then(Value::as_array);
        if let Some(options) = options {
            self.choose(options, value);
        } else if let Some(allowed) = literals(schema) {
            self.one_of(&allowed, value);
        } else if self.fits(schema, value) {
            match (value.as_object(), value.as_array()) {
                (Some(members), _) => self.members(schema, members),
                (None, Some(entries)) => self.entries(schema, entries),
                (None, None) => {}
            }
        }
    }

    /// Follows references to definitions.
    fn named(&self, schema: &'s Value) -> &'s Value {
        let name = schema.get("$ref").and_then(Value::as_str).and_then(|name| name.strip_prefix('#'));
        name.and_then(|name| self.root.pointer(name)).map_or(schema, |definition| self.named(definition))
    }

    fn choose(&mut self, options: &'s [Value], value: &Value) {
        if value.is_null() && options.iter().any(is_null) {
            return;
        }
        let mut options = options.iter().filter(|option| !is_null(option)).map(|option| self.named(option));
        let Some(first) = options.next() else { return };
        match literals(first) {
            Some(mut allowed) => {
                allowed.extend(options.filter_map(literals).flatten());
                self.one_of(&allowed, value);
            }
            None => self.compare(first, value),
        }
    }

    fn one_of(&mut self, allowed: &[&str], value: &Value) {
        let said = value.as_str().unwrap_or_default();
        if value.is_string() && allowed.contains(&said) {
            return;
        }
        let hint = did_you_mean(said, allowed.iter().copied());
        let flaw =
            Flaw::new(Code::UnknownValue, format!("use one of {}{hint}", quoted(allowed.iter().copied())));
        self.errors.note_here(flaw);
    }

    /// Whether the value is of a type that the schema allows.
    fn fits(&mut self, schema: &Value, value: &Value) -> bool {
        let Some(wanted) = schema.get("type") else { return true };
        let wanted: Vec<&str> = match wanted.as_array() {
            Some(list) => list.iter().filter_map(Value::as_str).collect(),
            None => wanted.as_str().into_iter().collect(),
        };
        let is = kind(value);
        if wanted.contains(&is) || is == "integer" && wanted.contains(&"number") {
            return true;
        }
        let wanted: Vec<&str> = wanted.into_iter().filter(|name| *name != "null").map(article).collect();
        let detail = format!("give {}; this is {}", wanted.join(" or "), article(is));
        self.errors.note_here(Flaw::new(Code::WrongType, detail));
        false
    }

    fn members(&mut self, schema: &'s Value, members: &Map<String, Value>) {
        let fields = schema.get("properties").and_then(Value::as_object);
        let others = schema.get("additionalProperties");
        for (key, value) in members {
            let field = fields.and_then(|fields| fields.get(key));
            match field.or_else(|| others.filter(|others| others.is_object())) {
                Some(inner) => self.deeper(key, inner, value),
                None if others == Some(&Value::Bool(false)) => self.unknown(fields, key),
                None => {}
            }
        }
        let required = schema.get("required").and_then(Value::as_array).into_iter().flatten();
        for key in required.filter_map(Value::as_str).filter(|key| !members.contains_key(*key)) {
            self.errors.note(key, Flaw::required("this field must be given"));
        }
    }

    fn entries(&mut self, schema: &'s Value, entries: &[Value]) {
        let Some(inner) = schema.get("items") else { return };
        for (index, value) in entries.iter().enumerate() {
            self.deeper(&index.to_string(), inner, value);
        }
    }

    fn deeper(&mut self, key: &str, schema: &'s Value, value: &Value) {
        let outer = self.errors.enter(key);
        self.compare(schema, value);
        self.errors.leave(outer);
    }

    fn unknown(&mut self, fields: Option<&Map<String, Value>>, key: &str) {
        if self.errors.full() {
            return;
        }
        let names = || fields.into_iter().flat_map(Map::keys).map(String::as_str);
        let hint = match did_you_mean(key, names()) {
            hint if !hint.is_empty() => hint,
            _ if names().next().is_some() => format!("; there are {}", quoted(names())),
            _ => String::new(),
        };
        self.errors.note(key, Flaw::new(Code::UnknownField, format!("there is no field of this name{hint}")));
    }
}

fn did_you_mean<'a>(said: &str, words: impl Iterator<Item = &'a str>) -> String {
    closest(said, words).map(|word| format!("; did you mean `{word}`?")).unwrap_or_default()
}

fn quoted<'a>(words: impl Iterator<Item = &'a str>) -> String {
    words.map(|word| format!("`{word}`")).collect::<Vec<_>>().join(", ")
}

fn is_null(schema: &Value) -> bool {
    schema.get("type").and_then(Value::as_str) == Some("null")
}

/// The texts a schema allows, if that is what it says.
fn literals(schema: &Value) -> Option<Vec<&str>> {
    match (schema.get("const"), schema.get("enum")) {
        (Some(one), _) => Some(one.as_str().into_iter().collect()),
        (None, Some(list)) => Some(list.as_array()?.iter().filter_map(Value::as_str).collect()),
        (None, None) => None,
    }
}

fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(number) if number.is_i64() => "integer",
        Value::Number(_) => "number",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    }
}

fn article(kind: &str) -> &'static str {
    match kind {
        "null" => "null",
        "boolean" => "true or false",
        "integer" => "a whole number",
        "number" => "a number",
        "string" => "a string",
        "array" => "a list",
        _ => "an object",
    }
}
