//! Taking an environment down.

use domain::ids::{EnvironmentId, Generation, OperationId};
use domain::operation::{Subject, Thing, Wish};
use serde_json::Value;

use super::{Environment, NOUN, row};
use crate::change::{AuditRow, Change, Class, FeedRow, Queue, instant, moved_on};
use crate::idempotency::{IdempotencyRow, Replay};
use crate::operations::lane_from_json;
use crate::{
    Access, Answer, Call, Done, Effect, Error, MayDeploy, Named, Reference, Refused, Result, Store, Tx, Would,
};

const ATTEMPTS: usize = 5;

/// Whether what uses a thing goes with it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Cascade {
    /// What is in use stays.
    #[default]
    No,
    /// It goes after all that uses it.
    Yes,
}

/// What there is, its row locked so that nobody begins to use it.
struct Scene {
    replay: Option<Value>,
    now: i64,
    row: Option<Value>,
    /// It was to go after all that uses it.
    cascades: bool,
    lane: Option<Value>,
    placed: Option<uuid::Uuid>,
    /// The deployments in it that are wished for; at most a hundred.
    users: Vec<String>,
    /// There are deployments in it, of whatever state.
    used: bool,
}

/// How it goes.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Way {
    /// At once: no engine knows it.
    Gone,
    /// An engine has to forget it first.
    TakenDown,
    /// What is in it has to go first.
    Last,
}

impl Store {
    /// Takes an environment down, or, with [`Cascade::Yes`], marks it: then all deployments in it go first.
    pub async fn delete_environment(
        &self,
        access: &Access<impl MayDeploy>,
        which: &Reference,
        (cascade, call): (Cascade, &Call),
    ) -> Answer<Done<Named>> {
        let mut attempt = 1;
        loop {
            match self.try_delete_environment(access, which, (cascade, call)).await {
                Err(error) if attempt < ATTEMPTS && moved_on(&error) => attempt += 1,
                Err(Error::Conflict(constraint)) => return crate::quota::refused(constraint),
                answer => return answer,
            }
        }
    }

    async fn try_delete_environment(
        &self,
        access: &Access<impl MayDeploy>,
        which: &Reference,
        (cascade, call): (Cascade, &Call),
    ) -> Answer<Done<Named>> {
        let mut tx = self.begin_in(access.scope()).await?;
        let scene = set(&mut tx, access, which, call).await?;
        match Replay::read(scene.replay.clone(), call.idempotency.as_ref())? {
            Err(refused) => return Ok(Err(refused)),
            Ok(Some(replay)) => return Ok(Ok(replayed(which, &replay))),
            Ok(None) => {}
        }
        let Some(row) = scene.row.clone() else { return Ok(Err(Refused::Absent { noun: NOUN })) };
        let there = row::read(row)?;
        let thing = Named { id: there.id.0, name: there.name.to_string() };
        let lane = scene.lane.clone().map_or_else(|| Ok(Vec::new()), lane_from_json)?;
        // One that goes last goes on when nothing is left in it.
        let last = there.deleting && scene.cascades && !scene.used;
        if there.deleting && !last {
            let operation =
                lane.iter().find(|open| open.subject.kind().ends_all_others()).map(|open| open.id);
            return Ok(Ok(Done { effect: Effect::Deleting, thing, operation }));
        }
        if let Some(refused) = refused(&there, &scene, cascade, call) {
            return Ok(Err(refused));
        }
        if call.dry_run {
            return Ok(Ok(Done { effect: Effect::WouldBe(Would::Delete), thing, operation: None }));
        }
        let way = match (scene.used, scene.placed) {
            (true, _) => Way::Last,
            (false, Some(_)) => Way::TakenDown,
            (false, None) => Way::Gone,
        };
        let mut change = Change::of(access.tenant());
        let generation = Generation(there.generation.0 + 1);
        let operation = scene.placed.filter(|_| way == Way::TakenDown).map(|cluster| {
            let subject = Subject::take_down(Thing::Environment, there.id.into());
            let queue = Queue {
                engine_cluster: domain::ids::EngineClusterId(cluster),
                class: Class::Prompt,
                now: instant(scene.now),
                trace: call.trace.as_deref(),
            };
            change.wish(&Wish { subject, target: generation, gate: None }, &lane, &queue)
        });
        tell(&mut change, access, (&there, generation, way, operation), call);
        write(&mut tx, access, (there.id, generation, way), &change).await?;
        tx.commit().await?;
        change.ring(self);
        let effect = if way == Way::Gone { Effect::Deleted } else { Effect::Deleting };
        Ok(Ok(Done { effect, thing, operation }))
    }
}

