//! Changing what is said of a tenant.

use domain::ids::{Generation, TenantId};
use domain::text::DisplayName;
use serde_json::Value;

use super::limits::{Limits, WantedLimits};
use super::{NOUN, Tenant, row};
use crate::access::Operator;
use crate::change::{AuditRow, Change, FeedRow};
use crate::idempotency::{IdempotencyRow, Replay};
use crate::{Access, Answer, Call, Done, Effect, MayOwn, Refused, Result, Scope, Store, Tx, Would};

/// A change of a tenant, and whose.
pub(super) struct Edit<'a> {
    pub(super) scope: Scope,
    pub(super) tenant: TenantId,
    pub(super) principal: &'a str,
    pub(super) action: &'static str,
    pub(super) call: &'a Call,
}

struct Scene {
    replay: Option<Value>,
    row: Option<Value>,
}

impl Store {
    /// Gives a tenant another name for people. None: it keeps the one it has.
    pub async fn rename_tenant(
        &self,
        access: &Access<impl MayOwn>,
        display_name: Option<&DisplayName>,
        call: &Call,
    ) -> Answer<Done<Tenant>> {
        let edit = Edit {
            scope: access.scope(),
            tenant: access.tenant(),
            principal: access.principal(),
            action: "tenant.patch",
            call,
        };
        let becomes = |there: &Tenant| {
            let display_name = display_name.unwrap_or(&there.display_name).clone();
            Tenant { display_name, ..there.clone() }
        };
        self.edit_tenant(edit, becomes).await
    }

    /// Gives a tenant other limits.
    pub async fn change_limits(
        &self,
        access: &Access<Operator>,
        tenant: TenantId,
        (wanted, call): (WantedLimits, &Call),
    ) -> Answer<Done<Tenant>> {
        let edit = Edit {
            scope: Scope::Platform,
            tenant,
            principal: access.principal(),
            action: "tenant.limits",
            call,
        };
        self.edit_tenant(edit, |there| wanted.of(there)).await
    }

    async fn edit_tenant(&self, edit: Edit<'_>, becomes: impl Fn(&Tenant) -> Tenant) -> Answer<Done<Tenant>> {
        let call = edit.call;
        let mut tx = self.begin_in(edit.scope.clone()).await?;
        let scene = scene(&mut tx, &edit).await?;
        let there = scene.row.map(row::read).transpose()?;
        let replay = match Replay::read(scene.replay, call.idempotency.as_ref())? {
            Ok(replay) => replay,
            Err(refused) => return Ok(Err(refused)),
        };
        let Some(there) = there else { return Ok(Err(Refused::Absent { noun: NOUN })) };
        if let Some(Replay { status, .. }) = replay {
            return Ok(Ok(done(Effect::Replayed { status }, there)));
        }
        if !call.condition.holds(Some(there.version())) {
            return Ok(Err(Refused::Condition { current: Some(there.generation) }));
        }
        if there.deleting {
            return Ok(Err(Refused::Deleting));
        }
        let wanted = becomes(&there);
        if wanted == there {
            let effect = if call.dry_run { Effect::WouldBe(Would::Leave) } else { Effect::Unchanged };
            return Ok(Ok(done(effect, there)));
        }
        let wanted = Tenant { generation: Generation(there.generation.0 + 1), ..wanted };
        if call.dry_run {
            return Ok(Ok(done(Effect::WouldBe(Would::Change), wanted)));
        }
        let change = edit.change(&wanted);
        if wanted.limits != there.limits {
            limit(&mut tx, wanted.id, wanted.limits).await?;
        }
        let row = write(&mut tx, &wanted, &change).await?;
        tx.commit().await?;
        change.ring(self);
        Ok(Ok(done(Effect::Changed, row::read(row)?)))
    }
}

impl Edit<'_> {
    fn change(&self, wanted: &Tenant) -> Change {
        let mut change = Change::of(self.tenant);
        change.audit(AuditRow {
            principal: self.principal.to_owned(),
            action: self.action.to_owned(),
            noun: NOUN,
            resource_id: self.tenant.0,
            resource_name: wanted.name.to_string(),
            generation: Some(wanted.generation),
            request_id: self.call.request_id.clone(),
            detail: None,
        });
        change.feed(FeedRow {
            noun: NOUN,
            resource_id: self.tenant.0,
            change: "changed",
            generation: Some(wanted.generation),
            facts: None,
        });
        let answer =
            Replay { status: 200, location: None, resource_id: Some(self.tenant.0), operation: None };
        if let Some(row) = IdempotencyRow::of(self.call, self.principal, answer) {
            change.answered(row);
        }
        change
    }
}

fn done(effect: Effect, thing: Tenant) -> Done<Tenant> {
    Done { effect, thing, operation: None }
}

/// The tenant, its row locked.
async fn scene(tx: &mut Tx, edit: &Edit<'_>) -> Result<Scene> {
    let scene = sqlx::query_as!(
        Scene,
        r#"with replay as materialized (select argosy_replay($2, $3) as said)
           select r.said as replay, t.row
             from replay r
             left join lateral (
                  select to_jsonb(t) || jsonb_build_object('ledger', to_jsonb(l)) as row
                    from tenants t join tenant_ledger l on l.tenant_id = t.id
                   where t.id = $1 for no key update of t) t on true"#,
        edit.tenant.0,
        edit.principal,
        edit.call.idempotency.as_ref().map(|idempotency| idempotency.key.as_str()),
    )
    .fetch_one(tx.on())
    .await?;
    Ok(scene)
}

async fn limit(tx: &mut Tx, tenant: TenantId, limits: Limits) -> Result<()> {
    let of = |max: u32| i32::try_from(max).unwrap_or(i32::MAX);
    sqlx::query!(
        "update tenant_ledger
            set max_deployments = $2, max_environments = $3, max_repository_credentials = $4, max_api_keys = $5,
                max_open_operations = $6
          where tenant_id = $1",
        tenant.0,
        of(limits.deployments.max),
        of(limits.environments.max),
        of(limits.repository_credentials.max),
        of(limits.api_keys.max),
        of(limits.open_operations.max),
    )
    .execute(tx.on())
    .await?;
    Ok(())
}

async fn write(tx: &mut Tx, wanted: &Tenant, change: &Change) -> Result<Value> {
    let row = sqlx::query_scalar!(
        r#"with written as (
                update tenants
                   set display_name = $2, request_rate = $3, generation = generation + 1, changed_at = now()
                 where id = $1
                returning *),
           settled as materialized (select settle($4) from (select count(*) from written) as w)
           select to_jsonb(t) || jsonb_build_object('ledger', to_jsonb(l)) as "row!"
             from written t join tenant_ledger l on l.tenant_id = t.id, (select count(*) from settled) as s"#,
        wanted.id.0,
        wanted.display_name.as_str(),
        i32::try_from(wanted.request_rate).unwrap_or(i32::MAX),
        change.json()?,
    )
    .fetch_one(tx.on())
    .await?;
    Ok(row)
}
