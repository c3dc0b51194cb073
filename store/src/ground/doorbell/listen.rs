//! The one listener of a process: it connects, hears, notices that it has gone deaf, and connects again.

use std::time::Duration;

use domain::ids::{EngineClusterId, TenantId};
use sqlx::postgres::{PgConnectOptions, PgListener, PgPoolOptions};
use tokio::time::timeout;

use super::ears::Ears;
use super::{ACCESS, FEED, WORK};
use crate::Result;

/// Silence longer than this is asked about: a network that swallows everything says nothing of it.
const SILENCE: Duration = Duration::from_secs(10);
/// How long connecting, or the answer to that question, may take.
const ANSWER: Duration = Duration::from_secs(4);
/// Between two tries to connect.
const PAUSE: Duration = Duration::from_secs(1);

pub(super) async fn listen(ears: &Ears, direct: &PgConnectOptions) {
    loop {
        let why = match timeout(ANSWER, connected(direct)).await {
            Ok(Ok(listener)) => {
                ears.hearing_again();
                tracing::debug!("the doorbell is heard");
                hear(ears, listener).await
            }
            Ok(Err(error)) => error.to_string(),
            Err(_elapsed) => "the database does not answer".to_owned(),
        };
        if ears.hears() {
            tracing::warn!(
                why,
                "deaf to the doorbell: everything is looked for slowly until it is heard again"
            );
        }
        ears.deaf();
        tokio::time::sleep(PAUSE).await;
    }
}

async fn connected(direct: &PgConnectOptions) -> Result<PgListener> {
    let pool = PgPoolOptions::new()
        .max_connections(1)
        .max_lifetime(None)
        .idle_timeout(None)
        .connect_lazy_with(direct.clone());
    let mut listener = PgListener::connect_with(&pool).await?;
    // It must not come back by itself: what rang in between would be missed without anybody knowing.
    listener.eager_reconnect(false);
    listener.listen_all([WORK, FEED, ACCESS]).await?;
    Ok(listener)
}

/// Until it hears no more; answers why.
async fn hear(ears: &Ears, mut listener: PgListener) -> String {
    loop {
        match timeout(SILENCE, listener.try_recv()).await {
            Ok(Ok(Some(ring))) => rang(ears, ring.channel(), ring.payload()),
            Ok(Ok(None)) => return "the connection was lost".to_owned(),
            Ok(Err(error)) => return error.to_string(),
            Err(_silence) => {
                let asked = sqlx::query!(r#"select true as "there!""#).fetch_one(&mut listener);
                match timeout(ANSWER, asked).await {
                    Ok(Ok(_there)) => {}
                    Ok(Err(error)) => return error.to_string(),
                    Err(_elapsed) => return "the database does not answer".to_owned(),
                }
            }
        }
    }
}

fn rang(ears: &Ears, channel: &str, payload: &str) {
    match channel {
        WORK => {
            if let Ok(id) = payload.parse() {
                ears.work_rang(EngineClusterId(id));
            }
        }
        FEED => {
            if let Ok(id) = payload.parse() {
                ears.feed_rang(TenantId(id));
            }
        }
        ACCESS => ears.access_rang(payload.to_owned()),
        _ => {}
    }
}
