//! Making a key. Only somebody who logged in can, and it never may more than they.

use domain::access::{KeyScope, Role};
use domain::field::{Flaw, Pointer};
use domain::ids::{ApiKeyId, Generation};
use domain::text::DisplayName;
use jiff::Timestamp;
use serde_json::{Value, json};
use uuid::Uuid;

use super::{ApiKey, NOUN, list};
use crate::change::{AuditRow, Change, FeedRow};
use crate::idempotency::{IdempotencyRow, Replay};
use crate::{Admitted, Answer, Call, Done, Effect, Error, Refused, Result, Scope, Store, Tx, Would};

/// A key to be made. Its secret stays with whoever asks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewApiKey {
    /// Of version 7 or 4: it is the caller's to make, as it is in the key.
    pub id: ApiKeyId,
    /// SHA-256 of its secret.
    pub hash: [u8; 32],
    /// What people call it.
    pub name: DisplayName,
    /// What it may, at most.
    pub role: Role,
    /// What of that it is for.
    pub scopes: Vec<KeyScope>,
    /// Until when it is good.
    pub expires_at: Option<Timestamp>,
}

struct Scene {
    replay: Option<Value>,
    state: Option<String>,
}

impl Store {
    /// Makes a key in the tenant, on the membership of whoever asks. A replay answers the key that was made, and never its
    /// secret.
    pub async fn create_api_key(
        &self,
        admitted: &Admitted,
        wanted: &NewApiKey,
        call: &Call,
    ) -> Answer<Done<ApiKey>> {
        match self.try_create_api_key(admitted, wanted, call).await {
            Err(Error::Conflict(constraint)) => crate::quota::refused(constraint),
            answer => answer,
        }
    }

    async fn try_create_api_key(
        &self,
        admitted: &Admitted,
        wanted: &NewApiKey,
        call: &Call,
    ) -> Answer<Done<ApiKey>> {
        if admitted.caller().is_key() {
            return Ok(Err(Refused::Forbidden { needs: "person: a key cannot make keys" }));
        }
        let mut tx = self.begin_in(Scope::Tenant(admitted.tenant())).await?;
        let scene = scene(&mut tx, admitted, call).await?;
        let replay = match Replay::read(scene.replay, call.idempotency.as_ref())? {
            Ok(replay) => replay,
            Err(refused) => return Ok(Err(refused)),
        };
        if let Some(Replay { status, resource_id, .. }) = replay {
            let made = found(&mut tx, resource_id).await?.ok_or(Refused::Absent { noun: NOUN });
            return Ok(made.map(|thing| Done {
                effect: Effect::Replayed { status },
                thing,
                operation: None,
            }));
        }
        if scene.state.as_deref() != Some("active") {
            return Ok(Err(Refused::Deleting));
        }
        // The admission may be half a minute old; this is after the lock.
        let (role, now) = membership(&mut tx, admitted).await?;
        if let Err(refused) = fits(wanted, role, now) {
            return Ok(Err(refused));
        }
        let change = change(admitted, wanted, call);
        let row = write(&mut tx, admitted, wanted, &change).await?;
        let thing = list::read(row)?;
        if call.dry_run {
            return Ok(Ok(Done { effect: Effect::WouldBe(Would::Create), thing, operation: None }));
        }
        tx.commit().await?;
        change.ring(self);
        Ok(Ok(Done { effect: Effect::Created, thing, operation: None }))
    }
}

/// A key that promises what it cannot do helps nobody.
fn fits(wanted: &NewApiKey, maker: Option<Role>, now: Timestamp) -> std::result::Result<(), Refused> {
    let mut errors = domain::field::Errors::new();
    if maker.is_none_or(|maker| wanted.role > maker) {
        errors.note("role", Flaw::forbidden("a key has at most the role of whoever makes it"));
    }
    if wanted.scopes.iter().any(|scope| scope.needs() > wanted.role) {
        errors.note("scopes", Flaw::forbidden("the role of the key does not reach so far"));
    }
    if wanted.expires_at.is_some_and(|expires| expires <= now) {
        let flaw = Flaw::new(domain::field::Code::OutOfRange, "give a time that is still to come");
        errors.note_at(Pointer::default().at("expiresAt"), flaw);
    }
    errors.finish(Some(())).map_err(Refused::Fields)
}

