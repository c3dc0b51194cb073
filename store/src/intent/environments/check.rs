//! Asking an environment's API server who we are there: the wish, and what was found.

use domain::ids::{EngineClusterId, EnvironmentId, Generation, TenantId};
use domain::intent::environment::ConnectionReport;
use domain::operation::Operation;
use jiff::Timestamp;
use serde_json::{Value, json};

use super::scene;
use super::{Environment, NOUN, cure, row};
use crate::access::Agent;
use crate::change::{AuditRow, Change, Class, FeedRow, Queue, instant, moved_on};
use crate::idempotency::{IdempotencyRow, Replay};
use crate::operations::lane_from_json;
use crate::{
    Access, Answer, Call, Done, Effect, Error, MayDeploy, Reference, Refused, Result, Scope, Store, Tx, Would,
};

const ATTEMPTS: usize = 5;

impl Store {
    /// Wishes that an environment is checked now. Nothing of it changes.
    pub async fn request_check(
        &self,
        access: &Access<impl MayDeploy>,
        which: &Reference,
        call: &Call,
    ) -> Answer<Done<Environment>> {
        let mut attempt = 1;
        loop {
            match self.try_request_check(access, which, call).await {
                Err(error) if attempt < ATTEMPTS && moved_on(&error) => attempt += 1,
                Err(Error::Conflict(constraint)) => return crate::quota::refused(constraint),
                answer => return answer,
            }
        }
    }

    async fn try_request_check(
        &self,
        access: &Access<impl MayDeploy>,
        which: &Reference,
        call: &Call,
    ) -> Answer<Done<Environment>> {
        let mut tx = self.begin_in(access.scope()).await?;
        let scene = scene::set(&mut tx, (access.tenant(), access.principal()), which, call).await?;
        let replay = match &scene.replay {
            Ok(replay) => replay.clone(),
            Err(refused) => return Ok(Err(refused.clone())),
        };
        if let Some(replay) = replay {
            drop(tx);
            return self.replayed_environment(access, replay).await;
        }
        let Some(there) = scene.environment.clone() else { return Ok(Err(Refused::Absent { noun: NOUN })) };
        if !call.condition.holds(Some(there.version())) {
            return Ok(Err(Refused::Condition { current: Some(there.generation) }));
        }
        let Some(queue) = scene.queue(call) else {
            let detail = "no engine is available to check it; it is checked when there is one".to_owned();
            return Ok(Err(Refused::State { code: "no_engine", detail }));
        };
        if call.dry_run {
            return Ok(Ok(Done { effect: Effect::WouldBe(Would::Change), thing: there, operation: None }));
        }
        let mut change = Change::of(access.tenant());
        let lanes = (scene.lanes.as_slice(), &queue);
        let operation = cure::wish_check(&mut change, there.id, there.generation, lanes);
        change.audit(AuditRow {
            principal: access.principal().to_owned(),
            action: "environment.check".to_owned(),
            noun: NOUN,
            resource_id: there.id.0,
            resource_name: there.name.to_string(),
            generation: Some(there.generation),
            request_id: call.request_id.clone(),
            detail: None,
        });
        let answer =
            Replay { status: 202, location: None, resource_id: Some(there.id.0), operation: Some(operation) };
        if let Some(row) = IdempotencyRow::of(call, access.principal(), answer) {
            change.answered(row);
        }
        sqlx::query_scalar!(r#"select settle($1) as "settled!""#, change.json()?).fetch_one(tx.on()).await?;
        tx.commit().await?;
        change.ring(self);
        Ok(Ok(Done { effect: Effect::Changed, thing: there, operation: Some(operation) }))
    }

    /// Remembers what a check found. The first that passes, and one that passes where something was refused, lets all go on
    /// that waited for it. A report about an older generation than the last one changes nothing: false.
    pub async fn record_check(
        &self,
        _access: &Access<Agent>,
        (environment, seen): (EnvironmentId, Generation),
        report: ConnectionReport,
    ) -> Result<bool> {
        let report = report.bounded();
        let mut attempt = 1;
        loop {
            match self.try_record_check((environment, seen), &report).await {
                Err(error) if attempt < ATTEMPTS && moved_on(&error) => attempt += 1,
                answer => return answer,
            }
        }
    }

    async fn try_record_check(
        &self,
        (environment, seen): (EnvironmentId, Generation),
        report: &ConnectionReport,
    ) -> Result<bool> {
        let mut tx = self.begin_in(Scope::All).await?;
        let Some(found) = Found::lock(&mut tx, environment).await? else { return Ok(false) };
        let there = &found.environment;
        let last = there.check.as_ref().map_or(Generation(0), |check| check.generation);
        if seen < last || seen > there.generation || there.deleting {
            return Ok(false);
        }
        let news =
            there.check.as_ref().is_none_or(|check| check.report != *report || check.generation != seen);
        let passes = report.passed() && seen == there.generation;
        let cures = passes && (!there.passed_once || there.refusal.is_some() || news);
        let mut change = Change::of(found.tenant);
        if cures {
            found.wish_anew(&mut change)?;
        }
        if news || cures {
            change.feed(FeedRow {
                noun: NOUN,
                resource_id: environment.0,
                change: "status",
                generation: Some(there.generation),
                facts: Some(json!({ "name": there.name, "check": report.verdict })),
            });
        }
        record(&mut tx, (environment, found.tenant), (seen, passes, cures), (report, &change)).await?;
        tx.commit().await?;
        change.ring(self);
        Ok(true)
    }
}

/// What a report is about, its row locked.
struct Found {
    tenant: TenantId,
    now: Timestamp,
    environment: Environment,
    placed: Option<EngineClusterId>,
    lanes: Vec<Operation>,
    dependants: Value,
}

struct FoundRow {
    tenant_id: uuid::Uuid,
    now: i64,
    row: Value,
    placed: Option<uuid::Uuid>,
    lanes: Value,
    dependants: Value,
}

impl Found {
    /// None: it is gone.
    async fn lock(tx: &mut Tx, environment: EnvironmentId) -> Result<Option<Self>> {
        let found = sqlx::query_as!(
            FoundRow,
            r#"select e.tenant_id,
                      (extract(epoch from now()) * 1000000)::bigint as "now!",
                      to_jsonb(e) - 'secret' as "row!",
                      (select i.engine_cluster_id from placements p join engine_instances i on i.id = p.engine_instance_id
                        where p.tenant_id = e.tenant_id and p.environment_id = e.id) as "placed?",
                      argosy_open_operations(array['cluster_secret/' || e.id]) as "lanes!",
                      (select coalesce(jsonb_agg(jsonb_build_object(
                                 'id', d.id, 'generation', d.generation, 'refused_generation', d.refused_generation,
                                 'state', d.state, 'lane', d.lane)), '[]')
                         from (select d.id, d.generation, d.refused_generation, d.state, o.lane
                                 from deployments d
                                 cross join lateral argosy_open_operations(array['application/' || d.id]) as o (lane)
                                where d.tenant_id = e.tenant_id and d.environment_id = e.id and not d.withheld
                                  and (d.refused_generation > 0 or o.lane <> '[]')
                                order by d.id limit 500) d) as "dependants!"
                 from environments e
                where e.id = $1
                  for no key update of e"#,
            environment.0,
        )
        .fetch_optional(tx.on())
        .await?;
        let Some(found) = found else { return Ok(None) };
        Ok(Some(Self {
            tenant: TenantId(found.tenant_id),
            now: instant(found.now),
            environment: row::read(found.row)?,
            placed: found.placed.map(EngineClusterId),
            lanes: lane_from_json(found.lanes)?,
            dependants: found.dependants,
        }))
    }

