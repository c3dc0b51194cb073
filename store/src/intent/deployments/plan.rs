//! What a wish about a deployment comes to, before anything is written.

use domain::ids::{EnvironmentId, Generation, OperationId, TenantId};
use domain::intent::Stored;
use domain::intent::deployment::Destination;
use domain::operation::{Gate, Operation, Refusal, Subject, Thing, Wish};
use serde_json::{Value, json};

use super::before::{Before, Chosen, Surroundings, Target, repositories};
use super::{Born, Deployment, Origin, Standing, WantedDeployment};
use crate::change::{Change, Class, Queue};
use crate::placements::{Claim, HELD, Needs, PlacementWrite, Seats, Spot, stand};
use crate::{Call, Error};

/// Everything that is to be written.
pub(super) struct Plan {
    pub(super) deployment: Deployment,
    /// A row of `deployments`.
    pub(super) row: Value,
    pub(super) created: bool,
    /// Its repositories are to be written too.
    pub(super) moves: bool,
    pub(super) placement: Option<PlacementWrite>,
    tenant: TenantId,
    claims: Vec<Claim>,
    pub(super) seats: Seats,
    /// Where its operations go. None: nowhere, for now.
    spot: Option<Spot>,
    lanes: Vec<Operation>,
}

/// Where the deployment is to be served, as far as that is known.
struct Ground<'a> {
    spot: Option<Spot>,
    needs: &'a Surroundings,
    placement: Option<PlacementWrite>,
}

impl Plan {
    /// What it comes to, with what was chosen where the environment had no instance.
    pub(super) fn of(
        tenant: TenantId,
        wanted: &WantedDeployment,
        before: &Before,
        chosen: Option<&Chosen>,
        born: &Born,
    ) -> crate::Result<Self> {
        let target = before.target.as_ref();
        let ground = ground(tenant, before, target, chosen);
        let urls = repositories(&wanted.spec);
        let moves = before.moves || chosen.is_some();
        let (claims, allowed) = if moves {
            let standing = stand(&urls, &ground.needs.credentials, &ground.needs.public);
            let claims = ground.spot.as_ref().map(|_| standing.at(&ground.needs.contested));
            if ground.placement.is_some() && claims == Some(None) {
                // It qualified a moment ago. Another one may still.
                return Err(Error::Contended("another tenant was first at that instance".to_owned()));
            }
            (claims.clone().flatten().unwrap_or_default(), claims.is_none_or(|claims| claims.is_some()))
        } else {
            (Vec::new(), before.own.as_ref().is_none_or(|(_, row)| !row.withheld))
        };
        let spot = ground.spot.filter(|_| allowed);
        let seats = match target.filter(|_| moves) {
            Some(target) => Seats::plan(
                &Needs {
                    tenant,
                    environment: target.id,
                    spot: spot.as_ref(),
                    urls: &urls,
                    credentials: &ground.needs.credentials,
                    now: before.now,
                },
                &ground.needs.seats,
            ),
            None => Seats::default(),
        };
        let mut lanes = before.lanes.clone();
        if let Some(chosen) = chosen {
            lanes.extend(
                chosen.lanes()?.into_iter().filter(|one| before.lanes.iter().all(|other| other.id != one.id)),
            );
        }
        let deployment = deployed(wanted, before, spot.as_ref(), born);
        let kept = before.own.as_ref().map_or(Generation(0), |(_, row)| row.project_generation);
        let project = if moves { seats.project } else { kept };
        let row = written(tenant, (&deployment, &wanted.origin), !allowed, project);
        Ok(Self {
            created: before.own.is_none(),
            row,
            deployment,
            moves,
            placement: ground.placement,
            tenant,
            claims,
            seats,
            spot,
            lanes,
        })
    }

    /// What is to be its tenant's alone from now on, as rows.
    pub(super) fn claims(&self) -> Vec<Value> {
        let repo_server = self.spot.as_ref().map(|spot| &spot.repo_server);
        let row = |claim: &Claim| json!({ "repo_server": repo_server, "key": claim.key, "engine_key": claim.engine_key, "tenant_id": self.tenant });
        self.claims.iter().map(row).collect()
    }

