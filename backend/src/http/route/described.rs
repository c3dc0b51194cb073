//! What a route is, for `openapi.yaml`: taken from the type of its handler.

use axum::http::Method;
use schemars::{Schema, SchemaGenerator};
use serde_json::Value;

use super::needs::{Needs, Who};
use crate::http::reply::{Answered, Reply};
use crate::http::request::{Body, Query};

/// What is to be known of a route.
#[derive(Clone, Debug)]
pub(crate) struct Described {
    pub(crate) method: Method,
    pub(crate) path: &'static str,
    /// What generated clients call it.
    pub(crate) id: &'static str,
    pub(crate) summary: &'static str,
    pub(crate) description: &'static str,
    pub(crate) who: Who,
    /// What its body is written in, if it has one.
    pub(crate) media: Option<&'static str>,
    pub(crate) examples: Vec<Example>,
    pub(crate) query: fn(&mut SchemaGenerator) -> Schema,
    pub(crate) body: fn(&mut SchemaGenerator) -> Option<Schema>,
    pub(crate) answers: fn(&mut SchemaGenerator) -> Vec<Answered>,
}

/// A body that is right.
#[derive(Clone, Debug)]
pub(crate) struct Example {
    pub(crate) name: &'static str,
    pub(crate) body: Value,
}

impl Described {
    pub(super) fn of<N: Needs, Q: Query, B: Body, R: Reply>(
        method: Method,
        path: &'static str,
        id: &'static str,
    ) -> Self {
        Self {
            method,
            path,
            id,
            summary: "",
            description: "",
            who: N::WHO,
            media: B::MEDIA,
            examples: Vec::new(),
            // Without references: each parameter stands on its own.
            query: |generator| generator.root_schema_for::<Q>(),
            body: B::schema,
            answers: R::answers,
        }
    }

    /// Whether it changes something.
    pub(crate) fn writes(&self) -> bool {
        self.method != Method::GET
    }

    /// The names in the path.
    pub(crate) fn parameters(&self) -> impl Iterator<Item = &'static str> {
        self.path.split('/').filter_map(|part| part.strip_prefix('{')?.strip_suffix('}'))
    }
}
