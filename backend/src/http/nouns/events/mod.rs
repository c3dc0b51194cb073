//! What changes in a tenant, as it happens: a stream for who listens, a long poll for who asks.
//!
//! Both read the same feed. A reader that was away goes on where it was (`Last-Event-ID`, or `after`); one that was away
//! for too long, or across a restore of the database, is told to reload.

mod stream;

use axum::http::HeaderMap;
use axum::response::{IntoResponse, Response};
use domain::field::{Flaw, Pointer};
use schemars::{JsonSchema, SchemaGenerator};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use tokio::time::{Instant, timeout_at};

use crate::app::{FeedEvent, FeedPage, FeedPosition, Viewer};
use crate::http::problem::Problem;
use crate::http::reply::Limit;
use crate::http::reply::{Answered, Asking, Id, Moment, Reply, Told};
use crate::http::request::{Accepts, Nothing};
use crate::http::route::{Asked, Chapter, In, get};

pub(super) use stream::slowly;

const ALL: &str = "/v1/tenants/{tenant}/events";
const EVENT_STREAM: &str = "text/event-stream";

pub(super) fn chapter() -> Chapter {
    Chapter {
        title: "Events",
        about: "What changes in the tenant, as it happens.",
        routes: vec![
            get(ALL, "readEvents", read).says("Read what changes").notes(
                "As `text/event-stream` it goes on until it is closed: each event's id is a position, and `Last-Event-ID` \
                 goes on after it. As JSON it answers what came after `after`, and with `wait` waits until something did. \
                 `reset` says that what lies between is not known: reload what you show, and go on from there.",
            ),
        ],
    }
}

/// From where on, and how patiently.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Reading {
    /// The position after which to go on. Absent: from now on.
    after: Option<String>,
    /// How many at most, as JSON: 1 to 200, and 50 if it is absent.
    limit: Option<i64>,
    /// How long to wait for something, as JSON: `30s`; at most 60s.
    wait: Option<String>,
}

/// Something changed.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Event {
    /// Where it is in the feed.
    position: String,
    /// When it was written.
    at: Moment,
    /// What changed: `deployment`, `operation` and so on.
    noun: String,
    /// Which.
    id: Id,
    /// How: `created`, `changed`, `status` and so on.
    change: String,
    /// Its generation then.
    #[serde(skip_serializing_if = "Option::is_none")]
    generation: Option<u64>,
    /// What a reader wants to know at once.
    #[serde(skip_serializing_if = "Option::is_none")]
    facts: Option<Value>,
}

/// What came after a position.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct Events {
    /// What changed, in order.
    events: Vec<Event>,
    /// Give it as `after` to go on.
    next: String,
    /// What lies between `after` and `next` is not known: reload what you show.
    reset: bool,
}

/// One of the two forms.
enum Feed {
    Stream(Box<Response>),
    Events(Events),
}

async fn read(asked: Asked<In<Viewer>>, query: Reading, _: Nothing) -> Result<Feed, Problem> {
    let after = position(&asked.said().headers, query.after.as_deref())?;
    let limit = Limit::asked(query.limit)?;
    let wait = asked.wait(query.wait.as_deref())?;
    let after = match after {
        Some(after) => after,
        None => asked.app().feed_position(&asked.who.access).await?,
    };
    if asked.said().media == EVENT_STREAM {
        let stream = stream::begin(asked.front.clone(), asked.who, after)?;
        return Ok(Feed::Stream(Box::new(stream.into_response())));
    }
    let until = Instant::now() + wait;
    // Before the first look: what rings during it is not lost.
    let mut bell = asked.app().hear_feed(&asked.who.access);
    loop {
        match asked.app().feed_after(&asked.who.access, after, limit.0).await? {
            FeedPage::Reset(next) => return Ok(Feed::Events(Events::none(next, true))),
            FeedPage::Events(events) if !events.is_empty() => {
                return Ok(Feed::Events(Events::of(events, after)));
            }
            FeedPage::Events(_) => {}
        }
        let soon = (Instant::now() + slowly(asked.app())).min(until);
        let closing = asked.front.closing().cancelled();
        let rang = tokio::select! {
            rang = timeout_at(soon, bell.changed()) => rang,
            () = closing => return Ok(Feed::Events(Events::none(after, false))),
        };
        let over = rang.is_err() && Instant::now() >= until;
        if over || matches!(rang, Ok(Err(_))) {
            return Ok(Feed::Events(Events::none(after, false)));
        }
    }
}

/// Where a reader goes on. The header is what browsers send by themselves when they come back.
fn position(headers: &HeaderMap, after: Option<&str>) -> Result<Option<FeedPosition>, Problem> {
    let last = headers.get("last-event-id").map(|value| value.to_str().unwrap_or("?"));
    match (last.filter(|last| !last.is_empty()), after) {
        (Some(last), _) => last
            .parse()
            .map(Some)
            .map_err(|_| Problem::invalid_header("Last-Event-ID", "give the id of an event, as it was sent")),
        (None, Some(after)) => after.parse().map(Some).map_err(|_| {
            let flaw = Flaw::malformed("give a position, as `next` had it");
            Problem::parameters(vec![flaw.found_at(Pointer::root().at("after"))])
        }),
        (None, None) => Ok(None),
    }
}

impl Events {
    fn none(next: FeedPosition, reset: bool) -> Self {
        Self { events: Vec::new(), next: next.to_string(), reset }
    }

    fn of(events: Vec<FeedEvent>, after: FeedPosition) -> Self {
        let next = events.last().map_or(after, |last| last.position);
        Self { events: events.into_iter().map(Event::from).collect(), next: next.to_string(), reset: false }
    }
}

impl From<FeedEvent> for Event {
    fn from(event: FeedEvent) -> Self {
        Self {
            position: event.position.to_string(),
            at: Moment(event.at),
            noun: event.noun,
            id: Id(event.resource),
            change: event.change,
            generation: event.generation.map(|generation| generation.0),
            facts: event.facts,
        }
    }
}

impl Reply for Feed {
    const MEDIA: Accepts = &["application/json", EVENT_STREAM];
    const WAITS: bool = true;

    fn answer(self, asking: &dyn Asking) -> Result<Response, Problem> {
        match self {
            Self::Stream(response) => Ok(*response),
            Self::Events(events) => Told(events).answer(asking),
        }
    }

    fn answers(generator: &mut SchemaGenerator) -> Vec<Answered> {
        let schema = generator.subschema_for::<Events>();
        let ok = axum::http::StatusCode::OK;
        let text = schemars::json_schema!({ "type": "string" });
        vec![
            Answered::json(ok, "What changed.", schema),
            Answered { media: EVENT_STREAM, ..Answered::json(ok, "What changes.", text) },
        ]
    }
}