    /// The wishes that go with it, and the operation its caller holds.
    pub(super) fn wish(&self, change: &mut Change, before: &Before, call: &Call) -> Option<OperationId> {
        let trace = call.trace.as_deref();
        self.seats.wish(change, &self.lanes, (before.now, trace));
        let (spot, target) = (self.spot.as_ref()?, before.target.as_ref()?);
        let mut wish = |subject: Subject, target, gate| {
            let class = Class::of(subject.kind());
            let queue = Queue { engine_cluster: spot.engine_cluster, class, now: before.now, trace };
            change.wish(&Wish { subject, target, gate }, &self.lanes, &queue)
        };
        if target.applied_generation.0 == 0 && target.refused_generation < target.generation {
            wish(Subject::apply(Thing::Environment, target.id.into()), target.generation, None);
        }
        let first = self.deployment.applied.0 == 0;
        let gate = before.earlier.filter(|_| first).map(Gate::TakenDown);
        let subject = Subject::apply(Thing::Deployment, self.deployment.id.into());
        Some(wish(subject, self.deployment.generation, gate))
    }
}

/// Where it is served: where its environment is, or where that is put now.
fn ground<'a>(
    tenant: TenantId,
    before: &'a Before,
    target: Option<&Target>,
    chosen: Option<&'a Chosen>,
) -> Ground<'a> {
    let Some((target, chosen)) = target.zip(chosen) else {
        return Ground { spot: target.and_then(Target::spot), needs: &before.needs, placement: None };
    };
    let reason = match &chosen.spot {
        Some(_) => {
            format!("the least loaded of those that qualified, with {} deployments", chosen.deployments)
        }
        None => format!("no instance qualifies: each is cordoned, unfit or full, or {HELD}"),
    };
    let placement = PlacementWrite {
        tenant_id: tenant.0,
        environment_id: target.id.0,
        engine_instance_id: chosen.spot.as_ref().map(|spot| spot.engine_instance.0),
        reason,
    };
    let needs = if chosen.spot.is_some() { &chosen.needs } else { &before.needs };
    Ground { spot: chosen.spot.clone(), needs, placement: Some(placement) }
}

fn deployed(wanted: &WantedDeployment, before: &Before, spot: Option<&Spot>, born: &Born) -> Deployment {
    let environment: Option<EnvironmentId> = before.target.as_ref().map(|target| target.id);
    let standing = match (environment, spot) {
        (None, _) => Standing::Nowhere,
        (Some(_), None) => Standing::Unplaced,
        (Some(_), Some(spot)) => {
            Standing::Placed { engine_cluster: spot.engine_cluster, engine_instance: spot.engine_instance }
        }
    };
    let lives_in = match &wanted.origin {
        Origin::Rest => None,
        Origin::CustomResource { lives_in, .. } => Some(lives_in.clone()),
    };
    match &before.own {
        Some((there, _)) => Deployment {
            // The same again is looked at anew, for it was not placed.
            generation: if there.spec == wanted.spec && there.environment == environment {
                there.generation
            } else {
                Generation(there.generation.0 + 1)
            },
            refusal: None,
            spec: wanted.spec.clone(),
            environment,
            standing,
            lives_in,
            changed_at: before.now,
            ..there.clone()
        },
        None => Deployment {
            id: born.id,
            name: born.name.clone(),
            generation: Generation::FIRST,
            applied: Generation(0),
            refusal: None,
            deleting: false,
            spec: wanted.spec.clone(),
            environment,
            standing,
            lives_in,
            made_at: before.now,
            changed_at: before.now,
        },
    }
}

/// A row of `deployments`.
fn written(
    tenant: TenantId,
    (deployment, origin): (&Deployment, &Origin),
    withheld: bool,
    project: Generation,
) -> Value {
    let namespace = match &deployment.spec.destination {
        Destination::Environment { namespace, .. } => Some(namespace),
        Destination::Implicit => None,
    };
    let door = match origin {
        Origin::Rest => "rest",
        Origin::CustomResource { .. } => "custom_resource",
    };
    // What waits for an engine is not owed by any: it is no work for the sweep.
    let refused = if withheld { deployment.generation } else { Generation(0) };
    json!({
        "id": deployment.id,
        "tenant_id": tenant,
        "name": deployment.name,
        "environment_id": deployment.environment,
        "namespace": namespace,
        "generation": deployment.generation,
        "refused_generation": refused,
        "refusal": withheld.then(|| Refusal::Unplaced.to_string()),
        "suspended": deployment.spec.suspended,
        "withheld": withheld,
        "project_generation": project,
        "spec": Stored::of(&deployment.spec),
        "labels": deployment.spec.labels,
        "door": door,
        "lives_in": deployment.lives_in,
    })
}