/// What is said against it.
fn refused(there: &Environment, scene: &Scene, cascade: Cascade, call: &Call) -> Option<Refused> {
    if let Some(lives_in) = there.lives_in.clone() {
        return Some(Refused::ReadOnly { lives_in });
    }
    if !call.condition.holds(Some(there.version())) {
        return Some(Refused::Condition { current: Some(there.generation) });
    }
    if cascade == Cascade::No && !scene.users.is_empty() {
        return Some(Refused::InUse {
            by: scene.users.iter().map(|name| format!("deployment {name}")).collect(),
        });
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

async fn set(tx: &mut Tx, access: &Access<impl MayDeploy>, which: &Reference, call: &Call) -> Result<Scene> {
    let key = call.idempotency.as_ref().map(|idempotency| idempotency.key.as_str());
    // `for update`: whoever puts a deployment into it holds its key, and finds it deleting after this.
    Ok(sqlx::query_as!(
        Scene,
        r#"with replay as materialized (select argosy_replay($4, $5) as answer)
           select replay.answer as "replay?",
                  (extract(epoch from now()) * 1000000)::bigint as "now!",
                  to_jsonb(e) - 'secret' as "row?",
                  coalesce(e.cascades, false) as "cascades!",
                  lane.lane as "lane?",
                  placed.engine_cluster_id as "placed?",
                  coalesce(users.names, '{}') as "users!",
                  coalesce(users.used, false) as "used!"
             from replay
             left join lateral (
                  select e.* from environments e
                   where e.id = (select o.id from environments o
                                  where o.tenant_id = $1 and (o.name = $2 or o.id = $3)
                                  order by o.state, o.made_at desc limit 1)
                     and e.tenant_id = $1 and replay.answer is null
                     for update) e on true
             left join lateral (
                  select argosy_open_operations(array['cluster_secret/' || e.id]) as lane) lane on true
             left join lateral (
                  select i.engine_cluster_id from placements p join engine_instances i on i.id = p.engine_instance_id
                   where p.tenant_id = $1 and p.environment_id = e.id) placed on true
             left join lateral (
                  select (array_agg(d.name::text order by d.name) filter (where d.state = 'active'))[1:100] as names,
                         count(*) > 0 as used
                    from deployments d where d.tenant_id = $1 and d.environment_id = e.id) users on e.id is not null"#,
        access.tenant().0,
        which.name(),
        which.id(),
        access.principal(),
        key,
    )
    .fetch_one(tx.on())
    .await?)
}

fn tell(
    change: &mut Change,
    access: &Access<impl MayDeploy>,
    (there, generation, way, operation): (&Environment, Generation, Way, Option<OperationId>),
    call: &Call,
) {
    let gone = way == Way::Gone;
    change.ledger.environments = -i32::from(gone);
    change.audit(AuditRow {
        principal: access.principal().to_owned(),
        action: "environment.delete".to_owned(),
        noun: NOUN,
        resource_id: there.id.0,
        resource_name: there.name.to_string(),
        generation: Some(generation),
        request_id: call.request_id.clone(),
        detail: (way == Way::Last).then(|| serde_json::json!({ "cascade": true })),
    });
    change.feed(FeedRow {
        noun: NOUN,
        resource_id: there.id.0,
        change: if gone { "deleted" } else { "deleting" },
        generation: Some(generation),
        facts: Some(serde_json::json!({ "name": there.name, "operation": operation })),
    });
    let status = if gone { 204 } else { 202 };
    let answer = Replay { status, location: None, resource_id: Some(there.id.0), operation };
    if let Some(row) = IdempotencyRow::of(call, access.principal(), answer) {
        change.answered(row);
    }
}

async fn write(
    tx: &mut Tx,
    access: &Access<impl MayDeploy>,
    (id, generation, way): (EnvironmentId, Generation, Way),
    change: &Change,
) -> Result<()> {
    if way == Way::Gone {
        sqlx::query_scalar!(
            r#"with written as (delete from environments where tenant_id = $1 and id = $2 returning 1)
               select settle($3) as "settled!" from written"#,
            access.tenant().0,
            id.0,
            change.json()?,
        )
        .fetch_one(tx.on())
        .await?;
        return Ok(());
    }
    sqlx::query_scalar!(
        r#"with written as (
                update environments
                   set state = 'deleting', cascades = $4, generation = $3, refused_generation = 0, refusal = null,
                       changed_at = now()
                 where tenant_id = $1 and id = $2
                   -- Looked at once more: the reading counted as things were before it waited for the lock.
                   and ($4 or not exists (select from deployments where tenant_id = $1 and environment_id = $2))
                returning 1)
           select settle($5) as "settled!" from written"#,
        access.tenant().0,
        id.0,
        i64::try_from(generation.0).unwrap_or(i64::MAX),
        way == Way::Last,
        change.json()?,
    )
    .fetch_optional(tx.on())
    .await?
    .ok_or_else(|| Error::Contended("a deployment has come into the environment".to_owned()))?;
    Ok(())
}
