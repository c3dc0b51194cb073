//! An environment: its cluster Secret.

use domain::engine::desired;
use domain::engine::facts::{EnvironmentFacts, Life};
use domain::engine::marks::{Owner, TENANT};
use domain::operation::{Outcome, Refusal};

use super::done::{Done, no_secret};
use super::gone::removed;
use crate::cluster::{Checked, Engine, Key, Kind, Targets};

/// Tells the engine of the environment, once its API server has accepted the credential: an engine that is told of one
/// that does not work tries it for ever.
pub async fn apply(engine: &Engine, targets: &Targets, facts: &EnvironmentFacts) -> Done {
    match facts.life {
        Life::Deleting => return Done::overtaken(),
        Life::Active => {}
    }
    if facts.seat.is_none() {
        return Done::refused(facts.generation, Refusal::Unplaced);
    }
    let name = facts.name.as_str();
    let Some(secret) = &facts.secret else {
        return no_secret(&format!("environment \"{name}\""), facts.generation);
    };
    let target = match targets.target(&facts.spec, secret) {
        Ok(target) => target,
        Err(problem) => return problem.outcome(name, facts.generation).into(),
    };
    let Checked { report, problem } = target.check().await;
    if let Some(problem) = problem {
        return Done::from(problem.outcome(name, facts.generation)).with_check(report);
    }
    let Some(manifest) = desired::cluster_secret(facts) else {
        let message = "an environment that was checked cannot be told to an engine".to_owned();
        return Outcome::Broke { message }.into();
    };
    match engine.apply(&manifest.to_value()).await {
        Ok(_) => Done::as_wanted(facts.generation).with_check(report),
        Err(error) => Done::unwritten(error, facts.generation).with_check(report),
    }
}

/// Removes the cluster Secret. It outlives the Applications that go there: without it they could not be removed.
pub async fn take_down(engine: &Engine, facts: &EnvironmentFacts) -> Done {
    match facts.life {
        Life::Active => return Done::overtaken(),
        Life::Deleting => {}
    }
    let Some(seat) = &facts.seat else { return Done::taken_down(facts.generation, true) };
    let (tenant, name) = (facts.tenant.to_string(), facts.id.cluster_secret_name());
    let goes_there = |application: &serde_json::Value| {
        application.pointer("/spec/destination/name").is_some_and(|there| *there == name.as_str())
    };
    match engine.any(Kind::Application, &seat.namespace, &[(TENANT, &tenant)], goes_there).await {
        Ok(false) => {}
        Ok(true) => return Done::not_ready("its deployments to be gone from the engine"),
        Err(error) => return Done::unwritten(error, facts.generation),
    }
    let key = Key { kind: Kind::Secret, namespace: seat.namespace.clone(), name: name.clone() };
    let owner = Owner { tenant: facts.tenant, resource: facts.id.0 };
    removed(engine, &key, owner, facts.generation).await
}
