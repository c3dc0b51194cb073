//! What went wrong, as RFC 9457 has it. Every error this door answers with is made here.

mod refused;

use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use domain::field::FieldError;
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Map, Value};

pub(super) const CONTENT_TYPE: &str = "application/problem+json";

/// The body of every answer that is an error.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[schemars(rename = "Problem", inline)]
struct Body {
    /// Always `about:blank`: `code` says which problem it is.
    #[serde(rename = "type")]
    kind: &'static str,
    /// The name of the status.
    title: &'static str,
    /// The status.
    status: u16,
    /// Which problem it is, for programs.
    code: &'static str,
    /// What to do about it, for people.
    detail: String,
    /// What is wrong with single fields or parameters, all of it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    errors: Vec<Wrong>,
    /// More, depending on the code: `needs`, `limit`, `usedBy`, `livesIn`, `generation`, `requestId`.
    #[serde(flatten)]
    #[schemars(skip)]
    more: Map<String, Value>,
}

/// What is wrong with one field or parameter.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(rename = "FieldProblem")]
pub(crate) struct Wrong {
    /// Where in the body, as a JSON pointer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pointer: Option<String>,
    /// Which parameter of the query.
    #[serde(skip_serializing_if = "Option::is_none")]
    parameter: Option<String>,
    /// What kind of mistake it is, for programs.
    code: &'static str,
    /// What to do about it, for people.
    detail: String,
}

/// An answer that is an error. `code` is for programs, `detail` for people and says what to do.
#[derive(Clone, Debug)]
pub(crate) struct Problem(Box<Parts>);

#[derive(Clone, Debug)]
struct Parts {
    status: StatusCode,
    body: Body,
    headers: HeaderMap,
}

impl Problem {
    pub(crate) fn new(status: StatusCode, code: &'static str, detail: impl Into<String>) -> Self {
        let title = status.canonical_reason().unwrap_or("Error");
        let body = Body {
            kind: "about:blank",
            title,
            status: status.as_u16(),
            code,
            detail: detail.into(),
            errors: Vec::new(),
            more: Map::new(),
        };
        Self(Box::new(Parts { status, body, headers: HeaderMap::new() }))
    }

    pub(crate) fn not_found(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::NOT_FOUND, "not_found", detail)
    }

    /// A thing that is not there, or is another tenant's: nobody can tell which of the two.
    pub(crate) fn absent(noun: &str) -> Self {
        Self::not_found(format!("there is no such {noun}"))
    }

    pub(crate) fn method_not_allowed(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::METHOD_NOT_ALLOWED, "method_not_allowed", detail)
    }

    pub(crate) fn malformed_body(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "malformed_body", detail)
    }

    pub(crate) fn invalid_header(name: &str, detail: &str) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "invalid_header", format!("{name}: {detail}"))
    }

    pub(crate) fn forbidden(needs: &'static str) -> Self {
        let detail =
            format!("this needs the role {needs}; ask an owner of the tenant, or an operator, for it");
        Self::new(StatusCode::FORBIDDEN, "forbidden", detail).more("needs", needs)
    }

    pub(crate) fn unavailable(code: &'static str, detail: impl Into<String>, retry_after: u64) -> Self {
        Self::new(StatusCode::SERVICE_UNAVAILABLE, code, detail).retry_after(retry_after)
    }

    /// A mistake of ours. What it was is in the log, under the id of the request.
    pub(crate) fn bug() -> Self {
        let detail = "the service made a mistake; tell its operator the id of the request";
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "bug", detail)
    }

    /// Wrong fields of a body.
    pub(crate) fn fields(errors: Vec<FieldError>) -> Self {
        let secret = |error: &FieldError| error.code == domain::field::Code::SecretRequired;
        let (code, detail) = if !errors.is_empty() && errors.iter().all(secret) {
            ("secret_required", "what is stored would be sent elsewhere; give the secret anew")
        } else {
            ("invalid_fields", "some fields of the body are wrong; `errors` says which, and what to do")
        };
        let mut problem = Self::new(StatusCode::UNPROCESSABLE_ENTITY, code, detail);
        problem.0.body.errors = errors.into_iter().map(Wrong::field).collect();
        problem
    }

    /// Wrong parameters of a query.
    pub(crate) fn parameters(errors: Vec<FieldError>) -> Self {
        let detail = "some parameters of the query are wrong; `errors` says which, and what to do";
        let mut problem = Self::new(StatusCode::BAD_REQUEST, "invalid_parameters", detail);
        problem.0.body.errors = errors.into_iter().map(Wrong::parameter).collect();
        problem
    }

    /// One wrong field of a body that could not be read.
    pub(crate) fn at(mut self, error: FieldError) -> Self {
        self.0.body.errors.push(Wrong::field(error));
        self
    }

    pub(crate) fn more(mut self, name: &'static str, value: impl Into<Value>) -> Self {
        self.0.body.more.insert(name.to_owned(), value.into());
        self
    }

    pub(crate) fn header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.0.headers.insert(name, value);
        self
    }

    pub(crate) fn retry_after(self, seconds: u64) -> Self {
        self.header(header::RETRY_AFTER, HeaderValue::from(seconds))
    }

    #[cfg(test)]
    pub(crate) fn status(&self) -> StatusCode {
        self.0.status
    }

    /// The schema of the body, for `openapi.yaml`.
    pub(crate) fn schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
        Body::json_schema(generator)
    }
}

