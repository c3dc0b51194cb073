//! Something happens to operations: locked, decided by the domain, written, and seen through.

use super::after;
use super::happened::{Happened, Happening, moment};
use super::written::Locked;
use crate::change::{TRIES, moved_on};
use crate::{Result, Store, Tx};

impl Store {
    /// Lets these happen, in one transaction in this scope; then tells whoever waits. What the domain rejects did not
    /// happen, and is not in the answer.
    pub(super) async fn happen(
        &self,
        scope: crate::Scope,
        happenings: &[Happening],
        locked: Locked,
    ) -> Result<Vec<Happened>> {
        let mut tries = 1;
        loop {
            let mut tx = self.begin_in(scope.clone()).await?;
            match tx.happen(happenings, locked).await {
                Ok((happened, rings)) => {
                    tx.commit().await?;
                    rings.ring(self);
                    return Ok(happened);
                }
                Err(error) if tries < TRIES && moved_on(&error) => {
                    tracing::debug!(%error, "others were in the way; again");
                    tries += 1;
                }
                Err(error) => return Err(error),
            }
        }
    }
}

impl Tx {
    /// The same inside a transaction: who calls it commits, and rings after that.
    pub(super) async fn happen(
        &mut self,
        happenings: &[Happening],
        locked: Locked,
    ) -> Result<(Vec<Happened>, after::Rings)> {
        if happenings.is_empty() {
            return Ok(Default::default());
        }
        self.lock_owners(happenings.iter().map(|one| one.subject)).await?;
        let ids: Vec<_> = happenings.iter().map(|one| one.id).collect();
        let rows = self.lock_operations(&ids, locked).await?;
        let mut happened = Vec::with_capacity(rows.len());
        for (row, now) in rows {
            let Some(one) = happenings.iter().find(|one| one.id == row.id) else { continue };
            let Some(before) = row.operation() else { continue };
            match before.clone().transition(one.event.clone(), &moment(&before, now)) {
                Ok(after) => happened.push(Happened { row, before, after, finding: one.finding }),
                Err(why) => tracing::debug!(operation = %row.id, %why, "it did not happen"),
            }
        }
        self.write(&happened).await?;
        let rings = after::follow(self, &happened).await?;
        Ok((happened, rings))
    }
}
