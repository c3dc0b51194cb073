//! Recovery: what is past its deadline ends, and what vanished agents held is due again. Any agent does it for all.

use store::Store;
use store::access::{Access, Agent};
use tokio_util::sync::CancellationToken;

use super::Args;

/// Recovers at each poll, until told to stop.
pub async fn recover(
    store: Store,
    access: Access<Agent>,
    args: Args,
    stop: CancellationToken,
) -> anyhow::Result<()> {
    loop {
        tokio::select! {
            () = tokio::time::sleep(args.poll()) => {}
            () = stop.cancelled() => return Ok(()),
        }
        loop {
            match store.recover(&access).await {
                Ok(recovered) => {
                    if recovered.lost + recovered.expired > 0 {
                        let (lost, expired) = (recovered.lost, recovered.expired);
                        tracing::info!(lost, expired, "operations were recovered");
                    }
                    if !recovered.more || stop.is_cancelled() {
                        break;
                    }
                }
                Err(error) => {
                    tracing::debug!(%error, "nothing could be recovered");
                    break;
                }
            }
        }
    }
}