async fn scene(tx: &mut Tx, admitted: &Admitted, call: &Call) -> Result<Scene> {
    let scene = sqlx::query_as!(
        Scene,
        r#"with replay as materialized (select argosy_replay($2, $3) as said)
           select r.said as replay, t.state as "state?"
             from replay r
             left join lateral (select state from tenants where id = $1 for no key update) t on true"#,
        admitted.tenant().0,
        admitted.caller().principal().as_str(),
        call.idempotency.as_ref().map(|idempotency| idempotency.key.as_str()),
    )
    .fetch_one(tx.on())
    .await?;
    Ok(scene)
}

/// The role of the member on whom the key will stand, as it is now, and now.
async fn membership(tx: &mut Tx, admitted: &Admitted) -> Result<(Option<Role>, Timestamp)> {
    let row = sqlx::query!(
        r#"select now() as "now!: jiff_sqlx::Timestamp",
                  (select role from members where tenant_id = $1 and principal = $2) as role"#,
        admitted.tenant().0,
        admitted.member().as_str(),
    )
    .fetch_one(tx.on())
    .await?;
    let role = row.role.map(|role| role.parse()).transpose().map_err(|_| Error::unreadable("a member"))?;
    Ok((role, Timestamp::from(row.now)))
}

async fn found(tx: &mut Tx, id: Option<Uuid>) -> Result<Option<ApiKey>> {
    let row = sqlx::query_scalar!(
        r#"select to_jsonb(k) - 'secret_hash' as "row!" from api_keys k where k.id = $1 and k.tenant_id is not null"#,
        id,
    )
    .fetch_optional(tx.on())
    .await?;
    row.map(list::read).transpose()
}

async fn write(tx: &mut Tx, admitted: &Admitted, wanted: &NewApiKey, change: &Change) -> Result<Value> {
    let scopes: Vec<String> = wanted.scopes.iter().map(ToString::to_string).collect();
    let row = sqlx::query_scalar!(
        r#"with written as (
                insert into api_keys (id, tenant_id, name, secret_hash, role, scopes, vouched_by, made_by, expires_at)
                values ($1, $2, $3, $4, $5, $6, $7, $8, $9)
                returning *),
           settled as materialized (select settle($10) from (select count(*) from written) as w)
           select to_jsonb(k) - 'secret_hash' as "row!" from written k, (select count(*) from settled) as s"#,
        wanted.id.0,
        admitted.tenant().0,
        wanted.name.as_str(),
        wanted.hash.as_slice(),
        wanted.role.as_str(),
        &scopes,
        admitted.member().as_str(),
        admitted.caller().principal().as_str(),
        wanted.expires_at.map(jiff_sqlx::Timestamp::from) as _,
        change.json()?,
    )
    .fetch_one(tx.on())
    .await?;
    Ok(row)
}

fn change(admitted: &Admitted, wanted: &NewApiKey, call: &Call) -> Change {
    let principal = admitted.caller().principal().as_str();
    let mut change = Change::of(admitted.tenant());
    change.ledger.api_keys = 1;
    change.audit(AuditRow {
        principal: principal.to_owned(),
        action: "api_key.create".to_owned(),
        noun: NOUN,
        resource_id: wanted.id.0,
        resource_name: wanted.name.to_string(),
        generation: Some(Generation::FIRST),
        request_id: call.request_id.clone(),
        detail: Some(json!({ "role": wanted.role, "scopes": wanted.scopes, "vouchedBy": admitted.member() })),
    });
    change.feed(FeedRow {
        noun: NOUN,
        resource_id: wanted.id.0,
        change: "created",
        generation: Some(Generation::FIRST),
        facts: Some(json!({ "name": wanted.name })),
    });
    let answer = Replay { status: 201, location: None, resource_id: Some(wanted.id.0), operation: None };
    if let Some(row) = IdempotencyRow::of(call, principal, answer) {
        change.answered(row);
    }
    change
}
