//! Whether this process lives and whether it is ready, as named checks.
//!
//! Whoever knows about a part holds its [`Check`] and sets it; `/livez` and `/readyz` only read. A process that is
//! stopping is not ready, so that balancers turn away before the listener closes.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Json};
use axum::routing::get;
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Registry;

/// All checks of a process. Cheap to clone; all clones are one.
#[derive(Clone, Debug)]
pub struct Health {
    shared: Arc<Shared>,
}

#[derive(Debug, Default)]
struct Shared {
    /// The reason why a check fails, or none.
    checks: Mutex<BTreeMap<String, Option<String>>>,
    gauges: Family<Labels, Gauge>,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Labels {
    check: String,
}

/// The check of the process itself: it fails until everything was started, and again once it stops.
const PROCESS: &str = "process";

impl Default for Health {
    fn default() -> Self {
        let health = Self { shared: Arc::default() };
        // A port may be asked before the last check was made, and must not say "ready" for lack of checks.
        health.set(PROCESS, Some("starting".to_owned()));
        health
    }
}

impl Health {
    /// A new check. It fails until told otherwise: nobody is ready by default.
    pub fn check(&self, name: &str) -> Check {
        self.set(name, Some("not checked yet".to_owned()));
        Check { name: name.to_owned(), health: self.clone() }
    }

    /// Everything was started; from now on the checks alone decide.
    pub fn started(&self) {
        self.set(PROCESS, None);
    }

    /// From now on the process is not ready, whatever its checks say.
    pub fn stopping(&self) {
        self.set(PROCESS, Some("shutting down".to_owned()));
    }

    /// The checks that fail, each with its reason. Ready means that there are none.
    pub fn failing(&self) -> Vec<(String, String)> {
        let checks = self.shared.checks.lock().unwrap_or_else(PoisonError::into_inner);
        checks.iter().filter_map(|(name, reason)| Some((name.clone(), reason.clone()?))).collect()
    }

    /// Adds `ready{check="…"}`, 1 or 0, to the metrics.
    pub fn register(&self, registry: &mut Registry) {
        registry.register("ready", "Whether a readiness check passes", self.shared.gauges.clone());
    }

    /// `/livez` and `/readyz`.
    pub fn routes(&self) -> Router {
        Router::new().route("/livez", get(livez)).route("/readyz", get(readyz)).with_state(self.clone())
    }

    /// Says in the log what changed, and only what changed.
    fn set(&self, name: &str, reason: Option<String>) {
        self.shared.gauges.get_or_create(&Labels { check: name.to_owned() }).set(i64::from(reason.is_none()));
        let mut checks = self.shared.checks.lock().unwrap_or_else(PoisonError::into_inner);
        let before = checks.insert(name.to_owned(), reason.clone());
        let ready = checks.values().all(Option::is_none);
        drop(checks);
        match (before, reason) {
            (Some(before), after) if before == after => {}
            (None, Some(_)) => {}
            (_, Some(reason)) => tracing::warn!(check = name, reason, "not ready"),
            (_, None) => tracing::info!(check = name, ready, "check passes"),
        }
    }
}

/// The hand that sets one check.
#[derive(Clone, Debug)]
pub struct Check {
    name: String,
    health: Health,
}

impl Check {
    /// All is well.
    pub fn pass(&self) {
        self.health.set(&self.name, None);
    }

    /// Something is not: say what a person can do about it.
    pub fn fail(&self, reason: impl Into<String>) {
        self.health.set(&self.name, Some(reason.into()));
    }
}

async fn livez() -> &'static str {
    "alive\n"
}

async fn readyz(State(health): State<Health>) -> impl IntoResponse {
    let failing = health.failing();
    let status = if failing.is_empty() { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    let reasons: Vec<_> = failing
        .iter()
        .map(|(check, reason)| serde_json::json!({ "check": check, "reason": reason }))
        .collect();
    (status, Json(serde_json::json!({ "ready": failing.is_empty(), "failing": reasons })))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_is_ready_by_default() {
        let health = Health::default();
        assert_eq!(health.failing(), [("process".to_owned(), "starting".to_owned())]);
        let database = health.check("database");
        health.started();
        assert_eq!(health.failing(), [("database".to_owned(), "not checked yet".to_owned())]);
        database.pass();
        assert_eq!(health.failing(), []);
    }

    #[test]
    fn each_failing_check_is_listed_with_its_reason() {
        let health = Health::default();
        health.started();
        let (database, engine) = (health.check("database"), health.check("engine cluster hub"));
        database.fail("connection refused");
        engine.fail("the token is not accepted");
        let failing = health.failing();
        assert_eq!(failing.len(), 2);
        assert_eq!(failing[1], ("engine cluster hub".to_owned(), "the token is not accepted".to_owned()));
    }

    #[test]
    fn a_stopping_process_is_not_ready_whatever_its_checks_say() {
        let health = Health::default();
        health.check("database").pass();
        health.stopping();
        assert_eq!(health.failing(), [("process".to_owned(), "shutting down".to_owned())]);
    }
}
