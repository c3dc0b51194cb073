//! In what order a batch is worked on: what others need goes first, tenant by tenant.
//!
//! A deployment's Application needs its tenant's project and its environment's Secret, so those are finished (written, not
//! only done) before it is begun. A tenant whose environment is slow keeps nobody else waiting.

use std::collections::BTreeMap;

use domain::ids::TenantId;
use domain::operation::{Kind, Thing};
use store::Claim;

/// A part of a batch: its stages are worked on one after the other, what is in a stage at once.
pub(super) type Stages = Vec<Vec<Claim>>;

/// What a batch falls into. The parts are worked on at once.
pub(super) fn stages(batch: Vec<Claim>) -> Vec<Stages> {
    let mut tenants: BTreeMap<TenantId, BTreeMap<u8, Vec<Claim>>> = BTreeMap::new();
    for claim in batch {
        let stage = stage(claim.operation.subject.kind());
        tenants.entry(claim.tenant).or_default().entry(stage).or_default().push(claim);
    }
    let (mut parts, mut simple) = (Vec::new(), Vec::new());
    for stages in tenants.into_values() {
        if stages.len() == 1 {
            simple.extend(stages.into_values().flatten());
        } else {
            parts.push(stages.into_values().collect());
        }
    }
    // What waits for nothing of its own tenant can be read together.
    if !simple.is_empty() {
        parts.push(vec![simple]);
    }
    parts
}

fn stage(kind: Kind) -> u8 {
    match kind {
        Kind::Apply(Thing::Tenant | Thing::Environment | Thing::RepositoryCredential)
        | Kind::ConnectionCheck
        | Kind::Termination => 0,
        Kind::Apply(Thing::Deployment)
        | Kind::TakeDown(Thing::Deployment)
        | Kind::SyncRun
        | Kind::Refresh => 1,
        // They outlive the Applications that need them.
        Kind::TakeDown(Thing::Tenant | Thing::Environment | Thing::RepositoryCredential) => 2,
    }
}
