//! Ringing: what is asked for while one statement is under way goes with the next.

use std::collections::BTreeSet;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use sqlx::PgPool;
use tokio::sync::Notify;
use uuid::Uuid;

/// At most one statement in so long: a burst of intents rings once, and the first of them waits for nothing.
const DEBOUNCE: Duration = Duration::from_millis(5);

/// What has to be rung for.
#[derive(Debug, Default)]
pub(super) struct Rope {
    pulled: Mutex<BTreeSet<(&'static str, Uuid)>>,
    tug: Notify,
}

impl Rope {
    pub(super) fn pull(&self, channel: &'static str, id: Uuid) {
        self.pulled.lock().unwrap_or_else(PoisonError::into_inner).insert((channel, id));
        self.tug.notify_one();
    }

    fn take(&self) -> (Vec<String>, Vec<String>) {
        let pulled = std::mem::take(&mut *self.pulled.lock().unwrap_or_else(PoisonError::into_inner));
        pulled.into_iter().map(|(channel, id)| (channel.to_owned(), id.to_string())).unzip()
    }
}

pub(super) async fn ring(rope: &Rope, pool: &PgPool, stop: impl Future<Output = ()>) {
    let mut stop = std::pin::pin!(stop);
    loop {
        let last = tokio::select! {
            () = rope.tug.notified() => false,
            () = &mut stop => true,
        };
        send(rope, pool).await;
        if last {
            return;
        }
        tokio::time::sleep(DEBOUNCE).await;
    }
}

async fn send(rope: &Rope, pool: &PgPool) {
    let (channels, payloads) = rope.take();
    if channels.is_empty() {
        return;
    }
    let rung = sqlx::query!(
        r#"select count(pg_notify(channel, payload)) as "rung!"
             from unnest($1::text[], $2::text[]) as r (channel, payload)"#,
        &channels,
        &payloads
    );
    // Whoever waits looks by itself before long.
    if let Err(error) = rung.fetch_one(pool).await {
        tracing::debug!(%error, lost = channels.len(), "the doorbell could not be rung");
    }
}
