//! Having a deployment compared with its source again.

use domain::engine::facts::{DeploymentFacts, Life};

use super::deployment::key;
use super::done::Done;
use crate::cluster::{Engine, Look, Refresh, Unwritten};

/// Asks the controller to look again. A look that is under way may have begun before the source changed: then it is asked
/// for once more when that one is over.
pub async fn apply(engine: &Engine, facts: &DeploymentFacts, look: Look) -> Done {
    match facts.life {
        Life::Deleting => return Done::overtaken(),
        Life::Active => {}
    }
    match engine.ask_to_look(&key(facts), look).await {
        Ok(Refresh::Asked) => Done::as_wanted(facts.generation),
        Ok(Refresh::Pending) => Done::not_ready("an earlier look at its source to end"),
        Err(Unwritten::Absent) => Done::not_ready("its deployment to be on the engine"),
        Err(error) => Done::unwritten(error, facts.generation),
    }
}
