//! What became of a wish.

use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use domain::ids::OperationId;
use schemars::{JsonSchema, SchemaGenerator};
use serde::Serialize;

use super::{Answered, Asking, Id, OPERATION_ID, REPLAYED, Reply, View, WOULD, body, json, set};
use crate::app::{Done, Effect, Named, Would};
use crate::http::problem::Problem;
use crate::http::request::Tag;

/// Something that was made or changed.
#[derive(Debug)]
pub(crate) struct Written<T> {
    done: Done<T>,
    /// Where it is, if not at the path of the request.
    at: Option<String>,
}

impl<T> Written<T> {
    pub(crate) fn here<S: Into<T>>(done: Done<S>) -> Self {
        Self::made(done, None)
    }

    /// The same, where showing it takes more than the thing itself.
    pub(crate) fn shown<S>(done: Done<S>, shown: impl FnOnce(S) -> T) -> Self {
        let Done { effect, thing, operation } = done;
        Self { done: Done { effect, thing: shown(thing), operation }, at: None }
    }

    /// Something that has a path of its own, below that of the request.
    pub(crate) fn below<S: Into<T>>(done: Done<S>, name: String) -> Self {
        Self::made(done, Some(name))
    }

    fn made<S: Into<T>>(done: Done<S>, at: Option<String>) -> Self {
        let Done { effect, thing, operation } = done;
        Self { done: Done { effect, thing: thing.into(), operation }, at }
    }
}

impl<T: View> Reply for Written<T> {
    fn answer(self, asking: &dyn Asking) -> Result<Response, Problem> {
        let Done { effect, thing, operation } = self.done;
        let bytes = json(&thing)?;
        let mut headers = HeaderMap::new();
        set(&mut headers, header::ETAG, Tag::of(thing.version(), &bytes).as_str());
        let status = match told(&mut headers, effect, operation, asking) {
            // It is over, and is still there to be shown.
            StatusCode::NO_CONTENT => StatusCode::OK,
            status => status,
        };
        if status == StatusCode::CREATED {
            let below = self.at.map(|name| format!("{}/{name}", asking.path()));
            set(&mut headers, header::LOCATION, below.as_deref().unwrap_or_else(|| asking.path()));
        }
        Ok(body(status, bytes, headers))
    }

    fn answers(generator: &mut SchemaGenerator) -> Vec<Answered> {
        let schema = generator.subschema_for::<T>();
        let answer = |status, says| Answered::json(status, says, schema.clone());
        vec![
            answer(
                StatusCode::OK,
                "It was changed, or was so already; or nothing was done, as `dryRun` asks.",
            )
            .with(&["ETag", "Would", "Idempotency-Replayed"]),
            answer(StatusCode::CREATED, "It was made.").with(&["ETag", "Location", "Idempotency-Replayed"]),
            answer(StatusCode::ACCEPTED, "It is written; an operation brings it to the engine.").with(&[
                "ETag",
                "Location",
                "Operation-Id",
                "Idempotency-Replayed",
            ]),
        ]
    }
}

/// Something that was taken away, or is being taken down.
#[derive(Debug)]
pub(crate) struct Removed {
    effect: Effect,
    operation: Option<OperationId>,
    gone: Gone,
}

/// What is being taken down.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Gone {
    /// Its id.
    id: Id,
    /// Its name.
    name: String,
}

impl Removed {
    pub(crate) fn of(done: Done<Named>) -> Self {
        let Named { id, name } = done.thing;
        Self { effect: done.effect, operation: done.operation, gone: Gone { id: Id(id), name } }
    }

    /// The same where what was done does not say what it was about.
    pub(crate) fn named<T>(done: &Done<T>, id: Id, name: String) -> Self {
        Self { effect: done.effect, operation: done.operation, gone: Gone { id, name } }
    }
}

impl Reply for Removed {
    fn answer(self, asking: &dyn Asking) -> Result<Response, Problem> {
        let mut headers = HeaderMap::new();
        let status = told(&mut headers, self.effect, self.operation, asking);
        if status == StatusCode::NO_CONTENT {
            return Ok((status, headers).into_response());
        }
        Ok(body(status, json(&self.gone)?, headers))
    }

    fn answers(generator: &mut SchemaGenerator) -> Vec<Answered> {
        let schema = generator.subschema_for::<Gone>();
        vec![
            Answered::json(StatusCode::OK, "Nothing was done, as `dryRun` asks.", schema.clone())
                .with(&["Would"]),
            Answered::json(StatusCode::ACCEPTED, "It is being taken down.", schema).with(&[
                "Location",
                "Operation-Id",
                "Idempotency-Replayed",
            ]),
            Answered::bare(StatusCode::NO_CONTENT, "It is gone.").with(&["Idempotency-Replayed"]),
        ]
    }
}

/// The status of what was done, and the headers that say more.
fn told(
    headers: &mut HeaderMap,
    effect: Effect,
    operation: Option<OperationId>,
    asking: &dyn Asking,
) -> StatusCode {
    if let Some(id) = operation {
        set(headers, OPERATION_ID, &id.to_string());
        let operations = format!("/v1/tenants/{}/operations", asking.parameter("tenant"));
        set(headers, header::LOCATION, &format!("{operations}/{id}"));
    }
    let accepted = operation.is_some();
    match effect {
        Effect::Created | Effect::Changed if accepted => StatusCode::ACCEPTED,
        Effect::Created => StatusCode::CREATED,
        Effect::Changed | Effect::Unchanged => StatusCode::OK,
        Effect::Deleting => StatusCode::ACCEPTED,
        Effect::Deleted => StatusCode::NO_CONTENT,
        Effect::Replayed { status } => {
            headers.insert(REPLAYED, HeaderValue::from_static("true"));
            StatusCode::from_u16(status).unwrap_or(StatusCode::OK)
        }
        Effect::WouldBe(would) => {
            let word = match would {
                Would::Create => "create",
                Would::Change => "change",
                Would::Leave => "leave",
                Would::Delete => "delete",
            };
            headers.insert(WOULD, HeaderValue::from_static(word));
            StatusCode::OK
        }
    }
}
