//! Every route on one screen.

use axum::Router;
use axum::http::{Method, Uri};
use axum::middleware::{from_fn, from_fn_with_state};
use runtime::Health;

use super::front::Front;
use super::problem::Problem;
use super::route::Chapter;
use super::shield::{Origins, Seen, catch, cross_origin, observe, secure};
use super::{chapters, openapi};

/// The door: its routes, the reference, and health; behind what stands before all of them.
pub fn router(front: Front, health: &Health, origins: &Origins, seen: Seen) -> Router {
    let routes = Chapter::router(chapters()).with_state(front);
    let reference = openapi::routes(&chapters());
    Router::new()
        .merge(routes)
        .merge(reference)
        .merge(health.routes())
        .fallback(nothing_here)
        .method_not_allowed_fallback(wrong_method)
        .layer(from_fn(catch))
        .layer(cross_origin(origins))
        .layer(from_fn(secure))
        .layer(from_fn_with_state(seen, observe))
}

async fn nothing_here(uri: Uri) -> Problem {
    Problem::not_found(format!("there is nothing at {}", uri.path()))
}

async fn wrong_method(method: Method, uri: Uri) -> Problem {
    Problem::method_not_allowed(format!("{} does not take {method}", uri.path()))
}
