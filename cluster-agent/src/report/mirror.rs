//! The mirror itself: read the rows, watch, and follow what is seen, until another mirrors.

use store::status::Mirror;
use tokio::sync::mpsc;

use super::Mirroring;
use super::round::{End, Round};
use super::rows;
use crate::cluster;

/// Between the watch and us. When it is full, the watch waits.
const SEEN: usize = 256;

/// Mirrors as long as nobody else does.
pub(super) async fn all(who: &Mirroring, held: Mirror) {
    loop {
        let rows = rows::read(who).await;
        let (sender, seen) = mpsc::channel(SEEN);
        let end = tokio::select! {
            () = cluster::applications(&who.engine, &sender) => End::Anew,
            end = Round::of(who, held, rows).follow(seen) => end,
        };
        match end {
            End::Stale => return,
            End::Anew => {}
        }
    }
}
