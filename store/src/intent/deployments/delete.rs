//! Taking a deployment down.

use domain::engine::sync_run::{Judgement, Verdict};
use domain::ids::{Generation, OperationId};
use domain::operation::{Kind, Operation, State, Subject, Thing, Wish};
use serde_json::json;
use uuid::Uuid;

use super::before::{self, Asked, Before};
use super::put::again;
use super::{Deployment, NOUN, Parting};
use crate::change::{AuditRow, Change, Class, FeedRow, Queue};
use crate::idempotency::{IdempotencyRow, Replay};
use crate::{
    Access, Answer, Call, Done, Effect, Error, MayDeploy, Named, Reference, Refused, Result, Store, Tx, Would,
};

const ATTEMPTS: usize = 5;

impl Store {
    /// Takes a deployment down: what was deployed goes with it, or is let go.
    ///
    /// One that is being taken down may still be let go: that is how to part from a cluster that is gone for good.
    pub async fn delete_deployment(
        &self,
        access: &Access<impl MayDeploy>,
        which: &Reference,
        (parting, call): (Parting, &Call),
    ) -> Answer<Done<Named>> {
        let mut attempt = 1;
        loop {
            match self.try_delete_deployment(access, which, (parting, call)).await {
                Err(error) if attempt < ATTEMPTS && again(&error) => attempt += 1,
                Err(Error::Conflict(constraint)) => return crate::quota::refused(constraint),
                answer => return answer,
            }
        }
    }

    async fn try_delete_deployment(
        &self,
        access: &Access<impl MayDeploy>,
        which: &Reference,
        (parting, call): (Parting, &Call),
    ) -> Answer<Done<Named>> {
        let mut tx = self.begin_in(access.scope()).await?;
        let asked = Asked::about(access.tenant(), access.principal(), which, call);
        let before = before::read(&mut tx, &asked, call).await?;
        match &before.replay {
            Err(refused) => return Ok(Err(refused.clone())),
            Ok(Some(replay)) => return Ok(Ok(replayed(which, replay))),
            Ok(None) => {}
        }
        let Some((there, row)) = &before.own else { return Ok(Err(Refused::Absent { noun: NOUN })) };
        let thing = Named { id: there.id.0, name: there.name.to_string() };
        if let Some(refused) = refused(there, call) {
            return Ok(Err(refused));
        }
        let let_go = parting == Parting::Abandon;
        if there.deleting && (!let_go || row.abandoned()) {
            return Ok(Ok(Done { effect: Effect::Deleting, thing, operation: take_down(&before.lanes) }));
        }
        if call.dry_run {
            return Ok(Ok(Done { effect: Effect::WouldBe(Would::Delete), thing, operation: None }));
        }
        let (change, operation) = prepared(access, (&before, there), parting, call);
        let gone = operation.is_none();
        if gone {
            remove(&mut tx, there, &change).await?;
        } else {
            mark(&mut tx, (there, let_go), &unstarted(&before.lanes), &change).await?;
        }
        tx.commit().await?;
        change.ring(self);
        let effect = if gone { Effect::Deleted } else { Effect::Deleting };
        Ok(Ok(Done { effect, thing, operation }))
    }
}

fn refused(there: &Deployment, call: &Call) -> Option<Refused> {
    if let Some(lives_in) = there.lives_in.clone() {
        return Some(Refused::ReadOnly { lives_in });
    }
    if !call.condition.holds(Some(there.version())) {
        return Some(Refused::Condition { current: Some(there.generation) });
    }
    None
}

fn replayed(which: &Reference, replay: &Replay) -> Done<Named> {
    let name = which.name().map_or_else(String::new, ToOwned::to_owned);
    let id = replay.resource_id.or_else(|| which.id()).unwrap_or_default();
    Done {
        effect: Effect::Replayed { status: replay.status },
        thing: Named { id, name },
        operation: replay.operation,
    }
}

