//! What every request passes before it is answered: the log, and the fault switches of the host and of the repository.
//! Access is asked by whoever answers, because only it knows what is asked for (reading, pushing).

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use axum::extract::State;
use axum::http::header::WWW_AUTHENTICATE;
use axum::http::{StatusCode, Uri};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use super::access::{Access, Credential};
use super::fault::{self, Fault, Switch};
use super::requests::{Request, RequestLog, Transport};

#[derive(Debug)]
struct Rule {
    access: Access,
    fault: Switch,
}

impl Default for Rule {
    fn default() -> Self {
        Self { access: Access::Public, fault: Switch::default() }
    }
}

#[derive(Debug, Default)]
pub(crate) struct Gate {
    log: RequestLog,
    host: Switch,
    /// By repository. What has no rule is public and without fault.
    rules: Mutex<BTreeMap<String, Rule>>,
}

impl Gate {
    pub(crate) fn requests(&self) -> Vec<Request> {
        self.log.all()
    }

    pub(crate) fn record(&self, request: Request) -> usize {
        self.log.add(request)
    }

    pub(crate) fn set_host_fault(&self, fault: Fault) {
        self.host.set(fault);
    }

    pub(crate) fn set_fault(&self, repository: &str, fault: Fault) {
        self.rule(repository, |rule| rule.fault.set(fault));
    }

    pub(crate) fn set_access(&self, repository: &str, access: Access) {
        self.rule(repository, |rule| rule.access = access);
    }

    pub(crate) fn access(&self, repository: &str) -> Access {
        self.rule(repository, |rule| rule.access.clone())
    }

    fn rule<T>(&self, repository: &str, with: impl FnOnce(&mut Rule) -> T) -> T {
        with(
            self.rules
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .entry(repository.to_owned())
                .or_default(),
        )
    }

    /// The middleware.
    pub(crate) async fn keep(
        State(gate): State<Arc<Self>>,
        request: axum::extract::Request,
        next: Next,
    ) -> Response {
        let repository = repository_in(request.uri());
        let transport = request.extensions().get().copied().unwrap_or(Transport::Http);
        let sequence = gate.log.add(Request {
            sequence: 0,
            transport,
            repository: repository.to_owned(),
            path: request.uri().path_and_query().map_or("/", |path| path.as_str()).to_owned(),
            credential: Credential::shown_in(request.headers()),
            status: None,
        });
        let own = gate.rule(repository, |rule| rule.fault.subscribe());
        let response = match pass_both(&gate.host, own).await {
            Ok(()) => next.run(request).await,
            Err(status) => refusal(status, &gate.access(repository)),
        };
        gate.log.answered(sequence, response.status().as_u16());
        response
    }
}

async fn pass_both(host: &Switch, own: tokio::sync::watch::Receiver<Fault>) -> Result<(), StatusCode> {
    fault::pass(host.subscribe()).await?;
    fault::pass(own).await
}

/// A refusal as a git host would write it.
pub(crate) fn refusal(status: StatusCode, access: &Access) -> Response {
    let text = format!("{status}: refused by the testbed\n");
    if status == StatusCode::UNAUTHORIZED {
        return (status, [(WWW_AUTHENTICATE, access.challenge())], text).into_response();
    }
    (status, text).into_response()
}

/// `/team/app.git/info/refs` asks for `team/app`; what is not in a `.git` folder belongs to no repository.
pub(crate) fn repository_in(uri: &Uri) -> &str {
    uri.path().trim_start_matches('/').split_once(".git/").map_or("", |(name, _)| name)
}
