//! Serves an axum router until told to stop, and then for a while the clients that are still being answered.

use std::time::Duration;

use anyhow::Context;
use axum::Router;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

/// Takes an address, saying in words when it cannot be had.
pub async fn bind(what: &str, address: std::net::SocketAddr) -> anyhow::Result<TcpListener> {
    TcpListener::bind(address).await.with_context(|| format!("cannot listen on {address} for {what}"))
}

/// Serves until `stop`, then lets running requests end within `drain`. A client that does not hang up in time is cut
/// off: it may not hold up everybody else's shutdown, and it is no failure of ours.
pub async fn serve(
    listener: TcpListener,
    router: Router,
    stop: CancellationToken,
    drain: Duration,
) -> anyhow::Result<()> {
    let server = axum::serve(listener, router).with_graceful_shutdown(stop.clone().cancelled_owned());
    let overdue = async {
        stop.cancelled().await;
        tokio::time::sleep(drain).await;
    };
    tokio::select! {
        served = server => Ok(served?),
        () = overdue => {
            tracing::warn!(after = %humantime::format_duration(drain), "clients that were still connected are cut off");
            Ok(())
        }
    }
}
