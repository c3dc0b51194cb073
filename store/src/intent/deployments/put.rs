//! Making and changing a deployment.

use domain::field::{Code, Flaw, Pointer};
use domain::ids::{DeploymentId, OperationId, TenantId};
use domain::text::Name;

use super::before::{self, Asked, Before, Chosen, repositories};
use super::plan::Plan;
use super::{Born, Deployment, NOUN, Origin, Standing, WantedDeployment, write};
use crate::change::{AuditRow, Change, FeedRow, moved_on};
use crate::idempotency::{IdempotencyRow, Replay};
use crate::placements::stand;
use crate::{
    Access, Answer, Call, Done, Effect, Error, MayDeploy, MayRead, Reference, Refused, Result, Store, Tx,
    Would, fresh,
};

/// However often others are in the way.
const ATTEMPTS: usize = 5;

/// What to do about a wish, given what there is.
enum Verdict {
    /// Nothing is written.
    Stays(Effect, Box<Deployment>),
    /// It is written, unless the caller only asks.
    Goes(Box<Plan>),
}

impl Store {
    /// Makes a deployment what it is to be: a new one, or the one there is.
    ///
    /// Three round trips and no write if it is so already; else four, and one more when its environment has no instance
    /// yet.
    pub async fn put_deployment(
        &self,
        access: &Access<impl MayDeploy>,
        wanted: &WantedDeployment,
        call: &Call,
    ) -> Answer<Done<Deployment>> {
        let mut attempt = 1;
        loop {
            match self.try_put_deployment(access, wanted, call).await {
                Err(error) if attempt < ATTEMPTS && again(&error) => attempt += 1,
                Err(Error::Conflict(constraint)) => return crate::quota::refused(constraint),
                answer => return answer,
            }
        }
    }

    async fn try_put_deployment(
        &self,
        access: &Access<impl MayDeploy>,
        wanted: &WantedDeployment,
        call: &Call,
    ) -> Answer<Done<Deployment>> {
        let mut tx = self.begin_in(access.scope()).await?;
        let asked = Asked::for_wanted(access.tenant(), access.principal(), wanted, call);
        let before = before::read(&mut tx, &asked, call).await?;
        let replay = match &before.replay {
            Ok(replay) => replay.clone(),
            Err(refused) => return Ok(Err(refused.clone())),
        };
        if let Some(replay) = replay {
            drop(tx);
            return self.replayed_deployment(access, replay).await;
        }
        let verdict = match decide(&mut tx, access, wanted, (&asked, &before, call)).await? {
            Ok(verdict) => verdict,
            Err(refused) => return Ok(Err(refused)),
        };
        match verdict {
            Verdict::Stays(effect, thing) => Ok(Ok(Done { effect, thing: *thing, operation: None })),
            Verdict::Goes(plan) if call.dry_run => {
                let would = if plan.created { Would::Create } else { Would::Change };
                Ok(Ok(Done { effect: Effect::WouldBe(would), thing: plan.deployment, operation: None }))
            }
            Verdict::Goes(plan) => {
                let (change, operation) =
                    prepared((access.tenant(), access.principal()), &before, &plan, call);
                write::put(&mut tx, &plan, &change).await?;
                tx.commit().await?;
                change.ring(self);
                let effect = if plan.created { Effect::Created } else { Effect::Changed };
                Ok(Ok(Done { effect, thing: plan.deployment, operation }))
            }
        }
    }

    pub(super) async fn replayed_deployment(
        &self,
        access: &Access<impl MayRead>,
        replay: Replay,
    ) -> Answer<Done<Deployment>> {
        let Some(id) = replay.resource_id else { return Ok(Err(Refused::Absent { noun: NOUN })) };
        let effect = Effect::Replayed { status: replay.status };
        let thing = self.deployment(access, &Reference::Id(id)).await?;
        Ok(thing.map(|thing| Done { effect, thing, operation: replay.operation }))
    }
}

/// Whether a failed attempt is worth another one: somebody else took the name or the instance, made the same seat, or moved
/// a lane on.
pub(crate) fn again(error: &Error) -> bool {
    let raced = |constraint: &str| {
        [
            "deployments_name_key",
            "placements_pkey",
            "placements_environment_key",
            "seats_resource_key",
            "private_urls_pkey",
        ]
        .contains(&constraint)
    };
    moved_on(error) || matches!(error, Error::Conflict(constraint) if raced(constraint))
}

