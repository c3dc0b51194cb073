//! Showing somebody out, and with them the keys that stand on their membership.

use domain::access::{Principal, Role};

use super::scene::{Wish, last_owner};
use super::{Member, NOUN};
use crate::idempotency::Replay;
use crate::{Access, Answer, Call, Done, Effect, MayOwn, Refused, Store, Would};

impl Store {
    /// Ends a membership. The last owner stays.
    pub async fn remove_member(
        &self,
        access: &Access<impl MayOwn>,
        principal: &Principal,
        call: &Call,
    ) -> Answer<Done<Option<Member>>> {
        let wish = Wish { tenant: access.tenant(), by: access.principal(), about: principal, call };
        let mut tx = self.begin_in(access.scope()).await?;
        let replay = match wish.lock(&mut tx).await? {
            Ok(replay) => replay,
            Err(refused) => return Ok(Err(refused)),
        };
        let done = |effect, thing| Ok(Ok(Done { effect, thing, operation: None }));
        if let Some(Replay { status, .. }) = replay {
            return done(Effect::Replayed { status }, None);
        }
        let scene = wish.look(&mut tx).await?;
        let version = scene.there.as_ref().map(|there| there.version(wish.tenant));
        let Some(there) = scene.there else { return Ok(Err(Refused::Absent { noun: NOUN })) };
        if !call.condition.holds(version) {
            return Ok(Err(Refused::Condition { current: Some(there.generation) }));
        }
        if there.role == Role::Owner && scene.other_owners == 0 {
            return Ok(Err(last_owner()));
        }
        if call.dry_run {
            return done(Effect::WouldBe(Would::Delete), Some(there));
        }
        let mut change = wish.change(("member.delete", "deleted"), &there, 204);
        change.ledger.api_keys = -scene.keys;
        sqlx::query_scalar!(
            r#"with gone as (delete from members where tenant_id = $1 and principal = $2 returning 1),
                    revoked as (
                    update api_keys set revoked_at = now(), revoked_by = $3
                     where tenant_id = $1 and vouched_by = $2 and revoked_at is null
                    returning 1)
               select settle($4) as "settled!"
                 from (select count(*) from gone) as g, (select count(*) from revoked) as r"#,
            wish.tenant.0,
            principal.as_str(),
            wish.by,
            change.json()?,
        )
        .fetch_one(tx.on())
        .await?;
        tx.commit().await?;
        change.ring(self);
        done(Effect::Deleted, Some(there))
    }
}
