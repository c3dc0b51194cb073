//! Stopping a sync run, and no other.

use domain::engine::facts::SyncRunFacts;
use domain::engine::observed::Application;
use domain::engine::sync_run::{Pointless, terminate};
use domain::operation::{Generation, Obstacle, Outcome};

use super::done::Done;
use super::sync_run::key;
use crate::cluster::{Engine, Unwritten};

/// The controller writes into Applications all the time, the more so while it syncs.
const TRIES: usize = 8;

/// Stops the run, if it is running. How it ended is for the watch to see.
pub async fn apply(engine: &Engine, facts: &SyncRunFacts) -> Done {
    let (key, seen) = (key(facts), Generation::FIRST);
    for _ in 0..TRIES {
        let live = match engine.get(&key).await {
            Ok(Some(live)) => live,
            Ok(None) => return Done::as_wanted(seen),
            Err(error) => return Done::unwritten(error, seen),
        };
        let application = match Application::read(&live.object) {
            Ok(application) => application,
            Err(error) => return Outcome::Broke { message: error.to_string() }.into(),
        };
        let patch = match terminate(facts.run, &application) {
            Ok(patch) => patch,
            Err(Pointless::NotIt | Pointless::Over | Pointless::Stopping) => return Done::as_wanted(seen),
            Err(Pointless::NotBegun) => {
                let message = "it has not begun the sync that is to be stopped".to_owned();
                return Outcome::Unreachable(Obstacle::EngineBusy { message }).into();
            }
        };
        match engine.merge_patch(&key, &patch).await {
            Ok(_) => return Done::as_wanted(seen),
            Err(Unwritten::Contested | Unwritten::Absent) => {}
            Err(error) => return Done::unwritten(error, seen),
        }
    }
    Done::overtaken()
}
