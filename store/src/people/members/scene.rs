//! What a change of a member has to know, and what it writes besides.

use domain::access::Principal;
use domain::ids::TenantId;
use serde_json::{Value, json};
use uuid::Uuid;

use super::{Member, NOUN, list};
use crate::change::{AuditRow, Change, FeedRow};
use crate::idempotency::{IdempotencyRow, Replay};
use crate::{Answer, Call, Refused, Result, Tx};

/// What there is, under the lock of the tenant's row.
pub(super) struct Scene {
    /// The member there is.
    pub(super) there: Option<Member>,
    /// How many owners there are besides this one.
    pub(super) other_owners: i64,
    /// How many members there are.
    pub(super) members: i64,
    /// How many keys stand on this member.
    pub(super) keys: i32,
}

/// Whose change it is.
#[derive(Clone, Copy)]
pub(super) struct Wish<'a> {
    pub(super) tenant: TenantId,
    /// Who wishes it.
    pub(super) by: &'a str,
    /// Whom it is about.
    pub(super) about: &'a Principal,
    pub(super) call: &'a Call,
}

struct LockRow {
    replay: Option<Value>,
    state: Option<String>,
}

struct SceneRow {
    member: Option<Value>,
    other_owners: i64,
    members: i64,
    keys: i64,
}

impl Wish<'_> {
    /// Takes the lock: what was answered before, or nothing.
    pub(super) async fn lock(&self, tx: &mut Tx) -> Answer<Option<Replay>> {
        let idempotency = self.call.idempotency.as_ref();
        let row = sqlx::query_as!(
            LockRow,
            r#"with replay as materialized (select argosy_replay($2, $3) as said)
               select r.said as replay, t.state as "state?"
                 from replay r
                 left join lateral (select state from tenants where id = $1 for no key update) t on true"#,
            self.tenant.0,
            self.by,
            idempotency.map(|idempotency| idempotency.key.as_str()),
        )
        .fetch_one(tx.on())
        .await?;
        match row.state.as_deref() {
            Some("active") => Replay::read(row.replay, idempotency),
            Some(_) => Ok(Err(Refused::Deleting)),
            None => Ok(Err(Refused::Absent { noun: "tenant" })),
        }
    }

    /// Looks, after the lock.
    pub(super) async fn look(&self, tx: &mut Tx) -> Result<Scene> {
        let row = sqlx::query_as!(
            SceneRow,
            r#"select (select to_jsonb(m) from members m where m.tenant_id = $1 and m.principal = $2) as member,
                      (select count(*) from members m
                        where m.tenant_id = $1 and m.role = 'owner' and m.principal <> $2) as "other_owners!",
                      (select count(*) from members m where m.tenant_id = $1) as "members!",
                      (select count(*) from api_keys k
                        where k.tenant_id = $1 and k.vouched_by = $2 and k.revoked_at is null) as "keys!""#,
            self.tenant.0,
            self.about.as_str(),
        )
        .fetch_one(tx.on())
        .await?;
        Ok(Scene {
            there: row.member.map(list::read).transpose()?,
            other_owners: row.other_owners,
            members: row.members,
            keys: i32::try_from(row.keys).unwrap_or(i32::MAX),
        })
    }

    /// What it brings along.
    pub(super) fn change(&self, (action, how): (&str, &'static str), member: &Member, status: u16) -> Change {
        let id: Uuid = Member::id(self.tenant, self.about);
        let mut change = Change::of(self.tenant);
        change.audit(AuditRow {
            principal: self.by.to_owned(),
            action: action.to_owned(),
            noun: NOUN,
            resource_id: id,
            resource_name: self.about.to_string(),
            generation: Some(member.generation),
            request_id: self.call.request_id.clone(),
            detail: Some(json!({ "role": member.role })),
        });
        change.feed(FeedRow {
            noun: NOUN,
            resource_id: id,
            change: how,
            generation: Some(member.generation),
            facts: Some(json!({ "principal": self.about, "role": member.role })),
        });
        let answer = Replay { status, location: None, resource_id: Some(id), operation: None };
        if let Some(row) = IdempotencyRow::of(self.call, self.by, answer) {
            change.answered(row);
        }
        change
    }
}

/// Nobody could let anybody in any more.
pub(super) fn last_owner() -> Refused {
    Refused::State {
        code: "last_owner",
        detail: "a tenant has at least one owner: make somebody else one first".to_owned(),
    }
}
