//! Looking at members.

use domain::access::{Principal, Role};
use domain::ids::Generation;
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::Value;

use super::{Member, Members, NOUN};
use crate::{Access, Answer, Error, MayRead, Refused, Result, Store};

#[derive(Deserialize)]
struct Row {
    principal: Principal,
    role: Role,
    generation: Generation,
    made_at: Timestamp,
    made_by: String,
    changed_at: Timestamp,
}

/// Reads `to_jsonb(m)`.
pub(super) fn read(row: Value) -> Result<Member> {
    let row: Row = serde_json::from_value(row).map_err(|_| Error::unreadable("a member"))?;
    let Row { principal, role, generation, made_at, made_by, changed_at } = row;
    Ok(Member { principal, role, generation, made_at, made_by, changed_at })
}

impl Store {
    /// One member.
    pub async fn member(&self, access: &Access<impl MayRead>, principal: &Principal) -> Answer<Member> {
        let mut tx = self.begin_in(access.scope()).await?;
        let row = sqlx::query_scalar!(
            r#"select to_jsonb(m) as "row!" from members m where m.tenant_id = $1 and m.principal = $2"#,
            access.tenant().0,
            principal.as_str(),
        )
        .fetch_optional(tx.on())
        .await?;
        tx.commit().await?;
        let Some(row) = row else { return Ok(Err(Refused::Absent { noun: NOUN })) };
        read(row).map(Ok)
    }

    /// The members behind this one, by principal.
    pub async fn members(
        &self,
        access: &Access<impl MayRead>,
        (after, limit): (Option<&Principal>, u16),
    ) -> Result<Members> {
        let mut tx = self.begin_in(access.scope()).await?;
        let rows = sqlx::query_scalar!(
            r#"select to_jsonb(m) as "row!"
                 from members m
                where m.tenant_id = $1 and ($2::text is null or m.principal > $2)
                order by m.principal
                limit $3"#,
            access.tenant().0,
            after.map(Principal::as_str),
            i64::from(limit) + 1,
        )
        .fetch_all(tx.on())
        .await?;
        tx.commit().await?;
        let mut items = rows.into_iter().map(read).collect::<Result<Vec<_>>>()?;
        let more = items.len() > usize::from(limit);
        items.truncate(usize::from(limit));
        let next = items.last().filter(|_| more).map(|last| last.principal.clone());
        Ok(Members { items, next })
    }
}
