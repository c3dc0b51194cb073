//! Parameters of paths, queries and headers.

use serde_json::{Value, json};
use utoipa::openapi::path::{Parameter, ParameterBuilder, ParameterIn};
use utoipa::openapi::{RefOr, Required, Schema, Type, schema};

use super::schemas::Schemas;
use crate::http::route::Described;

/// What stands in paths, and what it says.
const IN_PATH: &[(&str, &str)] = &[
    ("tenant", "Name or id of the tenant."),
    ("member", "The principal, as `issuer:subject` or `group:issuer:name`."),
    ("key", "Id of the API key."),
    ("environment", "Name or id of the environment."),
    ("credential", "Name or id of the repository credential."),
    ("deployment", "Name or id of the deployment."),
    ("run", "Id of the sync run."),
    ("operation", "Id of the operation."),
    ("engineCluster", "Name or id of the engine cluster."),
    ("engineInstance", "Name or id of the engine instance."),
    ("stop", "Id of the stop."),
];

/// What headers of answers say.
const HEADERS: &[(&str, &str)] = &[
    ("ETag", "Which version it is; for `If-Match` and `If-None-Match`."),
    ("Location", "Where it is; with 202, where its operation is."),
    ("Operation-Id", "The operation that brings it to the engine."),
    ("Would", "What would be done: `create`, `change`, `leave` or `delete`."),
    ("Idempotency-Replayed", "`true`: this was done before, under the same `Idempotency-Key`."),
];

pub(super) fn header_says(name: &str) -> &'static str {
    HEADERS.iter().find(|(known, _)| *known == name).map_or("", |(_, says)| says)
}

/// A text.
pub(super) fn text() -> RefOr<Schema> {
    schema::ObjectBuilder::new().schema_type(Type::String).into()
}

pub(super) fn of(described: &Described, schemas: &mut Schemas) -> Vec<Parameter> {
    let mut all: Vec<Parameter> = described.parameters().map(in_path).collect();
    all.extend(in_query(described, schemas));
    all.extend(in_header(described));
    all
}

fn in_path(name: &'static str) -> Parameter {
    let says = IN_PATH.iter().find(|(known, _)| *known == name).map_or("", |(_, says)| says);
    ParameterBuilder::new()
        .name(name)
        .parameter_in(ParameterIn::Path)
        .required(Required::True)
        .description(Some(says).filter(|says| !says.is_empty()))
        .schema(Some(text()))
        .build()
}

fn in_query(described: &Described, schemas: &mut Schemas) -> Vec<Parameter> {
    let schema = (described.query)(schemas.generator());
    let fields = schema.get("properties").and_then(Value::as_object).cloned().unwrap_or_default();
    let required: Vec<&Value> =
        schema.get("required").and_then(Value::as_array).into_iter().flatten().collect();
    let parameters = fields.iter().map(|(name, field)| {
        let says = field.get("description").and_then(Value::as_str).map(ToOwned::to_owned);
        let needed = required.iter().any(|known| *known == name);
        ParameterBuilder::new()
            .name(name)
            .parameter_in(ParameterIn::Query)
            .required(if needed { Required::True } else { Required::False })
            .description(says)
            .schema(Some(plain(field)))
            .build()
    });
    parameters.collect()
}

/// The schema of a parameter, which is never null: it is absent.
fn plain(field: &Value) -> RefOr<Schema> {
    let mut field = field.clone();
    if let Some(members) = field.as_object_mut() {
        members.remove("description");
        members.remove("default");
        let kind = members.get("type").and_then(Value::as_array);
        let some = kind.and_then(|kinds| kinds.iter().find(|kind| *kind != "null")).cloned();
        if let Some(some) = some {
            members.insert("type".to_owned(), some);
        }
        let options = members.remove("anyOf").and_then(|options| options.as_array().cloned());
        if let Some(some) = options.and_then(|options| options.into_iter().find(|one| one["type"] != "null"))
        {
            return serde_json::from_value(some).unwrap_or_else(|_| text());
        }
    }
    serde_json::from_value(field).unwrap_or_else(|_| text())
}

fn in_header(described: &Described) -> Vec<Parameter> {
    let tags = r#"^(\*|(W/)?"[!#-~]*"(, *(W/)?"[!#-~]*")*)$"#;
    let mut headers = vec![];
    if described.writes() {
        headers.push((
            "Idempotency-Key",
            "A name of yours for this wish. Sent again within 24 hours with the same body, it is answered like the first \
             time, and done once.",
            json!({"type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[!#-~]+$"}),
        ));
        headers.push((
            "If-Match",
            "Do it only if it is this version still, or, with `*`, if it exists.",
            json!({"type": "string", "pattern": tags}),
        ));
    }
    headers.push((
        "If-None-Match",
        if described.writes() {
            "Do it only if it is none of these; with `*`: if it does not exist."
        } else {
            "Answer 304 if it is still one of these."
        },
        json!({"type": "string", "pattern": tags}),
    ));
    let parameters = headers.into_iter().map(|(name, says, schema)| {
        ParameterBuilder::new()
            .name(name)
            .parameter_in(ParameterIn::Header)
            .required(Required::False)
            .description(Some(says))
            .schema(Some(serde_json::from_value::<RefOr<Schema>>(schema).unwrap_or_else(|_| text())))
            .build()
    });
    parameters.collect()
}
