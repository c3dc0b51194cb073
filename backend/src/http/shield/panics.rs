//! A panic in a route ends that request, and nothing else.

use std::panic::AssertUnwindSafe;

use axum::extract::Request;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use futures::FutureExt;

use super::span::RequestId;
use crate::http::problem::Problem;

pub(crate) async fn catch(request: Request, next: Next) -> Response {
    let id = request.extensions().get::<RequestId>().cloned().unwrap_or_default();
    // Nothing of a request that panicked is used again.
    let answered = AssertUnwindSafe(next.run(request)).catch_unwind().await;
    answered.unwrap_or_else(|panic| {
        let text = panic.downcast_ref::<String>().map(String::as_str);
        let text = text.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("without a message");
        tracing::error!(panic = text, "a request panicked");
        Problem::bug().more("requestId", id.to_string()).into_response()
    })
}

#[cfg(test)]
mod tests {
    use axum::Router;
    use axum::body::Body;
    use axum::routing::get;
    use tower::ServiceExt;

    use super::*;

    #[tokio::test]
    async fn a_panic_becomes_a_problem_that_does_not_repeat_it() {
        async fn break_down() -> &'static str {
            panic!("hunter2")
        }
        let router = Router::new().route("/", get(break_down)).layer(axum::middleware::from_fn(catch));
        let mut request = Request::new(Body::empty());
        request.extensions_mut().insert(RequestId::new());
        let response = router.oneshot(request).await.unwrap();
        assert_eq!(response.status(), 500);
        let body = axum::body::to_bytes(response.into_body(), 10_000).await.unwrap();
        let body = String::from_utf8_lossy(&body);
        assert!(body.contains("\"code\":\"bug\"") && body.contains("requestId"), "{body}");
        assert!(!body.contains("hunter2"), "{body}");
    }
}
