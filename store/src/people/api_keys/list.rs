//! Looking at keys.

use domain::access::{KeyScope, PlatformRole, Power, Principal, Role};
use domain::ids::{ApiKeyId, TenantId};
use domain::text::DisplayName;
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::Value;

use super::ApiKey;
use crate::access::MayAudit;
use crate::{Access, Admitted, Error, Result, Scope, Store};

/// A page of keys, the newest first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ApiKeys {
    /// What is on it.
    pub items: Vec<ApiKey>,
    /// Behind which the next one begins. None: this is the last.
    pub next: Option<ApiKeyId>,
}

/// A key of an operator.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct OperatorKey {
    /// Which; it is in the key.
    pub id: ApiKeyId,
    /// What people call it.
    pub name: DisplayName,
    /// What it may.
    #[serde(rename = "platform_role")]
    pub role: PlatformRole,
    /// When it was made.
    pub made_at: Timestamp,
    /// Who made it.
    pub made_by: String,
    /// Until when it is good.
    pub expires_at: Option<Timestamp>,
    /// When it was last used, to the hour.
    pub last_used_at: Option<Timestamp>,
    /// Since when it is no longer good.
    pub revoked_at: Option<Timestamp>,
}

#[derive(Deserialize)]
struct Row {
    id: ApiKeyId,
    tenant_id: TenantId,
    name: DisplayName,
    role: Role,
    scopes: Vec<KeyScope>,
    vouched_by: Principal,
    made_at: Timestamp,
    made_by: String,
    expires_at: Option<Timestamp>,
    last_used_at: Option<Timestamp>,
    revoked_at: Option<Timestamp>,
}

/// Reads `to_jsonb(k) - 'secret_hash'`.
pub(super) fn read(row: Value) -> Result<ApiKey> {
    let row: Row = serde_json::from_value(row).map_err(|_| Error::unreadable("an API key"))?;
    Ok(ApiKey {
        id: row.id,
        tenant: row.tenant_id,
        name: row.name,
        role: row.role,
        scopes: row.scopes,
        vouched_by: row.vouched_by,
        made_at: row.made_at,
        made_by: row.made_by,
        expires_at: row.expires_at,
        last_used_at: row.last_used_at,
        revoked_at: row.revoked_at,
    })
}

pub(super) fn read_operators(row: Value) -> Result<OperatorKey> {
    serde_json::from_value(row).map_err(|_| Error::unreadable("an operator's API key"))
}

impl Store {
    /// Keys, the newest first: all of the tenant for an owner, their own for everybody else.
    pub async fn api_keys(
        &self,
        admitted: &Admitted,
        (after, limit): (Option<ApiKeyId>, u16),
    ) -> Result<ApiKeys> {
        let mut tx = self.begin_in(Scope::Tenant(admitted.tenant())).await?;
        let rows = sqlx::query_scalar!(
            r#"select to_jsonb(k) - 'secret_hash' as "row!"
                 from api_keys k
                where k.tenant_id = $1 and ($2::uuid is null or k.id < $2) and ($3::text is null or k.made_by = $3)
                order by k.id desc
                limit $4"#,
            admitted.tenant().0,
            after.map(|after| after.0),
            only_of(admitted),
            i64::from(limit) + 1,
        )
        .fetch_all(tx.on())
        .await?;
        tx.commit().await?;
        let mut items = rows.into_iter().map(read).collect::<Result<Vec<_>>>()?;
        let more = items.len() > usize::from(limit);
        items.truncate(usize::from(limit));
        let next = items.last().filter(|_| more).map(|last| last.id);
        Ok(ApiKeys { items, next })
    }

    /// The keys of operators, the newest first.
    pub async fn operator_keys(&self, _access: &Access<impl MayAudit>) -> Result<Vec<OperatorKey>> {
        let mut tx = self.begin_in(Scope::Platform).await?;
        let rows = sqlx::query_scalar!(
            r#"select to_jsonb(k) - 'secret_hash' as "row!" from api_keys k
                where k.tenant_id is null order by k.id desc limit 1000"#
        )
        .fetch_all(tx.on())
        .await?;
        tx.commit().await?;
        rows.into_iter().map(read_operators).collect()
    }
}

/// Whose keys somebody may see and revoke. None: everybody's.
pub(super) fn only_of(admitted: &Admitted) -> Option<&str> {
    (admitted.power() < Power::Manage).then(|| admitted.caller().principal().as_str())
}