impl Wrong {
    fn field(error: FieldError) -> Self {
        let FieldError { pointer, code, detail } = error;
        Self { pointer: Some(pointer.as_str().to_owned()), parameter: None, code: code.name(), detail }
    }

    fn parameter(error: FieldError) -> Self {
        let FieldError { pointer, code, detail } = error;
        let name = pointer.as_str().trim_start_matches('/').split('/').next().unwrap_or_default().to_owned();
        Self { pointer: None, parameter: Some(name), code: code.name(), detail }
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let Parts { status, body, headers } = *self.0;
        // A map with strings for keys cannot fail to be written.
        let bytes = serde_json::to_vec(&body).unwrap_or_default();
        let mut response = (status, [(header::CONTENT_TYPE, CONTENT_TYPE)], headers, bytes).into_response();
        response.extensions_mut().insert(Code(body.code));
        response
    }
}

/// Which problem an answer is, for the log.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Code(pub(crate) &'static str);

#[cfg(test)]
mod tests {
    use domain::field::{Code, Flaw, Pointer};

    use super::*;

    fn flaw(code: Code, place: &str) -> FieldError {
        Flaw::new(code, "do this").found_at(Pointer::root().at(place))
    }

    #[test]
    fn a_problem_names_every_wrong_field() {
        let problem = Problem::fields(vec![flaw(Code::Required, "a/b"), flaw(Code::SecretRequired, "token")]);
        let body = serde_json::to_value(&problem.0.body).unwrap();
        assert_eq!(body["status"], 422);
        assert_eq!(body["code"], "invalid_fields");
        let expected = serde_json::json!([
            {"pointer": "/a~1b", "code": "required", "detail": "do this"},
            {"pointer": "/token", "code": "secret_required", "detail": "do this"},
        ]);
        assert_eq!(body["errors"], expected);
    }

    #[test]
    fn a_missing_secret_has_a_code_of_its_own() {
        let problem = Problem::fields(vec![flaw(Code::SecretRequired, "token")]);
        assert_eq!(problem.0.body.code, "secret_required");
    }

    #[test]
    fn parameters_are_named_and_not_pointed_to() {
        let problem = Problem::parameters(vec![flaw(Code::UnknownField, "limti")]);
        let body = serde_json::to_value(&problem.0.body).unwrap();
        assert_eq!(body["errors"][0]["parameter"], "limti");
        assert!(body["errors"][0].get("pointer").is_none());
    }
}