    /// Everything that could not go on without the check.
    fn wish_anew(&self, change: &mut Change) -> Result<()> {
        let Some(engine_cluster) = self.placed else { return Ok(()) };
        let queue = Queue { engine_cluster, class: Class::Bulk, now: self.now, trace: None };
        let there = &self.environment;
        cure::wish_apply(change, there.id, there.generation, (&self.lanes, &queue));
        cure::wish_dependants(change, self.dependants.clone(), &queue).map(drop)
    }
}

async fn record(
    tx: &mut Tx,
    (environment, tenant): (EnvironmentId, TenantId),
    (seen, passes, cures): (Generation, bool, bool),
    (report, change): (&ConnectionReport, &Change),
) -> Result<()> {
    let seen = i64::try_from(seen.0).unwrap_or(i64::MAX);
    sqlx::query_scalar!(
        r#"with cured as (
                update deployments set refused_generation = 0, refusal = null
                 where $5 and tenant_id = $1 and environment_id = $2 and refused_generation > 0 and not withheld
                returning 1),
           written as (
                update environments
                   set checked_generation = $3, checked_at = now(), check_report = $6, passed_once = passed_once or $4,
                       refused_generation = case when $5 then 0 else refused_generation end,
                       refusal = case when $5 then null else refusal end
                 where tenant_id = $1 and id = $2 and (select count(*) from cured) >= 0
                returning 1)
           select settle($7) as "settled!" from written"#,
        tenant.0,
        environment.0,
        seen,
        passes,
        cures,
        json!(report),
        change.json()?,
    )
    .fetch_one(tx.on())
    .await?;
    Ok(())
}
