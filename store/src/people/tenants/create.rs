//! Making a tenant: with its first owner, and its ledger.

use domain::access::Principal;
use domain::ids::{Generation, TenantId};
use domain::text::{DisplayName, Name};
use jiff::Timestamp;
use serde_json::{Value, json};

use super::{NOUN, Tenant, row};
use crate::access::MayFound;
use crate::change::{AuditRow, Change, FeedRow};
use crate::idempotency::{IdempotencyRow, Replay};
use crate::{Access, Answer, Call, Done, Effect, Error, Refused, Result, Scope, Store, Tx, Would, fresh};

/// A tenant to be made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewTenant {
    /// What it is to be called, for as long as it lives.
    pub name: Name,
    /// What people call it.
    pub display_name: DisplayName,
    /// Its first owner: a person or a group.
    pub owner: Principal,
}

struct Scene {
    replay: Option<Value>,
    now: jiff_sqlx::Timestamp,
    taken: Option<Value>,
}

impl Store {
    /// Makes a tenant.
    pub async fn create_tenant(
        &self,
        access: &Access<impl MayFound>,
        wanted: &NewTenant,
        call: &Call,
    ) -> Answer<Done<Tenant>> {
        let made = self.try_create_tenant(access.principal(), wanted, call).await;
        match made {
            Err(Error::Conflict(constraint)) if constraint == "tenants_name_key" => Ok(Err(taken())),
            made => made,
        }
    }

    async fn try_create_tenant(
        &self,
        principal: &str,
        wanted: &NewTenant,
        call: &Call,
    ) -> Answer<Done<Tenant>> {
        let mut tx = self.begin_in(Scope::Platform).await?;
        let scene = scene(&mut tx, (principal, call), wanted).await?;
        match Replay::read(scene.replay, call.idempotency.as_ref())? {
            Err(refused) => return Ok(Err(refused)),
            Ok(Some(Replay { status, resource_id, .. })) => {
                let there = found(&mut tx, resource_id.map(TenantId)).await?;
                let effect = Effect::Replayed { status };
                let done = there.map(|thing| Done { effect, thing, operation: None });
                return Ok(done.ok_or(Refused::Absent { noun: NOUN }));
            }
            Ok(None) => {}
        }
        let there = scene.taken.map(row::read).transpose()?;
        if !call.condition.holds(there.as_ref().map(Tenant::version)) {
            return Ok(Err(Refused::Condition { current: there.map(|there| there.generation) }));
        }
        if there.is_some() {
            return Ok(Err(taken()));
        }
        let id = TenantId(fresh::id(Timestamp::from(scene.now)));
        write(&mut tx, id, wanted, principal).await?;
        let change = change(id, wanted, (principal, call));
        sqlx::query_scalar!(r#"select settle($1) as "settled!""#, change.json()?).fetch_one(tx.on()).await?;
        let Some(thing) = found(&mut tx, Some(id)).await? else {
            return Err(Error::unreadable("a new tenant"));
        };
        if call.dry_run {
            return Ok(Ok(Done { effect: Effect::WouldBe(Would::Create), thing, operation: None }));
        }
        tx.commit().await?;
        change.ring(self);
        Ok(Ok(Done { effect: Effect::Created, thing, operation: None }))
    }
}

fn taken() -> Refused {
    Refused::State { code: "name_taken", detail: "choose another name: a tenant has this one".to_owned() }
}

async fn scene(tx: &mut Tx, (principal, call): (&str, &Call), wanted: &NewTenant) -> Result<Scene> {
    let scene = sqlx::query_as!(
        Scene,
        r#"with replay as materialized (select argosy_replay($1, $2) as said)
           select r.said as replay, now() as "now!: jiff_sqlx::Timestamp",
                  (select to_jsonb(t) || jsonb_build_object('ledger', to_jsonb(l))
                     from tenants t join tenant_ledger l on l.tenant_id = t.id
                    where t.name = $3 and t.state = 'active') as taken
             from replay r"#,
        principal,
        call.idempotency.as_ref().map(|idempotency| idempotency.key.as_str()),
        wanted.name.as_str(),
    )
    .fetch_one(tx.on())
    .await?;
    Ok(scene)
}

async fn write(tx: &mut Tx, id: TenantId, wanted: &NewTenant, principal: &str) -> Result<()> {
    sqlx::query!(
        "with made as (
              insert into tenants (id, name, display_name, door) values ($1, $2, $3, 'rest') returning id)
         insert into members (tenant_id, principal, role, made_by) select id, $4, 'owner', $5 from made",
        id.0,
        wanted.name.as_str(),
        wanted.display_name.as_str(),
        wanted.owner.as_str(),
        principal,
    )
    .execute(tx.on())
    .await?;
    Ok(())
}

async fn found(tx: &mut Tx, id: Option<TenantId>) -> Result<Option<Tenant>> {
    let row = sqlx::query_scalar!(
        r#"select to_jsonb(t) || jsonb_build_object('ledger', to_jsonb(l)) as "row!"
             from tenants t join tenant_ledger l on l.tenant_id = t.id where t.id = $1"#,
        id.map(|id| id.0),
    )
    .fetch_optional(tx.on())
    .await?;
    row.map(row::read).transpose()
}

fn change(id: TenantId, wanted: &NewTenant, (principal, call): (&str, &Call)) -> Change {
    let mut change = Change::of(id);
    change.audit(AuditRow {
        principal: principal.to_owned(),
        action: "tenant.create".to_owned(),
        noun: NOUN,
        resource_id: id.0,
        resource_name: wanted.name.to_string(),
        generation: Some(Generation::FIRST),
        request_id: call.request_id.clone(),
        detail: Some(json!({ "owner": wanted.owner })),
    });
    change.feed(FeedRow {
        noun: NOUN,
        resource_id: id.0,
        change: "created",
        generation: Some(Generation::FIRST),
        facts: None,
    });
    let answer = Replay {
        status: 201,
        location: Some(format!("/v1/tenants/{}", wanted.name)),
        resource_id: Some(id.0),
        operation: None,
    };
    if let Some(row) = IdempotencyRow::of(call, principal, answer) {
        change.answered(row);
    }
    change
}
