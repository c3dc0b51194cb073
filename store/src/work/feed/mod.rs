//! Reading the feed of a tenant: every change once, in order, none skipped.

mod position;

use domain::ids::Generation;
use jiff::Timestamp;
use serde_json::Value;
use uuid::Uuid;

pub use position::FeedPosition;

use crate::access::{Access, MayRead};
use crate::{Result, Store};

/// A change of something in a tenant.
#[derive(Clone, Debug, PartialEq)]
pub struct FeedEvent {
    /// Where it is in the feed.
    pub position: FeedPosition,
    /// When it was written.
    pub at: Timestamp,
    /// What changed, as in `deployment`.
    pub noun: String,
    /// Which.
    pub resource: Uuid,
    /// How, as in `changed`; of operations their ending.
    pub change: String,
    /// Its generation then.
    pub generation: Option<Generation>,
    /// What a reader wants to know at once.
    pub facts: Option<Value>,
}

/// What comes after a position.
#[derive(Clone, Debug, PartialEq)]
pub enum FeedPage {
    /// These, in order; perhaps none yet.
    Events(Vec<FeedEvent>),
    /// What came after it is not known any more, or never was: the database has begun another life, or it is too long ago.
    /// Reload what you show, and go on from here.
    Reset(FeedPosition),
}

struct FeedHead {
    epoch: i64,
    newest: i64,
}

struct FeedLine {
    position: i64,
    at: jiff_sqlx::Timestamp,
    noun: String,
    resource_id: Uuid,
    change: String,
    generation: Option<i64>,
    facts: Option<Value>,
}

impl Store {
    /// Where the feed of this tenant is now: what is read after this is known, changes come after it.
    pub async fn feed_position(&self, by: &Access<impl MayRead>) -> Result<FeedPosition> {
        let mut tx = self.begin_in(by.scope()).await?;
        let head = tx.feed_head(by.tenant().0).await?;
        tx.commit().await?;
        Ok(FeedPosition { epoch: head.epoch, position: head.newest })
    }

    /// What comes after a position, at most so many.
    pub async fn feed_after(
        &self,
        by: &Access<impl MayRead>,
        after: FeedPosition,
        limit: u32,
    ) -> Result<FeedPage> {
        let mut tx = self.begin_in(by.scope()).await?;
        // First, so that nothing newer than the lines is taken for missing.
        let head = tx.feed_head(by.tenant().0).await?;
        let lines = tx.feed_lines(by.tenant().0, after.position, i64::from(limit)).await?;
        tx.commit().await?;
        let gap = match lines.first() {
            Some(first) => first.position != after.position + 1,
            None => head.newest != after.position && limit > 0,
        };
        if head.epoch != after.epoch || gap {
            return Ok(FeedPage::Reset(FeedPosition { epoch: head.epoch, position: head.newest }));
        }
        Ok(FeedPage::Events(lines.into_iter().map(|line| line.event(head.epoch)).collect()))
    }
}

impl crate::Tx {
    async fn feed_head(&mut self, tenant: Uuid) -> Result<FeedHead> {
        let head = sqlx::query_as!(
            FeedHead,
            r#"select epoch as "epoch!",
                      coalesce((select feed_position from tenant_ledger where tenant_id = $1), 0) as "newest!"
                 from installation"#,
            tenant
        );
        Ok(head.fetch_one(self.on()).await?)
    }

    async fn feed_lines(&mut self, tenant: Uuid, after: i64, limit: i64) -> Result<Vec<FeedLine>> {
        let lines = sqlx::query_as!(
            FeedLine,
            r#"select position, at as "at: jiff_sqlx::Timestamp", noun, resource_id, change, generation, facts
                 from feed where tenant_id = $1 and position > $2 order by position limit $3"#,
            tenant,
            after,
            limit
        );
        Ok(lines.fetch_all(self.on()).await?)
    }
}

impl FeedLine {
    fn event(self, epoch: i64) -> FeedEvent {
        FeedEvent {
            position: FeedPosition { epoch, position: self.position },
            at: self.at.to_jiff(),
            noun: self.noun,
            resource: self.resource_id,
            change: self.change,
            generation: self.generation.and_then(|number| u64::try_from(number).ok()).map(Generation),
            facts: self.facts,
        }
    }
}
