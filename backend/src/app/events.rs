//! The feed of a tenant: every change once, in order, none skipped.

use store::{Access, FeedPage, FeedPosition, MayRead};
use tokio::sync::watch;

use super::{Answer, App};

impl App {
    /// Where the feed is now: what is read after this is known, changes come after it.
    pub async fn feed_position(&self, access: &Access<impl MayRead>) -> Answer<FeedPosition> {
        Ok(self.store.feed_position(access).await?)
    }

    /// What comes after a position, at most so many.
    pub async fn feed_after(
        &self,
        access: &Access<impl MayRead>,
        after: FeedPosition,
        limit: u32,
    ) -> Answer<FeedPage> {
        Ok(self.store.feed_after(access, after, limit).await?)
    }

    /// Changes whenever there may be something new. It may be lost: look slowly as well.
    #[must_use]
    pub fn hear_feed(&self, access: &Access<impl MayRead>) -> watch::Receiver<u64> {
        self.store.doorbell().hear_feed(access.tenant())
    }

    /// Whether this process hears at all.
    #[must_use]
    pub fn hears(&self) -> bool {
        self.store.doorbell().hears()
    }
}
