//! One batch on its way into the database.

use futures::future::BoxFuture;
use store::status::{Mirror, Reported};

use super::Mirroring;
use super::outbox::Batch;

/// What became of a batch. It comes back, so that it can be tried again.
pub(super) struct Written {
    pub(super) batch: Batch,
    pub(super) result: store::Result<Reported>,
}

/// Writes what was seen, then what is gone: two transactions at most.
pub(super) fn write(who: &Mirroring, held: Mirror, batch: Batch) -> BoxFuture<'static, Written> {
    let (store, access) = (who.store.clone(), who.access.clone());
    Box::pin(async move {
        let seen = async {
            if batch.seen.is_empty() {
                return Ok(Reported::nothing());
            }
            store.report(&access, &held, &batch.seen).await
        };
        let result = match seen.await {
            Ok(Reported::Written { .. }) if !batch.gone.is_empty() => {
                store.vanished(&access, &held, &batch.gone).await
            }
            other => other,
        };
        Written { batch, result }
    })
}
