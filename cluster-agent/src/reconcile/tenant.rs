//! A tenant on one instance: its `AppProject`.

use domain::engine::desired;
use domain::engine::facts::{Life, TenantFacts};
use domain::engine::marks::Owner;

use super::done::Done;
use super::gone::{has_applications, removed};
use crate::cluster::{Engine, Key, Kind};

/// Makes the project allow what the tenant's deployments need, and nothing else.
pub async fn apply(engine: &Engine, facts: &TenantFacts) -> Done {
    match facts.life {
        Life::Deleting => return Done::overtaken(),
        Life::Active => {}
    }
    match engine.apply(&desired::project(facts)).await {
        Ok(_) => Done::as_wanted(facts.generation),
        Err(error) => Done::unwritten(error, facts.generation),
    }
}

/// Removes the project, once no Application needs it any more.
pub async fn take_down(engine: &Engine, facts: &TenantFacts) -> Done {
    match facts.life {
        Life::Active => return Done::overtaken(),
        Life::Deleting => {}
    }
    let namespace = &facts.seat.namespace;
    match has_applications(engine, namespace, facts.tenant).await {
        Ok(false) => {}
        Ok(true) => return Done::not_ready("the tenant's deployments to be gone from the engine"),
        Err(error) => return Done::unwritten(error, facts.generation),
    }
    let key = Key { kind: Kind::AppProject, namespace: namespace.clone(), name: facts.tenant.project_name() };
    let owner = Owner { tenant: facts.tenant, resource: facts.tenant.0 };
    removed(engine, &key, owner, facts.generation).await
}