/// The operation that takes it down, if one is open.
fn take_down(lanes: &[Operation]) -> Option<OperationId> {
    let ends = |open: &&Operation| open.subject.kind() == Kind::TakeDown(Thing::Deployment);
    lanes.iter().filter(ends).max_by_key(|open| open.place).map(|open| open.id)
}

/// The runs that wait: they never start now.
fn unstarted(lanes: &[Operation]) -> Vec<Uuid> {
    let waits = |open: &&Operation| match open.state {
        State::Waiting(_) => open.subject.kind() == Kind::SyncRun,
        State::Running { .. } | State::Ended(_) => false,
    };
    lanes.iter().filter(waits).map(|open| open.subject.resource().0).collect()
}

/// All that goes with it. No operation: no engine knows it, and it is gone at once.
fn prepared(
    access: &Access<impl MayDeploy>,
    (before, there): (&Before, &Deployment),
    parting: Parting,
    call: &Call,
) -> (Change, Option<OperationId>) {
    let generation = Generation(there.generation.0 + 1);
    let mut change = Change::of(access.tenant());
    let operation = before.old.engine_cluster.map(|engine_cluster| {
        let subject = Subject::take_down(Thing::Deployment, there.id.into());
        let trace = call.trace.as_deref();
        let queue = Queue { engine_cluster, class: Class::Prompt, now: before.now, trace };
        change.wish(&Wish { subject, target: generation, gate: None }, &before.lanes, &queue)
    });
    let gone = operation.is_none();
    change.ledger.deployments = -i32::from(gone);
    change.audit(AuditRow {
        principal: access.principal().to_owned(),
        action: "deployment.delete".to_owned(),
        noun: NOUN,
        resource_id: there.id.0,
        resource_name: there.name.to_string(),
        generation: Some(generation),
        request_id: call.request_id.clone(),
        detail: Some(json!({ "abandon": parting == Parting::Abandon })),
    });
    change.feed(FeedRow {
        noun: NOUN,
        resource_id: there.id.0,
        change: if gone { "deleted" } else { "deleting" },
        generation: Some(generation),
        facts: Some(json!({ "name": there.name, "operation": operation })),
    });
    let status = if gone { 204 } else { 202 };
    let answer = Replay { status, location: None, resource_id: Some(there.id.0), operation };
    if let Some(row) = IdempotencyRow::of(call, access.principal(), answer) {
        change.answered(row);
    }
    (change, operation)
}

async fn remove(tx: &mut Tx, there: &Deployment, change: &Change) -> Result<()> {
    sqlx::query_scalar!(
        r#"with written as (delete from deployments where id = $1 returning 1)
           select settle($2) as "settled!" from (select count(*) from written) as w"#,
        there.id.0,
        change.json()?,
    )
    .fetch_one(tx.on())
    .await?;
    Ok(())
}

async fn mark(
    tx: &mut Tx,
    (there, let_go): (&Deployment, bool),
    unstarted: &[Uuid],
    change: &Change,
) -> Result<()> {
    let report = json!(Verdict::unstarted(Judgement::Terminated, "its deployment was taken down".to_owned()));
    sqlx::query_scalar!(
        r#"with written as (
                update deployments
                   set state = 'deleting', prune = case when $2 then 'abandon' else prune end, generation = generation + 1,
                       refused_generation = 0, refusal = null, changed_at = now()
                 where id = $1
                returning 1),
           called_off as (
                delete from sync_runs r where r.id = any ($3) and r.deployment_id = $1 returning r.*),
           judged as (
                insert into sync_runs_ended (id, tenant_id, deployment_id, number, spec, rollback_to, asked_by, started_at,
                                             door, lives_in, made_at, verdict, report)
                select id, tenant_id, deployment_id, number, spec, rollback_to, asked_by, started_at,
                       door, lives_in, made_at, 'terminated', $4 from called_off
                returning 1)
           select settle($5) as "settled!" from (select count(*) from (table written union all table judged) a) as w"#,
        there.id.0,
        let_go,
        unstarted,
        report,
        change.json()?,
    )
    .fetch_one(tx.on())
    .await?;
    Ok(())
}
