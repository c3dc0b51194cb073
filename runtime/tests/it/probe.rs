//! A question asked again and again.

use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use runtime::Health;
use runtime::probe::{self, Cadence};
use tokio_util::sync::CancellationToken;

const CADENCE: Cadence = Cadence { every: Duration::from_secs(2), timeout: Duration::from_secs(1) };

#[tokio::test(start_paused = true)]
async fn a_check_follows_the_answers() {
    let health = Health::default();
    health.started();
    let check = health.check("database");
    let stop = CancellationToken::new();
    let asked = AtomicU32::new(0);
    let seen = std::sync::Mutex::new(Vec::new());

    let ask = async || {
        seen.lock().unwrap().push(health.failing().pop().map(|(_, reason)| reason));
        match asked.fetch_add(1, Ordering::SeqCst) {
            0 | 3 => Ok(()),
            1 => Err("connection refused".to_owned()),
            2 => std::future::pending().await,
            _ => {
                stop.cancel();
                Ok(())
            }
        }
    };
    probe::repeat(check, CADENCE, stop.clone(), ask).await.unwrap();

    let seen = seen.into_inner().unwrap();
    let expected =
        [Some("not checked yet"), None, Some("connection refused"), Some("no answer within 1s"), None];
    assert_eq!(seen, expected.map(|reason| reason.map(str::to_owned)));
}
