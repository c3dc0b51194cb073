//! Asking for a sync.

use domain::ids::{OperationId, SyncRunId};
use domain::intent::Stored;
use serde_json::json;

use super::{NOUN, RunState, SyncRun, WantedRun};
use crate::change::{AuditRow, Change, Class, FeedRow, Queue, sync_run_wish};
use crate::deployments::{Asked, Before, Deployment, Standing, again, read, unplaced};
use crate::idempotency::{IdempotencyRow, Replay};
use crate::{
    Access, Answer, Call, Done, Effect, Error, MaySync, Reference, Refused, Result, Store, Tx, Would, fresh,
};

const ATTEMPTS: usize = 5;

impl Store {
    /// Asks for a sync of a deployment. It begins when all that were asked for before it have a verdict.
    pub async fn start_sync_run(
        &self,
        access: &Access<impl MaySync>,
        which: &Reference,
        (wanted, call): (&WantedRun, &Call),
    ) -> Answer<Done<SyncRun>> {
        let mut attempt = 1;
        loop {
            match self.try_start_sync_run(access, which, (wanted, call)).await {
                Err(error) if attempt < ATTEMPTS && (again(&error) || numbered_alike(&error)) => attempt += 1,
                Err(Error::Conflict(constraint)) => return crate::quota::refused(constraint),
                answer => return answer,
            }
        }
    }

    async fn try_start_sync_run(
        &self,
        access: &Access<impl MaySync>,
        which: &Reference,
        (wanted, call): (&WantedRun, &Call),
    ) -> Answer<Done<SyncRun>> {
        let mut tx = self.begin_in(access.scope()).await?;
        let asked = Asked::about(access.tenant(), access.principal(), which, call);
        let before = read(&mut tx, &asked, call).await?;
        let replay = match &before.replay {
            Ok(replay) => replay.clone(),
            Err(refused) => return Ok(Err(refused.clone())),
        };
        if let Some(replay) = replay {
            drop(tx);
            return self.replayed_run(access, replay).await;
        }
        let Some((there, row)) = &before.own else { return Ok(Err(Refused::Absent { noun: "deployment" })) };
        if let Some(refused) = refused(there, wanted, call) {
            return Ok(Err(refused));
        }
        let run = run(access, &before, (there, row.sync_runs + 1), wanted);
        if call.dry_run {
            let effect = Effect::WouldBe(Would::Create);
            return Ok(Ok(Done { effect, thing: run, operation: None }));
        }
        let Standing::Placed { engine_cluster, .. } = there.standing else { return Ok(Err(unplaced())) };
        let queue =
            Queue { engine_cluster, class: Class::Prompt, now: before.now, trace: call.trace.as_deref() };
        let (change, operation) = prepared(access, (&before, there, &run), &queue, call);
        write(&mut tx, access, &run, &change).await?;
        tx.commit().await?;
        change.ring(self);
        Ok(Ok(Done { effect: Effect::Created, thing: run, operation: Some(operation) }))
    }

    async fn replayed_run(&self, access: &Access<impl MaySync>, replay: Replay) -> Answer<Done<SyncRun>> {
        let Some(id) = replay.resource_id else { return Ok(Err(Refused::Absent { noun: NOUN })) };
        let effect = Effect::Replayed { status: replay.status };
        let thing = self.sync_run(access, SyncRunId(id)).await?;
        Ok(thing.map(|thing| Done { effect, thing, operation: replay.operation }))
    }
}

/// Two were asked for at once, and one of the two saw the row before the other wrote it.
fn numbered_alike(error: &Error) -> bool {
    matches!(error, Error::Conflict(constraint) if constraint == "sync_runs_number_key")
}

fn refused(there: &Deployment, wanted: &WantedRun, call: &Call) -> Option<Refused> {
    if !call.condition.holds(Some(there.version())) {
        return Some(Refused::Condition { current: Some(there.generation) });
    }
    if there.deleting {
        return Some(Refused::Deleting);
    }
    if there.spec.suspended {
        let detail = "the deployment is suspended, and nothing of it is synced; resume it first".to_owned();
        return Some(Refused::State { code: "suspended", detail });
    }
    wanted.spec.suits(&there.spec).err().map(Refused::Fields)
}

fn run(
    access: &Access<impl MaySync>,
    before: &Before,
    (there, number): (&Deployment, u64),
    wanted: &WantedRun,
) -> SyncRun {
    SyncRun {
        id: SyncRunId(fresh::id(before.now)),
        deployment: there.id,
        number,
        spec: wanted.spec.clone(),
        rollback_to: wanted.rollback_to,
        asked_by: access.principal().to_owned(),
        state: RunState::Waiting,
        lives_in: None,
        made_at: before.now,
        started_at: None,
    }
}

fn prepared(
    access: &Access<impl MaySync>,
    (before, there, run): (&Before, &Deployment, &SyncRun),
    queue: &Queue<'_>,
    call: &Call,
) -> (Change, OperationId) {
    let mut change = Change::of(access.tenant());
    let wish = sync_run_wish(run.id.0, there.id, before.undecided);
    let operation = change.wish(&wish, &before.lanes, queue);
    change.audit(AuditRow {
        principal: access.principal().to_owned(),
        action: "sync_run.start".to_owned(),
        noun: NOUN,
        resource_id: run.id.0,
        resource_name: format!("{} #{}", there.name, run.number),
        generation: None,
        request_id: call.request_id.clone(),
        detail: Some(
            json!({ "deployment": there.id, "rollback_to": run.rollback_to, "dry_run": run.spec.dry_run }),
        ),
    });
    change.feed(FeedRow {
        noun: NOUN,
        resource_id: run.id.0,
        change: "created",
        generation: None,
        facts: Some(json!({ "deployment": there.id, "number": run.number, "operation": operation })),
    });
    let operation_id = Some(operation);
    let answer = Replay { status: 202, location: None, resource_id: Some(run.id.0), operation: operation_id };
    if let Some(row) = IdempotencyRow::of(call, access.principal(), answer) {
        change.answered(row);
    }
    (change, operation)
}

async fn write(tx: &mut Tx, access: &Access<impl MaySync>, run: &SyncRun, change: &Change) -> Result<()> {
    sqlx::query_scalar!(
        r#"with counted as (
                update deployments set sync_runs = $4 where id = $3 and tenant_id = $2 returning 1),
           written as (
                insert into sync_runs (id, tenant_id, deployment_id, number, spec, rollback_to, asked_by)
                values ($1, $2, $3, $4, $5, $6, $7) returning 1)
           select settle($8) as "settled!" from (select count(*) from (table counted union all table written) a) as w"#,
        run.id.0,
        access.tenant().0,
        run.deployment.0,
        i64::try_from(run.number).unwrap_or(i64::MAX),
        Stored::of(&run.spec),
        run.rollback_to,
        run.asked_by,
        change.json()?,
    )
    .fetch_one(tx.on())
    .await?;
    Ok(())
}
