//! The port for whoever operates the process: metrics, health, the log filter. It is not for users: bind it where
//! only Prometheus, the kubelet and the operator reach it.
//!
//! `GET /metrics`, `GET /livez`, `GET /readyz`, `GET|PUT /log-filter`. Changing the filter needs the operator's token,
//! since a debug log may show more than its reader should see.

mod token;

use axum::Router;
use axum::extract::{DefaultBodyLimit, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;

use crate::Health;
use crate::metrics::Metrics;
use crate::telemetry::{Filter, InvalidFilter};

pub use token::{Args, Token};

/// What the port shows.
#[derive(Clone, Debug)]
pub struct Admin {
    /// The metrics.
    pub metrics: Metrics,
    /// The checks.
    pub health: Health,
    /// The log filter.
    pub filter: Filter,
    /// Who may change it; nobody if there is none.
    pub token: Option<Token>,
}

impl Admin {
    /// Every route of the port.
    pub fn routes(self) -> Router {
        let health = self.health.routes();
        Router::new()
            .route("/metrics", get(metrics))
            .route("/log-filter", get(show_filter).put(change_filter))
            .layer(DefaultBodyLimit::max(16 * 1024))
            .with_state(self)
            .merge(health)
    }

    /// With a token configured, both reading and changing need it.
    fn admits(&self, headers: &HeaderMap) -> Result<(), Refusal> {
        let bearer = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
        let given = bearer.and_then(|value| value.strip_prefix("Bearer "));
        match &self.token {
            Some(token) if !given.is_some_and(|given| token.is(given)) => Err(Refusal::WhoAreYou),
            Some(_) | None => Ok(()),
        }
    }
}

/// Why somebody does not get what they asked for.
enum Refusal {
    WhoAreYou,
    NobodyMay,
    NoFilter(InvalidFilter),
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let ask = [(header::WWW_AUTHENTICATE, "Bearer")];
        match self {
            Self::WhoAreYou => {
                let how = "send the operator's token: Authorization: Bearer <token>\n";
                (StatusCode::UNAUTHORIZED, ask, how).into_response()
            }
            Self::NobodyMay => {
                let why = "this process has no operator token, so nobody may change its log filter; \
                           start it with --operator-token-file (ARGOSY_OPERATOR_TOKEN_FILE)\n";
                (StatusCode::FORBIDDEN, why).into_response()
            }
            Self::NoFilter(error) => (StatusCode::BAD_REQUEST, format!("{error}\n")).into_response(),
        }
    }
}

async fn metrics(State(admin): State<Admin>) -> impl IntoResponse {
    let format = "application/openmetrics-text; version=1.0.0; charset=utf-8";
    ([(header::CONTENT_TYPE, format)], admin.metrics.render())
}

async fn show_filter(State(admin): State<Admin>, headers: HeaderMap) -> Result<String, Refusal> {
    admin.admits(&headers)?;
    Ok(format!("{}\n", admin.filter.current()))
}

async fn change_filter(
    State(admin): State<Admin>,
    headers: HeaderMap,
    body: String,
) -> Result<String, Refusal> {
    if admin.token.is_none() {
        return Err(Refusal::NobodyMay);
    }
    admin.admits(&headers)?;
    let before = admin.filter.current();
    admin.filter.change(body.trim()).map_err(Refusal::NoFilter)?;
    tracing::warn!(before, now = admin.filter.current(), "the operator changed the log filter");
    Ok(format!("{}\n", admin.filter.current()))
}
