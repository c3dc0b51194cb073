//! Every route on one screen.

use axum::Router;
use axum::http::{Method, Uri};
use runtime::Health;

use super::problem::Problem;

pub(crate) fn router(health: &Health) -> Router {
    Router::new().merge(health.routes()).fallback(nothing_here).method_not_allowed_fallback(wrong_method)
}

async fn nothing_here(uri: Uri) -> Problem {
    Problem::not_found(format!("there is nothing at {}", uri.path()))
}

async fn wrong_method(method: Method, uri: Uri) -> Problem {
    Problem::method_not_allowed(format!("{} does not take {method}", uri.path()))
}
