//! The document and a page to read it with, served. The page's files are part of the program: no other host is asked.

use std::sync::Arc;

use axum::Router;
use axum::extract::{Path, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::get;
use utoipa_swagger_ui::{Config, serve};

use crate::http::problem::Problem;
use crate::http::route::Chapter;

/// The page runs its own scripts, and writes styles into itself; nothing of anybody else's.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; \
    img-src 'self' data:; connect-src 'self'; font-src 'self'; base-uri 'none'; form-action 'none'; \
    frame-ancestors 'none'";

#[derive(Clone)]
struct Reference {
    json: Arc<str>,
    config: Arc<Config<'static>>,
}

/// `/openapi.json`, `/openapi.yaml` and `/docs`.
pub(crate) fn routes(chapters: &[Chapter]) -> Router {
    let config = Config::from("/openapi.json").try_it_out_enabled(false).use_base_layout();
    let reference = Reference { json: super::json(chapters).to_string().into(), config: Arc::new(config) };
    Router::new()
        .route("/openapi.json", get(document))
        .route("/docs", get(async || Redirect::permanent("/docs/")))
        .route("/docs/", get(index))
        .route("/docs/{*file}", get(file))
        .with_state(reference)
}

async fn document(State(reference): State<Reference>) -> Response {
    ([(header::CONTENT_TYPE, "application/json")], reference.json.to_string()).into_response()
}

async fn index(State(reference): State<Reference>) -> Response {
    page("index.html", &reference)
}

async fn file(State(reference): State<Reference>, Path(file): Path<String>) -> Response {
    page(&file, &reference)
}

fn page(file: &str, reference: &Reference) -> Response {
    let found = match serve(file, reference.config.clone()) {
        Ok(found) => found,
        Err(error) => {
            tracing::error!(%error, file, "a file of the reference page cannot be served");
            return Problem::bug().into_response();
        }
    };
    let Some(found) = found else { return Problem::not_found("there is no such page").into_response() };
    let mut response = (StatusCode::OK, found.bytes.into_owned()).into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("public, max-age=3600"));
    if let Ok(kind) = HeaderValue::from_str(&found.content_type) {
        headers.insert(header::CONTENT_TYPE, kind);
    }
    if found.gzpipped {
        headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"));
    }
    response
}
