//! Who may do what on the platform.

use domain::access::{PlatformRole, Principal};
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::access::{MayAudit, Operator};
use crate::change::{AuditRow, Change};
use crate::{Access, Answer, Call, Done, Effect, Error, Refused, Result, Scope, Store};

const NOUN: &str = "platform_member";

/// Somebody with a role on the platform.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct PlatformMember {
    /// Who: a person or a group.
    pub principal: Principal,
    /// What they may.
    pub role: PlatformRole,
    /// Since when.
    pub made_at: Timestamp,
    /// Who said so.
    pub made_by: String,
}

impl Store {
    /// Gives somebody a role on the platform.
    pub async fn put_platform_member(
        &self,
        access: &Access<Operator>,
        (principal, role): (&Principal, PlatformRole),
        call: &Call,
    ) -> Answer<Done<PlatformMember>> {
        let change = change(access.principal(), ("platform_member.put", principal), call, Some(role));
        let mut tx = self.begin_in(Scope::Platform).await?;
        let row = sqlx::query_scalar!(
            r#"with written as (
                    insert into platform_members as m (principal, role, made_by) values ($1, $2, $3)
                    on conflict on constraint platform_members_pkey do update set role = excluded.role
                    returning *),
               settled as materialized (select settle($4) from (select count(*) from written) as w)
               select to_jsonb(m) as "row!" from written m, (select count(*) from settled) as s"#,
            principal.as_str(),
            role.as_str(),
            access.principal(),
            change.json()?,
        )
        .fetch_one(tx.on())
        .await?;
        tx.commit().await?;
        Ok(Ok(Done { effect: Effect::Changed, thing: read(row)?, operation: None }))
    }

    /// Takes somebody's role on the platform.
    pub async fn remove_platform_member(
        &self,
        access: &Access<Operator>,
        principal: &Principal,
        call: &Call,
    ) -> Answer<()> {
        let change = change(access.principal(), ("platform_member.delete", principal), call, None);
        let mut tx = self.begin_in(Scope::Platform).await?;
        let gone = sqlx::query_scalar!(
            r#"with gone as (delete from platform_members where principal = $1 returning 1)
               select settle($2) as "settled!" from gone"#,
            principal.as_str(),
            change.json()?,
        )
        .fetch_optional(tx.on())
        .await?;
        tx.commit().await?;
        Ok(gone.map(drop).ok_or(Refused::Absent { noun: NOUN }))
    }

    /// Everybody with a role on the platform.
    pub async fn platform_members(&self, _access: &Access<impl MayAudit>) -> Result<Vec<PlatformMember>> {
        let mut tx = self.begin_in(Scope::Platform).await?;
        let rows = sqlx::query_scalar!(
            r#"select to_jsonb(m) as "row!" from platform_members m order by principal limit 1000"#
        )
        .fetch_all(tx.on())
        .await?;
        tx.commit().await?;
        rows.into_iter().map(read).collect()
    }
}

fn read(row: Value) -> Result<PlatformMember> {
    serde_json::from_value(row).map_err(|_| Error::unreadable("a platform member"))
}

fn change(
    by: &str,
    (action, principal): (&str, &Principal),
    call: &Call,
    role: Option<PlatformRole>,
) -> Change {
    let mut change = Change::of_the_platform();
    change.audit(AuditRow {
        principal: by.to_owned(),
        action: action.to_owned(),
        noun: NOUN,
        resource_id: Uuid::new_v5(&Uuid::nil(), principal.as_str().as_bytes()),
        resource_name: principal.to_string(),
        generation: None,
        request_id: call.request_id.clone(),
        detail: role.map(|role| json!({ "role": role })),
    });
    change
}
