//! A deployment: its `Application`.

use std::collections::BTreeSet;
use std::time::Duration;

use domain::engine::desired;
use domain::engine::facts::{DeploymentFacts, EnvironmentFacts, Life, Prune};
use domain::engine::marks::Owner;
use domain::engine::plan::{Objection, Plan, Wait, Wanted, plan};
use serde_json::Value;

use super::done::{Done, no_secret};
use crate::cluster::{Deployed, Engine, Key, Kind, Live, NamespaceState, Problem, Targets, Unwritten};

/// When an Application that is called invalid right after we wrote it is to be looked at again, counted from then: the
/// controller watches Applications, projects and Secrets separately, and may see it before what it needs.
pub const LOOK_AGAIN_AFTER: [Duration; 4] =
    [Duration::from_secs(1), Duration::from_secs(2), Duration::from_secs(5), Duration::from_secs(10)];

/// Looks and steps of one attempt.
const STEPS: usize = 6;

/// The `Application` of a deployment.
#[must_use]
pub fn key(facts: &DeploymentFacts) -> Key {
    Key {
        kind: Kind::Application,
        namespace: facts.seat.namespace.clone(),
        name: facts.id.application_name(),
    }
}

/// Makes the Application say what the deployment is.
pub async fn apply(engine: &Engine, facts: &DeploymentFacts) -> Done {
    match facts.life {
        Life::Deleting => return Done::overtaken(),
        Life::Active => {}
    }
    if let Some(what) = facts.ready.missing() {
        return Done::not_ready(what);
    }
    match engine.apply(&desired::application(facts)).await {
        Ok(_) => Done::as_wanted(facts.generation),
        Err(error) => Done::unwritten(error, facts.generation),
    }
}

/// Removes the Application, with what it deployed if that is wished: then only when the credential has proven that it
/// still can. Done when the engine has accepted it.
pub async fn take_down(
    engine: &Engine,
    targets: &Targets,
    facts: &DeploymentFacts,
    environment: &EnvironmentFacts,
) -> Done {
    match facts.life {
        Life::Active => return Done::overtaken(),
        Life::Deleting => {}
    }
    let removal = Removal { engine, targets, facts, environment };
    removal.steps().await.unwrap_or_else(|done| done)
}

struct Removal<'a> {
    engine: &'a Engine,
    targets: &'a Targets,
    facts: &'a DeploymentFacts,
    environment: &'a EnvironmentFacts,
}

impl Removal<'_> {
    async fn steps(&self) -> Result<Done, Done> {
        let (key, seen_rows) = (key(self.facts), self.facts.generation);
        let owner = Owner { tenant: self.facts.tenant, resource: self.facts.id.0 };
        let mut prune = self.facts.prune;
        let mut live = self.look(&key).await?;
        for _ in 0..STEPS {
            let wanted = Wanted::Absent { owner, generation: seen_rows, prune };
            let Some(there) = &live else { return Ok(Done::taken_down(seen_rows, true)) };
            let step = match plan(wanted, Some(&there.observed)) {
                // Nothing of ours is there.
                Plan::Nothing | Plan::Refuse(Objection::Foreign) => {
                    return Ok(Done::taken_down(seen_rows, true));
                }
                Plan::Wait(Wait::Cascade | Wait::Finalizers(_)) => {
                    return Ok(Done::taken_down(seen_rows, false));
                }
                Plan::Delete(seen) => match self.engine.delete(&key, &seen).await {
                    Ok(()) => {
                        let gone = there.observed.finalizers.is_empty();
                        return Ok(Done::taken_down(seen_rows, gone));
                    }
                    Err(error) => Err(error),
                },
                Plan::AddCascade(seen) => {
                    prune = self.what_to_prune(there).await?;
                    match prune {
                        Prune::Abandon => continue,
                        Prune::Cascade => {
                            self.engine.merge_patch(&key, &seen.cascade_added(&there.observed)).await
                        }
                    }
                }
                Plan::RemoveCascade(seen) => {
                    self.engine.merge_patch(&key, &seen.cascade_removed(&there.observed)).await
                }
                Plan::Refuse(Objection::Stale) | Plan::Create | Plan::Update(_) => {
                    return Ok(Done::overtaken());
                }
            };
            live = match step {
                Ok(after) => Some(after),
                Err(Unwritten::Contested | Unwritten::Absent) => self.look(&key).await?,
                Err(error) => return Err(Done::unwritten(error, seen_rows)),
            };
        }
        Ok(Done::overtaken())
    }

    async fn look(&self, key: &Key) -> Result<Option<Live>, Done> {
        self.engine.get(key).await.map_err(|error| Done::unwritten(error, self.facts.generation))
    }

    /// Whether what was deployed can be taken along, and has to be.
    async fn what_to_prune(&self, live: &Live) -> Result<Prune, Done> {
        if never_synced(&live.object) {
            // The deletion is for this version: should a sync begin meanwhile, it is looked at again.
            return Ok(Prune::Abandon);
        }
        let (environment, seen) = (self.environment, self.facts.generation);
        let name = environment.name.as_str();
        let secret =
            environment.secret.as_ref().ok_or_else(|| no_secret(&format!("environment \"{name}\""), seen))?;
        let stands_in_the_way = |problem: Problem| Done::from(problem.outcome(name, seen));
        let target = self.targets.target(&environment.spec, secret).map_err(stands_in_the_way)?;
        match target.namespace(&self.facts.namespace).await.map_err(stands_in_the_way)? {
            // It takes everything along by itself, and lets nobody delete in an orderly way.
            NamespaceState::Terminating => return Ok(Prune::Abandon),
            NamespaceState::Standing | NamespaceState::Gone => {}
        }
        target.can_remove(&deployed(&live.object)).await.map_err(stands_in_the_way)?;
        Ok(Prune::Cascade)
    }
}

/// Whether nothing can be there that it deployed.
fn never_synced(application: &Value) -> bool {
    let empty = |pointer: &str| match application.pointer(pointer) {
        None | Some(Value::Null) => true,
        Some(Value::Array(entries)) => entries.is_empty(),
        Some(Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Object(_)) => false,
    };
    ["/operation", "/status/operationState", "/status/history", "/status/resources"].into_iter().all(empty)
}

/// The kinds of what it deployed, as the engine saw them last.
fn deployed(application: &Value) -> BTreeSet<Deployed> {
    let resources = application.pointer("/status/resources").and_then(Value::as_array).into_iter().flatten();
    let kinds = resources.filter_map(|resource| {
        let text = |name: &str| resource[name].as_str().unwrap_or_default().to_owned();
        let namespace = Some(text("namespace")).filter(|namespace| !namespace.is_empty());
        Some(Deployed {
            group: text("group"),
            version: resource["version"].as_str()?.to_owned(),
            kind: resource["kind"].as_str()?.to_owned(),
            namespace,
        })
    });
    kinds.collect()
}
