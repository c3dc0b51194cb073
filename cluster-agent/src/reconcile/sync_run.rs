//! A sync run: started exactly once.
//!
//! One patch asks for the sync and says on the Application which run it was, for the version that was seen. So whoever
//! tries again after a crash, or too late, finds that it has started, or that somebody else wrote meanwhile.

use domain::engine::facts::{Life, SyncRunFacts};
use domain::engine::marks::Owner;
use domain::engine::observed::Application;
use domain::engine::sync_run::{NotNow, start};
use domain::operation::{Generation, Obstacle, Outcome, Refusal};

use super::done::Done;
use crate::cluster::{Engine, Key, Kind, Unwritten};

/// The controller writes into Applications all the time, and each write of ours is for one version.
const TRIES: usize = 6;

/// The `Application` of a run's deployment.
pub(super) fn key(facts: &SyncRunFacts) -> Key {
    Key {
        kind: Kind::Application,
        namespace: facts.seat.namespace.clone(),
        name: facts.deployment.application_name(),
    }
}

/// Starts the run, unless it has started.
pub async fn apply(engine: &Engine, facts: &SyncRunFacts) -> Done {
    match facts.life {
        // Called off before it began.
        Life::Deleting => return Done::overtaken(),
        Life::Active => {}
    }
    let (key, seen) = (key(facts), Generation::FIRST);
    for _ in 0..TRIES {
        let live = match engine.get(&key).await {
            Ok(Some(live)) => live,
            Ok(None) => return Done::not_ready("its deployment to be on the engine"),
            Err(error) => return Done::unwritten(error, seen),
        };
        let owner = Owner { tenant: facts.tenant, resource: facts.deployment.0 };
        if live.observed.owner != Some(owner) {
            let message = format!("{key} is there, and not ours");
            return Done::refused(seen, Refusal::Engine { status: 409, message });
        }
        let application = match Application::read(&live.object) {
            Ok(application) => application,
            Err(error) => return Outcome::Broke { message: error.to_string() }.into(),
        };
        let patch = match start(facts, &application) {
            Ok(patch) => patch,
            Err(NotNow::Started) => return Done::as_wanted(seen),
            Err(NotNow::Busy { automated }) => return busy(automated),
            Err(NotNow::Leaving) => {
                return Done::not_ready("its deployment, which is being removed, to be there again");
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

fn busy(automated: bool) -> Done {
    let message = if automated {
        "an automated sync of this deployment is running"
    } else {
        "another sync of this deployment is running"
    };
    Outcome::Unreachable(Obstacle::EngineBusy { message: message.to_owned() }).into()
}
