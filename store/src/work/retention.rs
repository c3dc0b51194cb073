//! Old rows go by the day: partitions are made ahead, and dropped when nothing in them is kept any longer.

use crate::access::Platform;
use crate::{Access, Result, Scope, Store};

/// What was done about the days of one table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tended {
    /// Which table.
    pub noun: String,
    /// How many days were made.
    pub made: u32,
    /// How many were dropped.
    pub dropped: u32,
    /// What could not be done now.
    pub left_for_later: Option<String>,
}

impl Store {
    /// Makes the days that come and drops those that went, of every table that has days. Several processes may at once.
    pub async fn tend_partitions(&self, _: &Access<Platform>) -> Result<Vec<Tended>> {
        let mut tx = self.begin_in(Scope::Platform).await?;
        let rows = sqlx::query!(
            r#"select noun as "noun!", made as "made!", dropped as "dropped!", left_for_later from argosy_tend_partitions()"#
        )
        .fetch_all(tx.on())
        .await?;
        tx.commit().await?;
        let tended = rows.into_iter().map(|row| Tended {
            noun: row.noun,
            made: row.made.unsigned_abs(),
            dropped: row.dropped.unsigned_abs(),
            left_for_later: row.left_for_later,
        });
        Ok(tended.collect())
    }
}
