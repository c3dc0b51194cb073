//! Ending a key. Its row stays for a while, for whoever wonders what it was.

use domain::ids::ApiKeyId;
use serde_json::Value;

use super::{ApiKey, NOUN, list};
use crate::change::{AuditRow, Change, FeedRow};
use crate::idempotency::{IdempotencyRow, Replay};
use crate::{Admitted, Answer, Call, Done, Effect, Refused, Result, Scope, Store, Tx, Would};

struct Scene {
    replay: Option<Value>,
    row: Option<Value>,
}

impl Store {
    /// Ends a key: an owner any, everybody their own, and a key itself.
    pub async fn revoke_api_key(
        &self,
        admitted: &Admitted,
        id: ApiKeyId,
        call: &Call,
    ) -> Answer<Done<Option<ApiKey>>> {
        let mut tx = self.begin_in(Scope::Tenant(admitted.tenant())).await?;
        if let Err(refused) = lock(&mut tx, admitted).await? {
            return Ok(Err(refused));
        }
        let scene = scene(&mut tx, (admitted, id), call).await?;
        let replay = match Replay::read(scene.replay, call.idempotency.as_ref())? {
            Ok(replay) => replay,
            Err(refused) => return Ok(Err(refused)),
        };
        let done = |effect, thing| Ok(Ok(Done { effect, thing, operation: None }));
        if let Some(Replay { status, .. }) = replay {
            return done(Effect::Replayed { status }, None);
        }
        let Some(there) = scene.row.map(list::read).transpose()? else {
            return Ok(Err(Refused::Absent { noun: NOUN }));
        };
        if there.revoked_at.is_some() {
            return done(Effect::Unchanged, Some(there));
        }
        if call.dry_run {
            return done(Effect::WouldBe(Would::Delete), Some(there));
        }
        let change = change(admitted, &there, call);
        let row = write(&mut tx, admitted, id, &change).await?;
        tx.commit().await?;
        change.ring(self);
        done(Effect::Deleted, Some(list::read(row)?))
    }
}

/// Before the look, like all that changes members and their keys.
async fn lock(tx: &mut Tx, admitted: &Admitted) -> Answer<()> {
    let there =
        sqlx::query_scalar!("select state from tenants where id = $1 for no key update", admitted.tenant().0)
            .fetch_optional(tx.on())
            .await?;
    Ok(there.map(drop).ok_or(Refused::Absent { noun: "tenant" }))
}

async fn scene(tx: &mut Tx, (admitted, id): (&Admitted, ApiKeyId), call: &Call) -> Result<Scene> {
    let me = admitted.caller().principal().as_str();
    let scene = sqlx::query_as!(
        Scene,
        r#"with replay as materialized (select argosy_replay($5, $6) as said)
           select r.said as replay,
                  (select to_jsonb(k) - 'secret_hash' from api_keys k
                    where k.tenant_id = $1 and k.id = $2
                      and ($3::text is null or k.made_by = $3 or $4 = 'key:' || k.id)) as row
             from replay r"#,
        admitted.tenant().0,
        id.0,
        list::only_of(admitted),
        me,
        me,
        call.idempotency.as_ref().map(|idempotency| idempotency.key.as_str()),
    )
    .fetch_one(tx.on())
    .await?;
    Ok(scene)
}

async fn write(tx: &mut Tx, admitted: &Admitted, id: ApiKeyId, change: &Change) -> Result<Value> {
    let row = sqlx::query_scalar!(
        r#"with written as (
                update api_keys set revoked_at = now(), revoked_by = $3
                 where tenant_id = $1 and id = $2 and revoked_at is null
                returning *),
           settled as materialized (select settle($4) from (select count(*) from written) as w)
           select to_jsonb(k) - 'secret_hash' as "row!" from written k, (select count(*) from settled) as s"#,
        admitted.tenant().0,
        id.0,
        admitted.caller().principal().as_str(),
        change.json()?,
    )
    .fetch_one(tx.on())
    .await?;
    Ok(row)
}

fn change(admitted: &Admitted, there: &ApiKey, call: &Call) -> Change {
    let principal = admitted.caller().principal().as_str();
    let mut change = Change::of(admitted.tenant());
    change.ledger.api_keys = -1;
    change.audit(AuditRow {
        principal: principal.to_owned(),
        action: "api_key.revoke".to_owned(),
        noun: NOUN,
        resource_id: there.id.0,
        resource_name: there.name.to_string(),
        generation: None,
        request_id: call.request_id.clone(),
        detail: None,
    });
    change.feed(FeedRow {
        noun: NOUN,
        resource_id: there.id.0,
        change: "deleted",
        generation: None,
        facts: None,
    });
    let answer = Replay { status: 204, location: None, resource_id: Some(there.id.0), operation: None };
    if let Some(row) = IdempotencyRow::of(call, principal, answer) {
        change.answered(row);
    }
    change
}
