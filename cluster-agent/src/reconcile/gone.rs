//! Removing what deploys nothing itself: projects and Secrets.

use domain::engine::facts::Prune;
use domain::engine::marks::{Owner, TENANT};
use domain::engine::plan::{Objection, Plan, Wait, Wanted, plan};
use domain::ids::TenantId;
use domain::operation::Generation;

use super::done::Done;
use crate::cluster::{Engine, Key, Kind, Unwritten};

/// Looks and steps of one attempt.
const STEPS: usize = 5;

/// Removes this object. What is not ours is left alone: then nothing of ours is there.
pub(super) async fn removed(engine: &Engine, key: &Key, owner: Owner, generation: Generation) -> Done {
    let wanted = Wanted::Absent { owner, generation, prune: Prune::Abandon };
    match steps(engine, key, wanted).await {
        Ok(gone) => Done::taken_down(generation, gone),
        Err(error) => Done::unwritten(error, generation),
    }
}

async fn steps(engine: &Engine, key: &Key, wanted: Wanted) -> Result<bool, Unwritten> {
    for _ in 0..STEPS {
        let live = engine.get(key).await?;
        let step = match plan(wanted, live.as_ref().map(|live| &live.observed)) {
            Plan::Nothing | Plan::Refuse(Objection::Foreign) => return Ok(true),
            Plan::Delete(seen) => engine.delete(key, &seen).await,
            Plan::Wait(Wait::Cascade | Wait::Finalizers(_)) => return Ok(false),
            Plan::RemoveCascade(seen) => {
                let patch = live.map(|live| seen.cascade_removed(&live.observed)).unwrap_or_default();
                engine.merge_patch(key, &patch).await.map(drop)
            }
            Plan::Refuse(Objection::Stale) => return Err(Unwritten::Contested),
            // Not for what is to be gone.
            Plan::Create | Plan::Update(_) | Plan::AddCascade(_) => return Err(Unwritten::Contested),
        };
        match step {
            Ok(()) | Err(Unwritten::Contested | Unwritten::Absent) => {}
            Err(other) => return Err(other),
        }
    }
    Err(Unwritten::Contested)
}

/// Whether Applications of a tenant are still in this namespace.
pub(super) async fn has_applications(
    engine: &Engine,
    namespace: &str,
    tenant: TenantId,
) -> Result<bool, Unwritten> {
    let labels = [(TENANT, tenant.to_string())];
    let labels: Vec<(&str, &str)> = labels.iter().map(|(label, value)| (*label, value.as_str())).collect();
    Ok(!engine.named(Kind::Application, namespace, &labels).await?.is_empty())
}
