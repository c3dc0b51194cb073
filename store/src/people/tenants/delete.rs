//! Taking a tenant down. It goes last: after everything that lives in it, and after the engines have forgotten it.

use domain::ids::{Generation, TenantId};
use serde_json::{Value, json};
use uuid::Uuid;

use super::{NOUN, Tenant, row};
use crate::access::Platform;
use crate::change::{AuditRow, Change, FeedRow};
use crate::idempotency::{IdempotencyRow, Replay};
use crate::{Access, Answer, Call, Done, Effect, MayOwn, Refused, Result, Scope, Store, Tx, Would};

/// Whether what lives in a tenant goes with it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum TenantCascade {
    /// A tenant that is not empty stays.
    #[default]
    No,
    /// Everything in it is taken down, and then the tenant.
    Yes,
}

struct Scene {
    replay: Option<Value>,
    row: Option<Value>,
    users: Vec<String>,
}

impl Store {
    /// Takes a tenant down. From then on nothing new can be made in it; it is gone when nothing is left.
    pub async fn delete_tenant(
        &self,
        access: &Access<impl MayOwn>,
        cascade: TenantCascade,
        call: &Call,
    ) -> Answer<Done<Tenant>> {
        let (tenant, principal) = (access.tenant(), access.principal());
        let mut tx = self.begin_in(access.scope()).await?;
        let scene = scene(&mut tx, tenant, (principal, call)).await?;
        let replay = match Replay::read(scene.replay, call.idempotency.as_ref())? {
            Ok(replay) => replay,
            Err(refused) => return Ok(Err(refused)),
        };
        let there = scene.row.map(row::read).transpose()?;
        let Some(there) = there else { return Ok(Err(Refused::Absent { noun: NOUN })) };
        let done = |effect, thing| Ok(Ok(Done { effect, thing, operation: None }));
        if let Some(Replay { status, .. }) = replay {
            return done(Effect::Replayed { status }, there);
        }
        if !call.condition.holds(Some(there.version())) {
            return Ok(Err(Refused::Condition { current: Some(there.generation) }));
        }
        if there.deleting {
            return done(Effect::Deleting, there);
        }
        // The counters are read under their lock, and see what was made while we waited for it; the names may not.
        if cascade == TenantCascade::No && there.limits.lived_in() {
            return Ok(Err(Refused::InUse { by: scene.users }));
        }
        if call.dry_run {
            return done(Effect::WouldBe(Would::Delete), there);
        }
        let there = Tenant { deleting: true, generation: Generation(there.generation.0 + 1), ..there };
        let change = change(&there, (principal, call));
        mark(&mut tx, tenant, &change).await?;
        tx.commit().await?;
        change.ring(self);
        done(Effect::Deleting, there)
    }

    /// Ends the tenants that are being taken down and in which nothing is left, and answers those in which something is:
    /// the job takes that down, and comes back.
    pub async fn end_tenants(&self, job: &Access<Platform>) -> Result<Vec<TenantId>> {
        let mut tx = self.begin_in(Scope::Platform).await?;
        let left =
            sqlx::query_scalar!("select id from tenants where state = 'deleting' order by id limit 1000")
                .fetch_all(tx.on())
                .await?;
        tx.commit().await?;
        let mut lived_in = Vec::new();
        for tenant in left {
            if !self.end_tenant(job, tenant).await? {
                lived_in.push(TenantId(tenant));
            }
        }
        Ok(lived_in)
    }

