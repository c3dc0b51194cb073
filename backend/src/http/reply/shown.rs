//! One thing.

use axum::http::{HeaderMap, StatusCode, header};
use axum::response::Response;
use schemars::{JsonSchema, SchemaGenerator};
use serde::Serialize;

use super::{Answered, Asking, Reply, View, body, json, set};
use crate::http::problem::Problem;
use crate::http::request::Tag;

/// One thing, with its tag; nothing if the client has it already.
#[derive(Debug)]
pub(crate) struct Shown<T>(pub(crate) T);

impl<T: View> Reply for Shown<T> {
    fn answer(self, asking: &dyn Asking) -> Result<Response, Problem> {
        let version = self.0.version();
        if asking.conditions().fails(asking.method(), version) {
            let detail = "it is not what If-Match says any more";
            let problem = Problem::new(StatusCode::PRECONDITION_FAILED, "condition_failed", detail);
            return Err(problem.more("generation", version.generation.0));
        }
        let bytes = json(&self.0)?;
        let tag = Tag::of(version, &bytes);
        let mut headers = HeaderMap::new();
        set(&mut headers, header::ETAG, tag.as_str());
        if asking.conditions().has(&tag) {
            let mut response = Response::new(axum::body::Body::empty());
            *response.status_mut() = StatusCode::NOT_MODIFIED;
            *response.headers_mut() = headers;
            return Ok(response);
        }
        Ok(body(StatusCode::OK, bytes, headers))
    }

    fn answers(generator: &mut SchemaGenerator) -> Vec<Answered> {
        let schema = generator.subschema_for::<T>();
        vec![
            Answered::json(StatusCode::OK, "It is this.", schema).with(&["ETag"]),
            Answered::bare(StatusCode::NOT_MODIFIED, "It is still what `If-None-Match` says.")
                .with(&["ETag"]),
        ]
    }
}

/// Something that has no version: it is told once.
#[derive(Debug)]
pub(crate) struct Told<T>(pub(crate) T);

impl<T: Serialize + JsonSchema + Send + 'static> Reply for Told<T> {
    fn answer(self, _: &dyn Asking) -> Result<Response, Problem> {
        Ok(body(StatusCode::OK, json(&self.0)?, HeaderMap::new()))
    }

    fn answers(generator: &mut SchemaGenerator) -> Vec<Answered> {
        vec![Answered::json(StatusCode::OK, "It is this.", generator.subschema_for::<T>())]
    }
}

/// It is done, and there is nothing to show.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Finished;

impl Reply for Finished {
    fn answer(self, _: &dyn Asking) -> Result<Response, Problem> {
        let mut response = Response::new(axum::body::Body::empty());
        *response.status_mut() = StatusCode::NO_CONTENT;
        Ok(response)
    }

    fn answers(_: &mut SchemaGenerator) -> Vec<Answered> {
        vec![Answered::bare(StatusCode::NO_CONTENT, "It is done.")]
    }
}

/// Something that was made and has no version.
#[derive(Debug)]
pub(crate) struct Made<T> {
    /// Where it is, below the path of the request.
    pub(crate) name: String,
    pub(crate) thing: T,
}

impl<T: Serialize + JsonSchema + Send + 'static> Reply for Made<T> {
    fn answer(self, asking: &dyn Asking) -> Result<Response, Problem> {
        let mut headers = HeaderMap::new();
        set(&mut headers, header::LOCATION, &format!("{}/{}", asking.path(), self.name));
        Ok(body(StatusCode::CREATED, json(&self.thing)?, headers))
    }

    fn answers(generator: &mut SchemaGenerator) -> Vec<Answered> {
        let schema = generator.subschema_for::<T>();
        vec![Answered::json(StatusCode::CREATED, "It was made.", schema).with(&["Location"])]
    }
}
