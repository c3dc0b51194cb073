//! One route: who may ask, what is read, what is answered. Its handler's type says all of it, so that what is
//! documented, what is checked and what is done cannot differ.

mod asked;
mod described;
mod needs;
mod serve;

use std::future::Future;

use axum::Router;
use axum::http::Method;
use axum::routing::{MethodFilter, on};
use serde_json::Value;

use crate::http::front::Front;
use crate::http::problem::Problem;
use crate::http::reply::Reply;
use crate::http::request::{Body, Query};

pub(crate) use asked::Asked;
pub(crate) use described::{Described, Example};
pub(crate) use needs::{Founding, In, Needs, OnPlatform, Signed};

/// One method on one path.
pub(crate) struct Route {
    pub(crate) described: Described,
    service: axum::routing::MethodRouter<Front>,
}

/// Routes about one noun, as one chapter of the reference.
pub(crate) struct Chapter {
    pub(crate) title: &'static str,
    pub(crate) about: &'static str,
    pub(crate) routes: Vec<Route>,
}

impl Chapter {
    /// Its routes, to be served.
    pub(crate) fn router(chapters: Vec<Self>) -> Router<Front> {
        let routes = chapters.into_iter().flat_map(|chapter| chapter.routes);
        routes.fold(Router::new(), |router, route| router.route(route.described.path, route.service))
    }
}

pub(crate) fn get<N, Q, B, R, H, F>(path: &'static str, id: &'static str, handler: H) -> Route
where
    N: Needs,
    Q: Query,
    B: Body,
    R: Reply,
    H: Fn(Asked<N>, Q, B) -> F + Clone + Send + Sync + 'static,
    F: Future<Output = Result<R, Problem>> + Send + 'static,
{
    route((Method::GET, MethodFilter::GET), path, id, handler)
}

pub(crate) fn put<N, Q, B, R, H, F>(path: &'static str, id: &'static str, handler: H) -> Route
where
    N: Needs,
    Q: Query,
    B: Body,
    R: Reply,
    H: Fn(Asked<N>, Q, B) -> F + Clone + Send + Sync + 'static,
    F: Future<Output = Result<R, Problem>> + Send + 'static,
{
    route((Method::PUT, MethodFilter::PUT), path, id, handler)
}

pub(crate) fn patch<N, Q, B, R, H, F>(path: &'static str, id: &'static str, handler: H) -> Route
where
    N: Needs,
    Q: Query,
    B: Body,
    R: Reply,
    H: Fn(Asked<N>, Q, B) -> F + Clone + Send + Sync + 'static,
    F: Future<Output = Result<R, Problem>> + Send + 'static,
{
    route((Method::PATCH, MethodFilter::PATCH), path, id, handler)
}

pub(crate) fn post<N, Q, B, R, H, F>(path: &'static str, id: &'static str, handler: H) -> Route
where
    N: Needs,
    Q: Query,
    B: Body,
    R: Reply,
    H: Fn(Asked<N>, Q, B) -> F + Clone + Send + Sync + 'static,
    F: Future<Output = Result<R, Problem>> + Send + 'static,
{
    route((Method::POST, MethodFilter::POST), path, id, handler)
}

pub(crate) fn delete<N, Q, B, R, H, F>(path: &'static str, id: &'static str, handler: H) -> Route
where
    N: Needs,
    Q: Query,
    B: Body,
    R: Reply,
    H: Fn(Asked<N>, Q, B) -> F + Clone + Send + Sync + 'static,
    F: Future<Output = Result<R, Problem>> + Send + 'static,
{
    route((Method::DELETE, MethodFilter::DELETE), path, id, handler)
}

fn route<N, Q, B, R, H, F>(
    (method, filter): (Method, MethodFilter),
    path: &'static str,
    id: &'static str,
    handler: H,
) -> Route
where
    N: Needs,
    Q: Query,
    B: Body,
    R: Reply,
    H: Fn(Asked<N>, Q, B) -> F + Clone + Send + Sync + 'static,
    F: Future<Output = Result<R, Problem>> + Send + 'static,
{
    let described = Described::of::<N, Q, B, R>(method, path, id);
    Route { described, service: on(filter, serve::service::<N, Q, B, R, H, F>(handler)) }
}

impl Route {
    /// What it does, in one line.
    pub(crate) fn says(mut self, summary: &'static str) -> Self {
        self.described.summary = summary;
        self
    }

    /// What else there is to know.
    pub(crate) fn notes(mut self, description: &'static str) -> Self {
        self.described.description = description;
        self
    }

    /// A body that is right, where these other things are there.
    pub(crate) fn example(mut self, name: &'static str, body: Value) -> Self {
        self.described.examples.push(Example { name, body });
        self
    }
}

impl std::fmt::Debug for Route {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "{} {}", self.described.method, self.described.path)
    }
}
