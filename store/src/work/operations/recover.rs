//! Recovering: what lost agents held is due again, and what is past its deadline ends.

use domain::operation::Event;

use super::happened::Happening;
use super::row::{Row, rows_from_json};
use super::written::Locked;
use crate::access::{Access, Agent};
use crate::{Result, Scope, Store};

/// At most so many of each at once: the next time is soon.
const BATCH: i64 = 100;

/// What was recovered.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Recovered {
    /// Operations whose agent vanished.
    pub lost: usize,
    /// Operations whose deadline came.
    pub expired: usize,
    /// There may be more.
    pub more: bool,
}

struct RecoverRow {
    lost: serde_json::Value,
    expired: serde_json::Value,
}

impl Store {
    /// Ends what is past its deadline, and takes from lost sessions what they held. Any agent may do it for all; what
    /// another is at, it leaves alone.
    pub async fn recover(&self, _: &Access<Agent>) -> Result<Recovered> {
        let rows = sqlx::query_as!(
            RecoverRow,
            r#"with forgotten as (delete from sessions where lease_ends_at < now() - interval '1 day')
               select (select coalesce(jsonb_agg(to_jsonb(o)), '[]') from (
                           select o.* from operations o left join sessions s on s.id = o.session_id
                            where o.state = 'running' and o.deadline_at > now()
                              and (s.id is null or s.lease_ends_at <= now()) limit $1) o) as "lost!",
                      (select coalesce(jsonb_agg(to_jsonb(o)), '[]') from (
                           select o.* from operations o where o.deadline_at <= now()
                            order by o.deadline_at limit $1) o) as "expired!""#,
            BATCH
        )
        .fetch_one(&self.pool)
        .await?;
        let (lost, expired) = (rows_from_json(rows.lost)?, rows_from_json(rows.expired)?);
        let full = |rows: &[Row]| rows.len() as i64 == BATCH;
        let more = full(&lost) || full(&expired);
        let lost = self.happen(Scope::All, &all(&lost, &Event::LeaseLost), Locked::Leave).await?;
        let expired = self.happen(Scope::All, &all(&expired, &Event::Expired), Locked::Leave).await?;
        for one in &lost {
            tracing::warn!(operation = %one.after.id, state = one.after.state.name(), "its agent vanished");
        }
        let more = more && (!lost.is_empty() || !expired.is_empty());
        Ok(Recovered { lost: lost.len(), expired: expired.len(), more })
    }
}

fn all(rows: &[Row], event: &Event) -> Vec<Happening> {
    let happening = |operation: domain::operation::Operation| Happening {
        id: operation.id,
        subject: operation.subject,
        event: event.clone(),
        finding: None,
    };
    rows.iter().filter_map(Row::operation).map(happening).collect()
}
