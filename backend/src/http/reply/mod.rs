//! What is answered: one thing, a page of them, what became of a wish. With the headers that belong to it.

mod pages;
mod shown;
mod words;
mod written;

use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::Serialize;

use crate::app::Version;
use crate::http::problem::Problem;
use crate::http::request::{Accepts, Conditions};

pub(crate) use pages::{Cursors, Limit, Page, Pages};
pub(crate) use shown::{Finished, Made, Shown, Told};
pub(crate) use words::{Id, Life, Moment};
pub(crate) use written::{Removed, Written};

/// What the answer to a request depends on, besides what is answered.
pub(crate) trait Asking {
    fn method(&self) -> &axum::http::Method;
    /// The path as it was asked for, without its query.
    fn path(&self) -> &str;
    fn conditions(&self) -> &Conditions;
    /// What stands in the path for a parameter of it.
    fn parameter(&self, name: &str) -> &str;
}

/// What a handler answers.
pub(crate) trait Reply: Sized + Send + 'static {
    /// What it can be written in, the first one best.
    const MEDIA: Accepts = &["application/json"];
    /// Whether it may take long because the client asked to wait.
    const WAITS: bool = false;

    fn answer(self, asking: &dyn Asking) -> Result<Response, Problem>;
    /// Every answer there is, for `openapi.yaml`.
    fn answers(generator: &mut SchemaGenerator) -> Vec<Answered>;
}

/// One kind of answer, as the reference shows it.
#[derive(Clone, Debug)]
pub(crate) struct Answered {
    pub(crate) status: StatusCode,
    pub(crate) says: &'static str,
    pub(crate) media: &'static str,
    pub(crate) schema: Option<Schema>,
    pub(crate) headers: &'static [&'static str],
}

impl Answered {
    pub(crate) fn json(status: StatusCode, says: &'static str, schema: Schema) -> Self {
        Self { status, says, media: "application/json", schema: Some(schema), headers: &[] }
    }

    pub(crate) fn bare(status: StatusCode, says: &'static str) -> Self {
        Self { status, says, media: "application/json", schema: None, headers: &[] }
    }

    pub(crate) fn with(self, headers: &'static [&'static str]) -> Self {
        Self { headers, ..self }
    }
}

/// Something that answers show. It never has a secret in it.
pub(crate) trait View: Serialize + JsonSchema + Send + 'static {
    /// Which thing, in which version: what its tag says.
    fn version(&self) -> Version;
}

pub(crate) const OPERATION_ID: HeaderName = HeaderName::from_static("operation-id");
pub(crate) const WOULD: HeaderName = HeaderName::from_static("would");
pub(crate) const REPLAYED: HeaderName = HeaderName::from_static("idempotency-replayed");

/// A value as JSON.
fn json(value: &impl Serialize) -> Result<Vec<u8>, Problem> {
    serde_json::to_vec(value).map_err(|error| {
        tracing::error!(%error, "an answer cannot be written as JSON");
        Problem::bug()
    })
}

fn body(status: StatusCode, bytes: Vec<u8>, headers: HeaderMap) -> Response {
    (status, [(header::CONTENT_TYPE, "application/json")], headers, bytes).into_response()
}

/// Adds a header whose value was made from words of ours, ids and paths.
fn set(headers: &mut HeaderMap, name: HeaderName, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value) {
        headers.insert(name, value);
    }
}
