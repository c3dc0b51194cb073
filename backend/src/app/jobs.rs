//! What has to be done now and then, by whichever process comes to it.

use std::time::Duration;

use store::Access;
use store::access::Platform;
use tokio::time::{MissedTickBehavior, interval};
use tokio_util::sync::CancellationToken;

use super::App;

/// How often tenants that are being taken down are gone on with.
const ENDS: Duration = Duration::from_secs(20);
/// How often environments that go after all that is in them are gone on with.
const LASTS: Duration = Duration::from_secs(10);
/// How often deployments are looked at again that no engine could serve.
const WAITING: Duration = Duration::from_secs(20);
/// How many of them at a time.
const WAITING_AT_ONCE: u16 = 200;
/// How often it is written down which keys were used.
const USES: Duration = Duration::from_secs(300);
/// How often days are made and dropped.
const DAYS: Duration = Duration::from_secs(3600);

impl App {
    /// Does what has to be done now and then, until told to stop. What fails is tried again the next time.
    pub async fn tend(&self, job: Access<Platform>, stop: CancellationToken) -> anyhow::Result<()> {
        let [mut ends, mut lasts, mut waiting, mut uses, mut days] =
            [ENDS, LASTS, WAITING, USES, DAYS].map(|every| {
                let mut ticks = interval(every);
                ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
                ticks
            });
        loop {
            tokio::select! {
                () = stop.cancelled() => break,
                _ = ends.tick() => {
                    if let Err(error) = self.end_tenants(&job).await {
                        tracing::warn!(%error, "tenants that are being taken down have to wait");
                    }
                }
                _ = lasts.tick() => {
                    if let Err(error) = self.end_environments(&job).await {
                        tracing::warn!(%error, "environments that are being taken down have to wait");
                    }
                }
                _ = waiting.tick() => {
                    if let Err(error) = self.place_waiting(&job).await {
                        tracing::warn!(%error, "deployments that no engine serves have to wait");
                    }
                }
                _ = uses.tick() => self.record_key_uses(&job).await,
                _ = days.tick() => self.tend_days(&job).await,
            }
        }
        // What this process knows and nobody else.
        self.record_key_uses(&job).await;
        Ok(())
    }

    /// Places what no engine could serve when it was asked for, as far as there is room by now.
    async fn place_waiting(&self, job: &Access<Platform>) -> store::Result<()> {
        let mut after = None;
        loop {
            let page = self.store.place_waiting(job, after, WAITING_AT_ONCE).await?;
            if page.placed > 0 {
                tracing::info!(placed = page.placed, "engines serve deployments that had to wait");
            }
            after = page.last;
            if after.is_none() {
                return Ok(());
            }
        }
    }

    async fn record_key_uses(&self, job: &Access<Platform>) {
        if let Err(error) = self.store.record_key_uses(job).await {
            tracing::warn!(%error, "it could not be written down which keys were used");
        }
    }

    async fn tend_days(&self, job: &Access<Platform>) {
        match self.store.tend_partitions(job).await {
            Ok(tables) => {
                for table in tables.iter().filter(|table| table.made + table.dropped > 0) {
                    tracing::info!(
                        table = table.noun,
                        made = table.made,
                        dropped = table.dropped,
                        "days tended"
                    );
                }
            }
            Err(error) => {
                tracing::warn!(%error, "days could not be made or dropped; rows go to the default ones")
            }
        }
    }
}
