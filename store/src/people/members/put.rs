//! Letting somebody in, or giving them another role.

use domain::access::{Principal, PrincipalKind, Role};
use domain::field::{Flaw, Pointer};
use domain::ids::Generation;
use serde_json::Value;

use super::scene::{Scene, Wish, last_owner};
use super::{Member, list};
use crate::change::Change;
use crate::idempotency::Replay;
use crate::{Access, Answer, Call, Done, Effect, MayOwn, Refused, Result, Store, Tx, Would};

/// More people than that are a group.
const MOST: i64 = 1000;

impl Store {
    /// Makes somebody a member in this role.
    pub async fn put_member(
        &self,
        access: &Access<impl MayOwn>,
        (principal, role): (&Principal, Role),
        call: &Call,
    ) -> Answer<Done<Member>> {
        if principal.kind() == PrincipalKind::Key {
            let flaw = Flaw::forbidden("an API key is no member: it has its role from whoever made it");
            return Ok(Err(Refused::field(flaw.found_at(Pointer::default()))));
        }
        let wish = Wish { tenant: access.tenant(), by: access.principal(), about: principal, call };
        let mut tx = self.begin_in(access.scope()).await?;
        let replay = match wish.lock(&mut tx).await? {
            Ok(replay) => replay,
            Err(refused) => return Ok(Err(refused)),
        };
        let scene = wish.look(&mut tx).await?;
        if let Some(Replay { status, .. }) = replay {
            let there = scene.there.ok_or(Refused::Absent { noun: super::NOUN });
            return Ok(there.map(|there| done(Effect::Replayed { status }, there)));
        }
        let effect = match effect(&scene, wish, role) {
            Ok(effect) => effect,
            Err(refused) => return Ok(Err(refused)),
        };
        let (how, status) = match effect {
            Effect::Created => (("member.put", "created"), 201),
            Effect::Changed => (("member.put", "changed"), 200),
            Effect::Unchanged
            | Effect::Deleting
            | Effect::Deleted
            | Effect::Replayed { .. }
            | Effect::WouldBe(_) => {
                return Ok(Ok(done(effect, there_or_new(scene.there, wish, role))));
            }
        };
        let change = wish.change(how, &next(scene.there.as_ref(), wish, role), status);
        let row = write(&mut tx, wish, role, &change).await?;
        tx.commit().await?;
        change.ring(self);
        Ok(Ok(done(effect, list::read(row)?)))
    }
}

fn effect(scene: &Scene, wish: Wish<'_>, role: Role) -> std::result::Result<Effect, Refused> {
    let there = scene.there.as_ref();
    if !wish.call.condition.holds(there.map(|there| there.version(wish.tenant))) {
        return Err(Refused::Condition { current: there.map(|there| there.generation) });
    }
    let (effect, would) = match there {
        None if scene.members >= MOST => return Err(Refused::Quota { limit: "members" }),
        None => (Effect::Created, Would::Create),
        Some(there) if there.role == role => (Effect::Unchanged, Would::Leave),
        Some(there) if there.role == Role::Owner && scene.other_owners == 0 => return Err(last_owner()),
        Some(_) => (Effect::Changed, Would::Change),
    };
    Ok(if wish.call.dry_run { Effect::WouldBe(would) } else { effect })
}

/// What is answered when nothing is written.
fn there_or_new(there: Option<Member>, wish: Wish<'_>, role: Role) -> Member {
    match there {
        Some(there) if there.role == role => there,
        Some(_) | None => next(there.as_ref(), wish, role),
    }
}

fn next(there: Option<&Member>, wish: Wish<'_>, role: Role) -> Member {
    match there {
        Some(there) => Member { role, generation: Generation(there.generation.0 + 1), ..there.clone() },
        None => Member {
            principal: wish.about.clone(),
            role,
            generation: Generation::FIRST,
            // A dry run has no time; what is written has the database's.
            made_at: jiff::Timestamp::UNIX_EPOCH,
            made_by: wish.by.to_owned(),
            changed_at: jiff::Timestamp::UNIX_EPOCH,
        },
    }
}

fn done(effect: Effect, thing: Member) -> Done<Member> {
    Done { effect, thing, operation: None }
}

async fn write(tx: &mut Tx, wish: Wish<'_>, role: Role, change: &Change) -> Result<Value> {
    let row = sqlx::query_scalar!(
        r#"with written as (
                insert into members as m (tenant_id, principal, role, made_by) values ($1, $2, $3, $4)
                on conflict on constraint members_pkey do update
                   set role = excluded.role, generation = m.generation + 1, changed_at = now()
                returning *),
           settled as materialized (select settle($5) from (select count(*) from written) as w)
           select to_jsonb(m) as "row!" from written m, (select count(*) from settled) as s"#,
        wish.tenant.0,
        wish.about.as_str(),
        role.as_str(),
        wish.by,
        change.json()?,
    )
    .fetch_one(tx.on())
    .await?;
    Ok(row)
}
