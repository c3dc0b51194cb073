//! What earlier mirrors wrote.

use std::time::Duration;

use rand::SeedableRng as _;
use rand::rngs::StdRng;
use runtime::backoff::Backoff;
use store::status::Written as Row;
use tokio::time::sleep;

use super::Mirroring;

/// Read at a time.
const ROWS: u16 = 2000;
const AGAIN: Backoff = Backoff::new(Duration::from_millis(100), Duration::from_secs(5));

/// All rows of the engine cluster, however long it takes.
pub(super) async fn read(who: &Mirroring) -> Vec<Row> {
    let (mut rng, mut attempt) = (StdRng::from_rng(&mut rand::rng()), 0);
    loop {
        match all(who).await {
            Ok(rows) => return rows,
            Err(error) => {
                let engine = who.engine.name();
                tracing::warn!(engine, %error, "cannot read what was mirrored; will read again");
                sleep(AGAIN.delay(attempt, &mut rng)).await;
                attempt += 1;
            }
        }
    }
}

/// The same, once.
pub(super) async fn all(who: &Mirroring) -> store::Result<Vec<Row>> {
    let mut rows: Vec<Row> = Vec::new();
    loop {
        let after = rows.last().map(|row| row.deployment);
        let page = who.store.written(&who.access, who.cluster, after, ROWS).await?;
        let last = page.len() < usize::from(ROWS);
        rows.extend(page);
        if last {
            return Ok(rows);
        }
    }
}
