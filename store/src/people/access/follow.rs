//! Hearing that what somebody may has changed.

use std::pin::pin;

use tokio::sync::broadcast::error::RecvError;

use crate::Store;

impl Store {
    /// Forgets what others change, as long as this process hears of it; without this task nothing is remembered at all. For
    /// the supervisor, beside [`crate::Doorbell::listen`].
    pub async fn follow_access(&self, stop: impl Future<Output = ()>) {
        let mut stop = pin!(stop);
        let (mut rings, mut hearing) = (self.doorbell.hear_access(), self.doorbell.hearing());
        self.access.hear(*hearing.borrow_and_update());
        loop {
            tokio::select! {
                () = &mut stop => break,
                changed = hearing.changed() => match changed {
                    // Also when it is as it was: it was otherwise in between, and what was said then is lost.
                    Ok(()) => self.access.hear(*hearing.borrow_and_update()),
                    Err(_closed) => break,
                },
                rang = rings.recv() => match rang {
                    Ok(payload) => self.access.forget(payload.parse().ok()),
                    Err(RecvError::Lagged(_)) => self.access.hear(self.doorbell.hears()),
                    Err(RecvError::Closed) => break,
                },
            }
        }
        self.access.hear(false);
    }
}
