//! Bodies: how one is read, and into what.

use axum::http::{HeaderMap, StatusCode, header};
use domain::field::{Errors, Shape};
use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use super::json::{Unreadable, read};
use super::kubeconfig;
use crate::http::problem::Problem;

/// The most bytes a body may have.
pub(crate) const BODY_LIMIT: usize = 1024 * 1024;

const JSON: &str = "application/json";
const MERGE_PATCH: &str = "application/merge-patch+json";

/// What a handler wants to know of the body.
pub(crate) trait Body: Sized + Send + 'static {
    /// What is made once, to read many.
    type Form: Send + Sync + 'static;
    /// What the body is written in, or nothing if there is none.
    const MEDIA: Option<&'static str>;

    fn form() -> Self::Form;
    fn read(form: &Self::Form, headers: &HeaderMap, bytes: &[u8]) -> Result<Self, Problem>;
    /// What may be in it, for `openapi.yaml`.
    fn schema(generator: &mut SchemaGenerator) -> Option<Schema>;
}

/// There is no body, and nobody looks at one.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Nothing;

impl Body for Nothing {
    type Form = ();
    const MEDIA: Option<&'static str> = None;

    fn form() {}

    fn read((): &(), _: &HeaderMap, bytes: &[u8]) -> Result<Self, Problem> {
        if bytes.is_empty() {
            return Ok(Self);
        }
        Err(Problem::malformed_body("this request takes no body; send none"))
    }

    fn schema(_: &mut SchemaGenerator) -> Option<Schema> {
        None
    }
}

/// A JSON body of this form.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Json<T>(pub(crate) T);

impl<T: JsonSchema + DeserializeOwned + Send + 'static> Body for Json<T> {
    type Form = Shape<T>;
    const MEDIA: Option<&'static str> = Some(JSON);

    fn form() -> Shape<T> {
        Shape::new()
    }

    fn read(form: &Shape<T>, headers: &HeaderMap, bytes: &[u8]) -> Result<Self, Problem> {
        let mut body = object(headers, &[JSON], bytes)?;
        if form.schema().pointer("/properties/kubeconfig").is_some() {
            kubeconfig::unfold(&mut body).map_err(|error| Problem::fields(vec![error]))?;
        }
        form.read(body).map(Self).map_err(Problem::fields)
    }

    fn schema(generator: &mut SchemaGenerator) -> Option<Schema> {
        Some(generator.subschema_for::<T>())
    }
}

/// A JSON merge patch (RFC 7396) of a body of this form: what is absent stays, what is null goes away.
#[derive(Clone, Debug)]
pub(crate) struct MergePatch<T> {
    pub(crate) patch: Map<String, Value>,
    of: std::marker::PhantomData<fn() -> T>,
}

impl<T: JsonSchema + DeserializeOwned + Send + 'static> Body for MergePatch<T> {
    type Form = Vec<String>;
    const MEDIA: Option<&'static str> = Some(MERGE_PATCH);

    fn form() -> Vec<String> {
        let schema = Shape::<T>::new();
        let fields = schema.schema().get("properties").and_then(Value::as_object);
        fields.into_iter().flat_map(Map::keys).cloned().collect()
    }

    fn read(fields: &Vec<String>, headers: &HeaderMap, bytes: &[u8]) -> Result<Self, Problem> {
        let mut body = object(headers, &[MERGE_PATCH, JSON], bytes)?;
        if fields.iter().any(|field| field == "kubeconfig") {
            kubeconfig::unfold(&mut body).map_err(|error| Problem::fields(vec![error]))?;
        }
        match body {
            Value::Object(patch) => Ok(Self { patch, of: std::marker::PhantomData }),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_) => {
                let mut errors = Errors::new();
                let detail = "a merge patch is an object of the fields that change";
                errors.note_here(domain::field::Flaw::new(domain::field::Code::WrongType, detail));
                Err(Problem::fields(errors.into_found()))
            }
        }
    }

    /// The form of the whole, of which any part may be left out, or null.
    fn schema(generator: &mut SchemaGenerator) -> Option<Schema> {
        let whole = generator.root_schema_for::<T>();
        let fields = whole.get("properties").and_then(Value::as_object)?;
        let fields: Map<String, Value> = fields
            .iter()
            .map(|(name, schema)| (name.clone(), serde_json::json!({"anyOf": [schema, {"type": "null"}]})))
            .collect();
        // What the fields refer to becomes part of the document.
        generator.subschema_for::<T>();
        let patch = serde_json::json!({
            "type": "object", "properties": fields, "additionalProperties": false, "minProperties": 0,
        });
        Schema::try_from(patch).ok()
    }
}

/// The body as a value, if it is said to be, and is, JSON.
fn object(headers: &HeaderMap, media: &[&str], bytes: &[u8]) -> Result<Value, Problem> {
    if !media.iter().any(|media| is(headers, media)) {
        let detail = format!("say `Content-Type: {}`, and send such a body", media.join("` or `"));
        return Err(Problem::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "unsupported_media_type", detail));
    }
    read(bytes).map_err(|unreadable| match unreadable {
        Unreadable::Malformed(said) => Problem::malformed_body(format!("the body is not valid JSON: {said}")),
        Unreadable::At(error) => {
            Problem::malformed_body(format!("the body cannot be read: {}", error.detail)).at(error)
        }
    })
}

/// Whether the content is said to be of this type, in UTF-8.
fn is(headers: &HeaderMap, media: &str) -> bool {
    let Some(said) = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()) else {
        return false;
    };
    let mut parts = said.split(';').map(str::trim);
    let same = parts.next().is_some_and(|said| said.eq_ignore_ascii_case(media));
    let charset =
        |part: &str| part.to_ascii_lowercase().strip_prefix("charset=").map(|name| name.replace('"', ""));
    same && parts.filter_map(charset).all(|name| name == "utf-8")
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    fn said(media: &'static str) -> HeaderMap {
        HeaderMap::from_iter([(header::CONTENT_TYPE, HeaderValue::from_static(media))])
    }

    #[test]
    fn a_body_is_what_its_content_type_says() {
        for right in
            ["application/json", "Application/JSON; charset=UTF-8", "application/json;charset=\"utf-8\""]
        {
            assert!(object(&said(right), &[JSON], b"{}").is_ok(), "{right}");
        }
        for wrong in ["text/plain", "application/json; charset=latin1", "application/jsonx", ""] {
            let problem = object(&said(wrong), &[JSON], b"{}").unwrap_err();
            assert_eq!(problem.status(), StatusCode::UNSUPPORTED_MEDIA_TYPE, "{wrong}");
        }
        assert_eq!(
            object(&HeaderMap::new(), &[JSON], b"{}").unwrap_err().status(),
            StatusCode::UNSUPPORTED_MEDIA_TYPE
        );
    }

    #[test]
    fn who_takes_no_body_refuses_one() {
        assert!(Nothing::read(&(), &HeaderMap::new(), b"").is_ok());
        assert!(Nothing::read(&(), &HeaderMap::new(), b"{}").is_err());
    }
}
