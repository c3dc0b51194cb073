//! What a handler is told besides query and body.

use std::time::Duration;

use axum::http::{HeaderMap, Method};
use domain::field::{Flaw, Pointer};

use crate::app::{App, Call, Condition, Idempotency, Reference};
use crate::http::front::Front;
use crate::http::problem::Problem;
use crate::http::reply::Asking;
use crate::http::request::{Conditions, Wait, trace};
use crate::http::shield::RequestId;

/// A request, once its caller was let in.
pub(crate) struct Asked<N> {
    /// Who asks, and what proves that they may.
    pub(crate) who: N,
    pub(crate) front: Front,
    pub(super) said: Said,
}

/// What a request says outside of query and body.
#[derive(Clone, Debug)]
pub(crate) struct Said {
    pub(crate) method: Method,
    /// The path as it was asked for, without its query.
    pub(crate) path: String,
    pub(crate) headers: HeaderMap,
    pub(crate) parameters: Vec<(String, String)>,
    pub(crate) conditions: Conditions,
    /// What must hold for a write.
    pub(crate) condition: Condition,
    pub(crate) idempotency: Option<Idempotency>,
    pub(crate) request_id: RequestId,
    /// Which of the media types that the route offers was chosen.
    pub(crate) media: &'static str,
}

impl<N> Asked<N> {
    pub(crate) fn app(&self) -> &App {
        self.front.app()
    }

    pub(crate) fn said(&self) -> &Said {
        &self.said
    }

    /// How the wish came.
    pub(crate) fn call(&self, dry_run: bool) -> Call {
        Call {
            request_id: self.said.request_id.to_string(),
            trace: trace(&self.said.headers),
            condition: self.said.condition.clone(),
            idempotency: self.said.idempotency.clone(),
            dry_run,
        }
    }

    /// Which request it is, for the audit.
    pub(crate) fn request_id(&self) -> String {
        self.said.request_id.to_string()
    }

    /// The thing a path names, by name or id. What cannot be a name names nothing.
    pub(crate) fn reference(&self, parameter: &'static str) -> Result<Reference, Problem> {
        Reference::parse(self.said.parameter(parameter)).map_err(|_| Problem::absent(&spoken(parameter)))
    }

    /// The same, of a thing that may be made by this request: then a name that cannot be one is worth a word.
    pub(crate) fn new_reference(&self, parameter: &'static str) -> Result<Reference, Problem> {
        Reference::parse(self.said.parameter(parameter)).map_err(|flaw| in_path(parameter, flaw))
    }

    /// An id in a path.
    pub(crate) fn id<T: std::str::FromStr>(&self, parameter: &'static str) -> Result<T, Problem> {
        self.said.parameter(parameter).parse().map_err(|_| Problem::absent(&spoken(parameter)))
    }

    /// How long the client is ready to wait.
    pub(crate) fn wait(&self, query: Option<&str>) -> Result<Duration, Problem> {
        Ok(Wait::asked(query, &self.said.headers)?.0)
    }
}

impl Said {
    /// What stands in the path for a parameter of it.
    pub(crate) fn parameter(&self, name: &str) -> &str {
        self.parameters.iter().find(|(known, _)| known == name).map_or("", |(_, value)| value)
    }
}

impl Asking for Said {
    fn method(&self) -> &Method {
        &self.method
    }

    fn path(&self) -> &str {
        &self.path
    }

    fn conditions(&self) -> &Conditions {
        &self.conditions
    }

    fn parameter(&self, name: &str) -> &str {
        Self::parameter(self, name)
    }
}

/// `syncRun` is a sync run.
fn spoken(parameter: &str) -> String {
    parameter.chars().fold(String::new(), |mut words, letter| {
        if letter.is_ascii_uppercase() {
            words.push(' ');
        }
        words.push(letter.to_ascii_lowercase());
        words
    })
}

fn in_path(parameter: &str, flaw: Flaw) -> Problem {
    Problem::parameters(vec![flaw.found_at(Pointer::root().at(parameter))])
}

impl<N> std::fmt::Debug for Asked<N> {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "{} {}", self.said.method, self.said.path)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_are_spoken_as_people_do() {
        assert_eq!(spoken("repositoryCredential"), "repository credential");
        assert_eq!(spoken("tenant"), "tenant");
    }
}
