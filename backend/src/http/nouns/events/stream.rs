//! A stream of events, as browsers read it (SSE).
//!
//! It asks again who may, each time it looks: a stream ends soon after its reader's membership does. And it ends by
//! itself after a while, so that tokens are shown anew.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::time::Duration;

use axum::response::sse::{self, Sse};
use futures::Stream;
use tokio::sync::watch;
use tokio::time::{Instant, sleep_until};

use super::Event;
use crate::app::{App, FeedPage, FeedPosition, Reference, Viewer};
use crate::http::front::Front;
use crate::http::problem::Problem;
use crate::http::route::In;
use crate::http::shield::Held;

/// A line now and then, so that what lies between us does not take us for dead.
const HEARTBEAT: Duration = Duration::from_secs(15);
/// How often a process that does not hear the doorbell looks.
const DEAF: Duration = Duration::from_secs(2);
/// After which a reader connects, and shows its token, anew.
const LONGEST: Duration = Duration::from_secs(600);
/// How long a reader waits before it connects anew.
const RETRY: Duration = Duration::from_secs(1);
/// How often it looks though nothing was heard: a doorbell may be lost.
const ANYWAY: Duration = Duration::from_secs(60);
/// Read at a time.
const BATCH: u32 = 100;

struct Reader {
    front: Front,
    who: In<Viewer>,
    after: FeedPosition,
    bell: watch::Receiver<u64>,
    ready: VecDeque<sse::Event>,
    /// When to look though nothing was heard.
    look_at: Instant,
    ends_at: Instant,
    ended: bool,
    _room: Held,
}

/// How long to wait before looking again without having heard anything.
pub(crate) fn slowly(app: &App) -> Duration {
    if app.hears() { HEARTBEAT } else { DEAF }
}

/// Begins a stream after a position.
pub(super) fn begin(
    front: Front,
    who: In<Viewer>,
    after: FeedPosition,
) -> Result<Sse<impl Stream<Item = Result<sse::Event, Infallible>>>, Problem> {
    let room = front.room(true)?;
    let bell = front.app().hear_feed(&who.access);
    // At once, so that the reader knows that it is connected, and from where on.
    let hello = sse::Event::default().retry(RETRY).id(after.to_string()).comment("hello");
    let reader = Reader {
        ready: VecDeque::from([hello]),
        look_at: Instant::now(),
        ends_at: Instant::now() + LONGEST,
        ended: false,
        front,
        who,
        after,
        bell,
        _room: room,
    };
    Ok(Sse::new(futures::stream::unfold(reader, Reader::step)))
}

impl Reader {
    async fn step(mut self) -> Option<(Result<sse::Event, Infallible>, Self)> {
        loop {
            if let Some(event) = self.ready.pop_front() {
                return Some((Ok(event), self));
            }
            if self.ended {
                return None;
            }
            if self.may().await && Instant::now() >= self.look_at {
                self.look().await;
            }
            if self.ready.is_empty() && !self.ended {
                self.wait().await;
            }
        }
    }

    /// Whether the reader may still read.
    async fn may(&mut self) -> bool {
        let app = self.front.app();
        let (caller, tenant) = (self.who.admitted.caller(), Reference::Id(self.who.admitted.tenant().0));
        let admitted = match app.still_good(caller).await {
            Ok(true) => app.admit(caller, &tenant).await,
            Ok(false) => Ok(None),
            Err(error) => Err(error),
        };
        match admitted {
            Ok(Some(admitted)) => self.who.admitted = admitted,
            Ok(None) => self.end("you are no member any more, or your key is not good any more"),
            Err(error) => {
                tracing::warn!(error = %error, "a stream cannot see whether its reader may still read");
                self.end("try again");
            }
        }
        !self.ended
    }

    /// Reads what is new.
    async fn look(&mut self) {
        self.look_at = Instant::now() + ANYWAY;
        let app = self.front.app();
        match app.feed_after(&self.who.access, self.after, BATCH).await {
            Ok(FeedPage::Reset(position)) => {
                self.after = position;
                let event = sse::Event::default().id(position.to_string()).event("reset");
                self.ready.push_back(event.data(r#"{"reload":true}"#));
            }
            Ok(FeedPage::Events(events)) => {
                if u32::try_from(events.len()).is_ok_and(|read| read == BATCH) {
                    self.look_at = Instant::now();
                }
                self.after = events.last().map_or(self.after, |last| last.position);
                self.ready.extend(events.into_iter().map(|event| shown(&Event::from(event))));
            }
            Err(error) => {
                tracing::warn!(error = %error, "a stream cannot read its feed");
                self.end("try again");
            }
        }
    }

    /// Until there may be something new, or it is time for a line.
    async fn wait(&mut self) {
        let heartbeat = Instant::now() + slowly(self.front.app());
        tokio::select! {
            rang = self.bell.changed() => match rang {
                Ok(()) => self.look_at = Instant::now(),
                Err(_) => self.end("try again"),
            },
            () = sleep_until(heartbeat.min(self.ends_at)) => {
                if Instant::now() >= self.ends_at {
                    self.end("connect again, and show your token");
                } else {
                    if !self.front.app().hears() {
                        self.look_at = Instant::now();
                    }
                    self.ready.push_back(sse::Event::default().comment("still here"));
                }
            }
            () = self.front.closing().clone().cancelled_owned() => self.end("this process stops; connect again"),
        }
    }

    fn end(&mut self, why: &str) {
        self.ended = true;
        let data = serde_json::json!({ "why": why }).to_string();
        self.ready.push_back(sse::Event::default().event("end").retry(RETRY).data(data));
    }
}

fn shown(event: &Event) -> sse::Event {
    let line = sse::Event::default().id(&event.position).event("change");
    // A map with strings for keys can always be written.
    line.data(serde_json::to_string(event).unwrap_or_default())
}
