//! From a request to its answer: the same steps for every route, in one order.
//!
//! Who it is, how often, whether they may, what they accept, what they say; only then the handler.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::{RawPathParams, Request, State};
use axum::http::{HeaderMap, Method};
use axum::response::{IntoResponse, Response};
use domain::field::Shape;
use futures::StreamExt;
use futures::future::BoxFuture;

use super::asked::{Asked, Said};
use super::needs::Needs;
use crate::app::Condition;
use crate::http::front::Front;
use crate::http::problem::Problem;
use crate::http::reply::Reply;
use crate::http::request::{BODY_LIMIT, Body, Conditions, LONGEST_WAIT, Named, Query, accepts, read_query};
use crate::http::shield::{Counted, RequestId};

/// A body that is too long is heard out to here, and forgotten: a client that is cut off while it writes does not read
/// why.
const PATIENCE: usize = 16 * 1024 * 1024;

type Served =
    Arc<dyn Fn(Front, Vec<(String, String)>, Request) -> BoxFuture<'static, Response> + Send + Sync>;

/// What is made once for a route, to read many requests.
struct Forms<Q: Query, B: Body> {
    query: Shape<Q>,
    body: B::Form,
}

/// The axum handler of a route.
pub(super) fn service<N, Q, B, R, H, F>(
    handler: H,
) -> impl Fn(
    State<Front>,
    Result<RawPathParams, axum::extract::rejection::RawPathParamsRejection>,
    Request,
) -> BoxFuture<'static, Response>
+ Clone
+ Send
+ Sync
+ 'static
where
    N: Needs,
    Q: Query,
    B: Body,
    R: Reply,
    H: Fn(Asked<N>, Q, B) -> F + Clone + Send + Sync + 'static,
    F: Future<Output = Result<R, Problem>> + Send + 'static,
{
    let forms = Arc::new(Forms::<Q, B> { query: Shape::new(), body: B::form() });
    let service: Served = Arc::new(move |front, parameters, request| {
        Box::pin(serve(front, parameters, request, forms.clone(), handler.clone()))
    });
    move |State(front), parameters, request| match parameters {
        Ok(parameters) => {
            let parameters = parameters.iter().map(|(name, value)| (name.to_owned(), value.to_owned()));
            service(front, parameters.collect(), request)
        }
        Err(_) => {
            let problem = Problem::not_found("the path is not UTF-8");
            Box::pin(async move { problem.into_response() })
        }
    }
}

async fn serve<N, Q, B, R, H, F>(
    front: Front,
    parameters: Vec<(String, String)>,
    request: Request,
    forms: Arc<Forms<Q, B>>,
    handler: H,
) -> Response
where
    N: Needs,
    Q: Query,
    B: Body,
    R: Reply,
    H: Fn(Asked<N>, Q, B) -> F,
    F: Future<Output = Result<R, Problem>> + Send,
{
    let writes = !matches!(*request.method(), Method::GET | Method::HEAD);
    let patience = front.deadline() + if R::WAITS { LONGEST_WAIT } else { Duration::ZERO };
    let mut counted = None;
    let answering = answer(&front, (parameters, request), &forms, &handler, &mut counted);
    let answered = match tokio::time::timeout(patience, answering).await {
        Ok(answered) => answered,
        Err(_) if writes => Err(Problem::outcome_unknown()),
        Err(_) => Err(Problem::unavailable("timeout", "it took too long; try again", 1)),
    };
    let mut response = answered.unwrap_or_else(IntoResponse::into_response);
    if let Some(counted) = counted {
        counted.write(response.headers_mut());
    }
    response
}

async fn answer<N, Q, B, R, H, F>(
    front: &Front,
    (parameters, request): (Vec<(String, String)>, Request),
    forms: &Forms<Q, B>,
    handler: &H,
    counted: &mut Option<Counted>,
) -> Result<Response, Problem>
where
    N: Needs,
    Q: Query,
    B: Body,
    R: Reply,
    H: Fn(Asked<N>, Q, B) -> F,
    F: Future<Output = Result<R, Problem>> + Send,
{
    let _room = front.room(R::WAITS)?;
    let (parts, body) = request.into_parts();
    let caller = front.authenticate(&parts.headers).await?;
    tracing::Span::current().record("caller", tracing::field::display(caller.principal()));
    let principal = caller.principal().as_str().to_owned();
    *counted = front.count(&principal)?;
    let who = N::admit(front, caller, &parameters).await?;
    if let Some((tenant, rate)) = who.request_rate() {
        *counted = front.count_in(&principal, &tenant, rate)?;
    }
    let media = accepts(&parts.headers, R::MEDIA)?;
    let query = read_query(&forms.query, parts.uri.query().unwrap_or_default())?;
    let bytes = received(&parts.headers, body).await?;
    let request_id = parts.extensions.get::<RequestId>().cloned().unwrap_or_default();
    let path = parts.uri.path().to_owned();
    let mut said = Said {
        conditions: Conditions::of(&parts.headers)?,
        condition: Condition::Always,
        idempotency: None,
        method: parts.method,
        path,
        headers: parts.headers,
        parameters,
        request_id,
        media,
    };
    if !matches!(said.method, Method::GET | Method::HEAD) {
        said.condition = said.conditions.for_write()?;
        let path = parts.uri.path_and_query().map_or(said.path.as_str(), |path| path.as_str());
        let named = Named { method: &said.method, path, body: &bytes };
        said.idempotency = named.key(&said.headers, front.app())?;
    }
    let body = B::read(&forms.body, &said.headers, &bytes)?;
    drop(bytes);
    let asked = Asked { who, front: front.clone(), said: said.clone() };
    handler(asked, query, body).await?.answer(&said)
}

/// The whole body, if it is not too long.
async fn received(headers: &HeaderMap, body: axum::body::Body) -> Result<Vec<u8>, Problem> {
    let said = headers.get(axum::http::header::CONTENT_LENGTH).and_then(|length| length.to_str().ok());
    let said: usize = said.and_then(|length| length.parse().ok()).unwrap_or(0);
    if said > PATIENCE {
        return Err(too_large());
    }
    let mut bytes = Vec::with_capacity(said.min(BODY_LIMIT));
    let mut stream = body.into_data_stream();
    let mut seen = 0;
    while let Some(piece) = stream.next().await {
        let piece = piece.map_err(|_| Problem::malformed_body("the body ended before it was whole"))?;
        seen += piece.len();
        if seen > PATIENCE {
            break;
        }
        if seen <= BODY_LIMIT {
            bytes.extend_from_slice(&piece);
        }
    }
    if seen > BODY_LIMIT { Err(too_large()) } else { Ok(bytes) }
}

fn too_large() -> Problem {
    let detail = format!("use at most {BODY_LIMIT} bytes");
    Problem::new(axum::http::StatusCode::PAYLOAD_TOO_LARGE, "too_large", detail)
}