    /// False: something is left.
    async fn end_tenant(&self, job: &Access<Platform>, tenant: Uuid) -> Result<bool> {
        let mut tx = self.begin_in(Scope::Platform).await?;
        let name = sqlx::query_scalar!(
            "select name from tenants t
              where id = $1 and state = 'deleting'
                and not exists (select from deployments d where d.tenant_id = t.id)
                and not exists (select from environments e where e.tenant_id = t.id)
                and not exists (select from repository_credentials c where c.tenant_id = t.id)
                and not exists (select from seats s where s.tenant_id = t.id)
                and not exists (select from private_urls u where u.tenant_id = t.id)
                for update",
            tenant,
        )
        .fetch_optional(tx.on())
        .await?;
        let Some(name) = name else { return Ok(false) };
        // Nobody reads the feed of what is gone; the audit stays, with the platform's.
        let mut change = Change::of_the_platform();
        change.audit(AuditRow {
            principal: job.principal().to_owned(),
            action: "tenant.gone".to_owned(),
            noun: NOUN,
            resource_id: tenant,
            resource_name: name,
            ..AuditRow::default()
        });
        sqlx::query!("delete from api_keys where tenant_id = $1", tenant).execute(tx.on()).await?;
        sqlx::query!("delete from members where tenant_id = $1", tenant).execute(tx.on()).await?;
        sqlx::query_scalar!(
            r#"with gone as (delete from tenants where id = $1 returning 1)
               select settle($2) as "settled!" from (select count(*) from gone) as g"#,
            tenant,
            change.json()?,
        )
        .fetch_one(tx.on())
        .await?;
        tx.commit().await?;
        Ok(true)
    }
}

/// The tenant, its row locked, and what lives in it: at most a hundred.
async fn scene(tx: &mut Tx, tenant: TenantId, (principal, call): (&str, &Call)) -> Result<Scene> {
    let scene = sqlx::query_as!(
        Scene,
        r#"with replay as materialized (select argosy_replay($2, $3) as said)
           select r.said as replay, t.row,
                  array(select 'deployment ' || name from deployments where tenant_id = $1
                        union all
                        select 'environment ' || name from environments where tenant_id = $1
                        union all
                        select 'repository credential ' || name from repository_credentials where tenant_id = $1
                        limit 100) as "users!"
             from replay r
             left join lateral (
                  select to_jsonb(t) || jsonb_build_object('ledger', to_jsonb(l)) as row
                    from tenants t join tenant_ledger l on l.tenant_id = t.id
                   where t.id = $1 for no key update of t, l) t on true"#,
        tenant.0,
        principal,
        call.idempotency.as_ref().map(|idempotency| idempotency.key.as_str()),
    )
    .fetch_one(tx.on())
    .await?;
    Ok(scene)
}

/// Nothing can grow in it from here on: whoever is about to make something fails at the ledger, whose row we hold.
async fn mark(tx: &mut Tx, tenant: TenantId, change: &Change) -> Result<()> {
    sqlx::query!(
        "update tenant_ledger
            set max_deployments = 0, max_environments = 0, max_repository_credentials = 0, max_api_keys = 0
          where tenant_id = $1",
        tenant.0,
    )
    .execute(tx.on())
    .await?;
    sqlx::query_scalar!(
        r#"with written as (
                update tenants set state = 'deleting', generation = generation + 1, changed_at = now()
                 where id = $1 returning 1)
           select settle($2) as "settled!" from (select count(*) from written) as w"#,
        tenant.0,
        change.json()?,
    )
    .fetch_one(tx.on())
    .await?;
    Ok(())
}

fn change(there: &Tenant, (principal, call): (&str, &Call)) -> Change {
    let mut change = Change::of(there.id);
    change.audit(AuditRow {
        principal: principal.to_owned(),
        action: "tenant.delete".to_owned(),
        noun: NOUN,
        resource_id: there.id.0,
        resource_name: there.name.to_string(),
        generation: Some(there.generation),
        request_id: call.request_id.clone(),
        detail: None,
    });
    change.feed(FeedRow {
        noun: NOUN,
        resource_id: there.id.0,
        change: "deleting",
        generation: Some(there.generation),
        facts: Some(json!({ "name": there.name })),
    });
    let answer = Replay { status: 202, location: None, resource_id: Some(there.id.0), operation: None };
    if let Some(row) = IdempotencyRow::of(call, principal, answer) {
        change.answered(row);
    }
    change
}
