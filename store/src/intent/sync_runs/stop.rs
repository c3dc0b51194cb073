//! Calling a sync off, or stopping it.

use domain::ids::{EngineClusterId, Generation, SyncRunId};
use domain::operation::{ResourceId, State, Subject, Wish};
use serde_json::{Value, json};
use uuid::Uuid;

use super::{NOUN, RunState, SyncRun, row};
use crate::change::{AuditRow, Change, Class, FeedRow, Queue};
use crate::deployments::{again, unplaced};
use crate::operations::lane_from_json;
use crate::{Access, Answer, Call, Done, Effect, Error, MaySync, Refused, Result, Store, Tx};

const ATTEMPTS: usize = 5;

/// What there is.
struct Scene {
    now: jiff_sqlx::Timestamp,
    row: Value,
    lanes: Value,
    engine_cluster: Option<Uuid>,
}

/// What came of looking at it.
enum Look {
    Answered(Box<Done<SyncRun>>),
    /// It has not begun: its operation is called off.
    CallOff,
}

impl Store {
    /// Calls off a sync run that has not begun, or has one stopped that is going on. One that is over stays as it ended.
    pub async fn stop_sync_run(
        &self,
        access: &Access<impl MaySync>,
        id: SyncRunId,
        call: &Call,
    ) -> Answer<Done<SyncRun>> {
        let mut attempt = 1;
        loop {
            match self.try_stop_sync_run(access, id, call).await {
                Ok(Ok(Look::Answered(done))) => return Ok(Ok(*done)),
                Ok(Ok(Look::CallOff)) => match self.call_off(access, id).await? {
                    Ok(operation) => {
                        let thing = self.sync_run(access, id).await?;
                        let done =
                            |thing| Done { effect: Effect::Deleted, thing, operation: Some(operation) };
                        return Ok(thing.map(done));
                    }
                    // It has begun in the meantime.
                    Err(_) if attempt < ATTEMPTS => attempt += 1,
                    Err(refused) => return Ok(Err(refused)),
                },
                Ok(Err(refused)) => return Ok(Err(refused)),
                Err(error) if attempt < ATTEMPTS && again(&error) => attempt += 1,
                Err(Error::Conflict(constraint)) => return crate::quota::refused(constraint),
                Err(error) => return Err(error),
            }
        }
    }

    async fn try_stop_sync_run(
        &self,
        access: &Access<impl MaySync>,
        id: SyncRunId,
        call: &Call,
    ) -> Answer<Look> {
        let mut tx = self.begin_in(access.scope()).await?;
        let Some(scene) = set(&mut tx, access, id).await? else {
            drop(tx);
            // It is over, or there never was one.
            let thing = self.sync_run(access, id).await?;
            let done =
                |thing| Look::Answered(Box::new(Done { effect: Effect::Unchanged, thing, operation: None }));
            return Ok(thing.map(done));
        };
        let mut run = row::read(scene.row.clone())?;
        if let Some(lives_in) = run.lives_in {
            return Ok(Err(Refused::ReadOnly { lives_in }));
        }
        let lanes = lane_from_json(scene.lanes)?;
        let start = Subject::sync_run(ResourceId(id.0), run.deployment.into());
        let waits = |state: &State| match state {
            State::Waiting(_) => true,
            State::Running { .. } | State::Ended(_) => false,
        };
        if lanes.iter().any(|open| open.subject == start && waits(&open.state)) {
            return Ok(Ok(Look::CallOff));
        }
        let Some(engine_cluster) = scene.engine_cluster else { return Ok(Err(unplaced())) };
        let queue = Queue {
            engine_cluster: EngineClusterId(engine_cluster),
            class: Class::Prompt,
            now: scene.now.to_jiff(),
            trace: call.trace.as_deref(),
        };
        let mut change = Change::of(access.tenant());
        let subject = Subject::termination(ResourceId(id.0), run.deployment.into());
        let operation = change.wish(&Wish { subject, target: Generation::FIRST, gate: None }, &lanes, &queue);
        tell(&mut change, access, &run, call);
        write(&mut tx, id, &change).await?;
        tx.commit().await?;
        change.ring(self);
        run.state = RunState::Terminating;
        let done = Done { effect: Effect::Deleting, thing: run, operation: Some(operation) };
        Ok(Ok(Look::Answered(Box::new(done))))
    }
}

async fn set(tx: &mut Tx, access: &Access<impl MaySync>, id: SyncRunId) -> Result<Option<Scene>> {
    Ok(sqlx::query_as!(
        Scene,
        r#"select now() as "now!: jiff_sqlx::Timestamp", to_jsonb(r) as "row!",
                  argosy_open_operations(array['application/' || r.deployment_id, 'termination/' || r.deployment_id])
                      as "lanes!",
                  (select i.engine_cluster_id from deployments d
                     join placements p on p.environment_id = d.environment_id
                     join engine_instances i on i.id = p.engine_instance_id
                    where d.id = r.deployment_id) as engine_cluster
             from sync_runs r
            where r.tenant_id = $1 and r.id = $2
              for update of r"#,
        access.tenant().0,
        id.0,
    )
    .fetch_optional(tx.on())
    .await?)
}

fn tell(change: &mut Change, access: &Access<impl MaySync>, run: &SyncRun, call: &Call) {
    change.audit(AuditRow {
        principal: access.principal().to_owned(),
        action: "sync_run.stop".to_owned(),
        noun: NOUN,
        resource_id: run.id.0,
        resource_name: format!("#{}", run.number),
        generation: None,
        request_id: call.request_id.clone(),
        detail: Some(json!({ "deployment": run.deployment })),
    });
    change.feed(FeedRow {
        noun: NOUN,
        resource_id: run.id.0,
        change: "terminating",
        generation: None,
        facts: Some(json!({ "deployment": run.deployment, "number": run.number })),
    });
}

async fn write(tx: &mut Tx, id: SyncRunId, change: &Change) -> Result<()> {
    sqlx::query_scalar!(
        r#"with written as (update sync_runs set terminating = true where id = $1 returning 1)
           select settle($2) as "settled!" from (select count(*) from written) as w"#,
        id.0,
        change.json()?,
    )
    .fetch_one(tx.on())
    .await?;
    Ok(())
}
