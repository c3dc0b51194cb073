//! What every route needs: the use cases, who checks callers, and the limits.

use std::sync::Arc;
use std::time::Duration;

use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use tokio_util::sync::CancellationToken;

use super::args::Args;
use super::problem::Problem;
use super::shield::{Counted, Held, Rates, Room};
use crate::access::{Authenticator, Caller, Denied};
use crate::app::App;

/// What every route needs. Cheap to clone; all clones are one.
#[derive(Clone)]
#[expect(missing_debug_implementations, reason = "it has the use cases in it, and they have a key in them")]
pub struct Front(Arc<Parts>);

struct Parts {
    app: Arc<App>,
    authenticator: Arc<Authenticator>,
    deadline: Duration,
    room: Room,
    rates: Option<Rates>,
    /// Of one principal in all, a minute.
    request_rate: Option<u32>,
    /// Set once the process is to stop: who waits is sent elsewhere.
    closing: CancellationToken,
}

impl Front {
    /// The front on these use cases. Streams and waits end when `closing` is cancelled.
    #[must_use]
    pub fn new(
        app: Arc<App>,
        authenticator: Arc<Authenticator>,
        args: &Args,
        closing: CancellationToken,
    ) -> Self {
        let parts = Parts {
            app,
            authenticator,
            deadline: args.request_deadline,
            room: Room::new(args.requests_at_once, args.waits_at_once),
            rates: (!args.rate_limits_off).then(Rates::default),
            request_rate: Some(args.request_rate).filter(|rate| *rate > 0),
            closing,
        };
        Self(Arc::new(parts))
    }

    pub(super) fn app(&self) -> &App {
        &self.0.app
    }

    pub(super) fn deadline(&self) -> Duration {
        self.0.deadline
    }

    /// Cancelled when whoever waits should ask elsewhere.
    pub(super) fn closing(&self) -> &CancellationToken {
        &self.0.closing
    }

    /// A place for one request.
    pub(super) fn room(&self, waits: bool) -> Result<Held, Problem> {
        self.0.room.take(waits)
    }

    /// Who calls.
    pub(super) async fn authenticate(&self, headers: &HeaderMap) -> Result<Caller, Problem> {
        let mut shown = headers.get_all(header::AUTHORIZATION).iter();
        let first = shown.next().map(HeaderValue::to_str);
        let said = match (first, shown.next()) {
            (None, _) => Ok(None),
            (Some(Ok(text)), None) => Ok(Some(text)),
            (Some(_), _) => Err(Denied::Malformed("show one token, in ASCII")),
        };
        let authenticated = match said {
            Ok(text) => self.0.authenticator.authenticate(text).await,
            Err(denied) => Err(denied),
        };
        authenticated.map_err(denied)
    }

    /// Counts a request of a principal.
    pub(super) fn count(&self, principal: &str) -> Result<Option<Counted>, Problem> {
        let (Some(rates), Some(rate)) = (&self.0.rates, self.0.request_rate) else { return Ok(None) };
        rates.count(principal, rate).map(Some)
    }

    /// Counts a request of a principal in a tenant, which allows so many a minute.
    pub(super) fn count_in(
        &self,
        principal: &str,
        tenant: &str,
        rate: u32,
    ) -> Result<Option<Counted>, Problem> {
        let Some(rates) = &self.0.rates else { return Ok(None) };
        rates.count(&format!("{tenant} {principal}"), rate).map(Some)
    }
}

fn denied(denied: Denied) -> Problem {
    let challenge = denied.challenge().and_then(|text| HeaderValue::from_str(&text).ok());
    let detail = denied.to_string();
    match denied {
        Denied::Anonymous | Denied::Malformed(_) | Denied::Refused(_) => {
            let problem = Problem::new(StatusCode::UNAUTHORIZED, "unauthenticated", detail);
            match challenge {
                Some(challenge) => problem.header(header::WWW_AUTHENTICATE, challenge),
                None => problem,
            }
        }
        Denied::IssuerAway => Problem::unavailable("issuer_unavailable", detail, 5),
        Denied::Store(error) => error.into(),
    }
}
