//! Each request has a name, a span, one line in the log and a place in the metrics.

use std::fmt;
use std::sync::Arc;

use axum::extract::{MatchedPath, Request, State};
use axum::http::{HeaderName, HeaderValue};
use axum::middleware::Next;
use axum::response::Response;
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::Registry;
use tokio::time::Instant;
use tracing::Instrument;
use uuid::Uuid;

use crate::http::problem::Code;

const X_REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
const LONGEST: usize = 128;

/// What a request is called, by its client or else by us.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct RequestId(Arc<str>);

impl RequestId {
    pub(crate) fn new() -> Self {
        Self(Uuid::new_v4().to_string().into())
    }

    /// What the client calls it, if that can go into a log and a header.
    fn said(request: &Request) -> Option<Self> {
        let text = request.headers().get(X_REQUEST_ID)?.to_str().ok()?;
        let plain = text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.:/+=".contains(&byte));
        (plain && !text.is_empty() && text.len() <= LONGEST).then(|| Self(text.into()))
    }
}

impl Default for RequestId {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Display for RequestId {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.0)
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Labels {
    method: String,
    route: String,
    status: u16,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct RouteLabels {
    method: String,
    route: String,
}

/// What was answered, how often and how fast.
#[derive(Clone, Debug)]
pub struct Seen {
    answered: Family<Labels, Counter>,
    seconds: Family<RouteLabels, Histogram>,
}

impl Seen {
    /// Adds `http_requests_total` and `http_request_seconds` to the metrics.
    pub fn register(registry: &mut Registry) -> Self {
        let seconds = Family::new_with_constructor(histogram as fn() -> Histogram);
        let seen = Self { answered: Family::default(), seconds };
        registry.register("http_requests", "Requests that were answered", seen.answered.clone());
        registry.register("http_request_seconds", "How long answers took", seen.seconds.clone());
        seen
    }

    fn count(&self, method: &str, route: &str, status: u16, took: std::time::Duration) {
        let (method, route) = (method.to_owned(), route.to_owned());
        let of = RouteLabels { method: method.clone(), route: route.clone() };
        self.seconds.get_or_create(&of).observe(took.as_secs_f64());
        self.answered.get_or_create(&Labels { method, route, status }).inc();
    }
}

fn histogram() -> Histogram {
    Histogram::new([0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0])
}

/// Methods are words of clients; there are no others in our metrics.
fn known(method: &axum::http::Method) -> &'static str {
    match method.as_str() {
        "GET" => "GET",
        "HEAD" => "HEAD",
        "PUT" => "PUT",
        "PATCH" => "PATCH",
        "POST" => "POST",
        "DELETE" => "DELETE",
        "OPTIONS" => "OPTIONS",
        _ => "other",
    }
}

pub(crate) async fn observe(State(seen): State<Seen>, mut request: Request, next: Next) -> Response {
    let id = RequestId::said(&request).unwrap_or_default();
    let method = known(request.method());
    let route = request.extensions().get::<MatchedPath>().map_or("(none)", MatchedPath::as_str).to_owned();
    let span =
        tracing::info_span!("request", request.id = %id, method, route, caller = tracing::field::Empty);
    request.extensions_mut().insert(id.clone());
    let begun = Instant::now();
    let mut response = next.run(request).instrument(span.clone()).await;
    let (took, status) = (begun.elapsed(), response.status().as_u16());
    let code = response.extensions().get::<Code>().map_or("", |code| code.0);
    span.in_scope(|| {
        let ms = u64::try_from(took.as_millis()).unwrap_or(u64::MAX);
        tracing::info!(status, code, duration_ms = ms, "answered");
    });
    seen.count(method, &route, status, took);
    if let Ok(id) = HeaderValue::from_str(&id.to_string()) {
        response.headers_mut().insert(X_REQUEST_ID, id);
    }
    response
}

#[cfg(test)]
mod tests {
    use axum::body::Body;

    use super::*;

    #[test]
    fn a_client_may_name_its_request_within_reason() {
        let of = |text: &str| {
            let request = Request::builder().header("x-request-id", text).body(Body::empty()).unwrap();
            RequestId::said(&request).map(|id| id.to_string())
        };
        assert_eq!(of("build-7/step_2").as_deref(), Some("build-7/step_2"));
        for wrong in ["", "a b", "a\"b", "{}", &"x".repeat(129)] {
            assert_eq!(of(wrong), None, "{wrong}");
        }
    }
}
