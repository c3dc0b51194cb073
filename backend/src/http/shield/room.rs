//! How many requests are worked on at once. Who comes when there is no room is told so at once: a queue would only
//! make all of them late.

use std::sync::Arc;

use axum::http::{HeaderName, HeaderValue};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::http::problem::Problem;

/// Places for requests.
#[derive(Clone, Debug)]
pub(crate) struct Room {
    working: Arc<Semaphore>,
    /// Who waits costs memory, and little else.
    waiting: Arc<Semaphore>,
}

/// A place that somebody has.
#[derive(Debug)]
pub(crate) struct Held(#[expect(dead_code, reason = "held until it is dropped")] OwnedSemaphorePermit);

impl Room {
    pub(crate) fn new(working: usize, waiting: usize) -> Self {
        Self { working: Arc::new(Semaphore::new(working)), waiting: Arc::new(Semaphore::new(waiting)) }
    }

    /// A place, if one is free.
    pub(crate) fn take(&self, waits: bool) -> Result<Held, Problem> {
        let places = if waits { &self.waiting } else { &self.working };
        let free = places.clone().try_acquire_owned();
        free.map(Held).map_err(|_| {
            let close = (HeaderName::from_static("connection"), HeaderValue::from_static("close"));
            Problem::unavailable("overloaded", "the service has too much to do; try again", 1)
                .header(close.0, close.1)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_comes_when_there_is_no_room_is_told_at_once() {
        let room = Room::new(1, 1);
        let held = room.take(false).unwrap();
        assert_eq!(room.take(false).unwrap_err().status(), 503);
        assert!(room.take(true).is_ok(), "who only waits is counted apart");
        drop(held);
        assert!(room.take(false).is_ok());
    }
}