async fn decide(
    tx: &mut Tx,
    access: &Access<impl MayDeploy>,
    wanted: &WantedDeployment,
    (asked, before, call): (&Asked, &Before, &Call),
) -> Answer<Verdict> {
    let there = before.own.as_ref().map(|(there, _)| there);
    if let Err(refused) = allowed(wanted, there, call) {
        return Ok(Err(refused));
    }
    let born = match there {
        Some(there) => Born { id: there.id, name: there.name.clone() },
        None => match born(wanted, before) {
            Ok(born) => born,
            Err(refused) => return Ok(Err(refused)),
        },
    };
    if before.target.is_none() && wanted.origin == Origin::Rest {
        return Ok(Err(no_environment()));
    }
    let environment = before.target.as_ref().map(|target| target.id);
    if let Some(there) = there.filter(|there| there.spec == wanted.spec && there.environment == environment) {
        let effect = if call.dry_run { Effect::WouldBe(Would::Leave) } else { Effect::Unchanged };
        return Ok(Ok(Verdict::Stays(effect, Box::new(there.clone()))));
    }
    let chosen = chosen(tx, wanted, (asked, before), there.map(|there| there.id)).await?;
    let plan = Plan::of(access.tenant(), wanted, before, chosen.as_ref(), &born)?;
    if let Err(refused) = stays_on_its_engine(there, &plan) {
        return Ok(Err(refused));
    }
    Ok(Ok(Verdict::Goes(Box::new(plan))))
}

/// An instance for the environment, if it has none.
pub(super) async fn chosen(
    tx: &mut Tx,
    wanted: &WantedDeployment,
    (asked, before): (&Asked, &Before),
    own: Option<DeploymentId>,
) -> Result<Option<Chosen>> {
    let Some(target) = before.target.as_ref().filter(|target| target.spot().is_none()) else {
        return Ok(None);
    };
    let standing = stand(&repositories(&wanted.spec), &before.needs.credentials, &before.needs.public);
    let keys = (standing.guarded.as_slice(), standing.claimed());
    before::place(tx, (asked, own), target.id, (keys.0, &keys.1)).await.map(Some)
}

fn allowed(
    wanted: &WantedDeployment,
    there: Option<&Deployment>,
    call: &Call,
) -> std::result::Result<(), Refused> {
    if let (Some(lives_in), Origin::Rest) = (there.and_then(|there| there.lives_in.clone()), &wanted.origin) {
        return Err(Refused::ReadOnly { lives_in });
    }
    if !call.condition.holds(there.map(Deployment::version)) {
        return Err(Refused::Condition { current: there.map(|there| there.generation) });
    }
    if there.is_some_and(|there| there.deleting) {
        return Err(Refused::Deleting);
    }
    Ok(())
}

/// Id and name of something new.
fn born(wanted: &WantedDeployment, before: &Before) -> std::result::Result<Born, Refused> {
    let Reference::Name(name) = &wanted.reference else { return Err(Refused::Absent { noun: NOUN }) };
    match &wanted.origin {
        Origin::Rest => {
            let name = Name::chosen(name.as_str())
                .map_err(|Flaw { detail, .. }| Refused::State { code: "malformed_name", detail })?;
            Ok(Born { id: DeploymentId(fresh::id(before.now)), name })
        }
        Origin::CustomResource { id, .. } => Ok(Born { id: DeploymentId(*id), name: name.clone() }),
    }
}

/// What was written on one engine is not there on another: an Application has one home, as long as it lives.
fn stays_on_its_engine(there: Option<&Deployment>, plan: &Plan) -> std::result::Result<(), Refused> {
    let home = |standing: Standing| match standing {
        Standing::Placed { engine_instance, .. } => Some(engine_instance),
        Standing::Unplaced | Standing::Nowhere => None,
    };
    let old = there.and_then(|there| home(there.standing));
    let new = home(plan.deployment.standing);
    if old.is_some() && plan.moves && new.is_some() && old != new {
        let detail = "another engine serves that environment, and a deployment stays on its engine; delete it, and make \
                      it anew there"
            .to_owned();
        return Err(Refused::State { code: "other_engine", detail });
    }
    Ok(())
}

fn no_environment() -> Refused {
    let place = Pointer::root().at("destination").at("environment");
    let detail = "there is no environment of this name; make it first, or name another one";
    Refused::field(Flaw::new(Code::NotFound, detail).found_at(place))
}

/// Operations, audit, feed: all that goes with the change.
pub(super) fn prepared(
    (tenant, principal): (TenantId, &str),
    before: &Before,
    plan: &Plan,
    call: &Call,
) -> (Change, Option<OperationId>) {
    let deployment = &plan.deployment;
    let mut change = Change::of(tenant);
    change.ledger.deployments = i32::from(plan.created);
    let operation = plan.wish(&mut change, before, call);
    change.audit(AuditRow {
        principal: principal.to_owned(),
        action: "deployment.put".to_owned(),
        noun: NOUN,
        resource_id: deployment.id.0,
        resource_name: deployment.name.to_string(),
        generation: Some(deployment.generation),
        request_id: call.request_id.clone(),
        detail: before.target.as_ref().map(|target| serde_json::json!({ "environment": target.name })),
    });
    change.feed(FeedRow {
        noun: NOUN,
        resource_id: deployment.id.0,
        change: if plan.created { "created" } else { "changed" },
        generation: Some(deployment.generation),
        facts: Some(serde_json::json!({ "name": deployment.name, "operation": operation })),
    });
    let status = match (plan.created, operation) {
        (_, Some(_)) => 202,
        (true, None) => 201,
        (false, None) => 200,
    };
    let answer = Replay { status, location: None, resource_id: Some(deployment.id.0), operation };
    if let Some(row) = IdempotencyRow::of(call, principal, answer) {
        change.answered(row);
    }
    (change, operation)
}
