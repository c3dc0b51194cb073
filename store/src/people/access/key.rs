//! API keys at the door: whether one that is shown is good.

use std::hint::black_box;
use std::time::Duration;

use domain::access::Principal;
use domain::ids::{ApiKeyId, TenantId};
use uuid::Uuid;

use super::cache::Known;
use super::caller::{Caller, KeyOf};
use super::proof::{Access, Platform};
use crate::{Error, Result, Scope, Store};

struct KeyRow {
    tenant_id: Option<Uuid>,
    secret_hash: Vec<u8>,
    role: Option<String>,
    scopes: Vec<String>,
    vouched_by: Option<String>,
    platform_role: Option<String>,
    seconds_left: Option<f64>,
}

impl Store {
    /// Who shows this key, if it is good: it exists, is neither revoked nor expired, and this is the hash of its secret.
    pub async fn authenticate_key(&self, id: ApiKeyId, hash: &[u8; 32]) -> Result<Option<Caller>> {
        let remembered = self.access.key(id).filter(|_| self.doorbell.hears());
        let known = match remembered {
            Some(known) => Some(known),
            None => self.find_key(id, hash).await?,
        };
        let good = known.filter(|known| same(&known.hash, hash));
        if good.is_some() {
            self.access.used(id);
        }
        Ok(good.map(|known| known.caller))
    }

    /// Whether a key that was shown, and was good, is so still: for those who read on for a while without showing it anew.
    /// Of people nobody knows more than what their token said.
    pub async fn still_good(&self, caller: &Caller) -> Result<bool> {
        let Some(id) = caller.key_id() else { return Ok(true) };
        if self.doorbell.hears() && self.access.key(id).is_some() {
            return Ok(true);
        }
        let mut tx = self.begin_in(Scope::Key(id)).await?;
        let good = sqlx::query_scalar!(
            r#"select true as "good!" from api_keys
                where id = $1 and revoked_at is null and (expires_at is null or expires_at > now())"#,
            id.0,
        )
        .fetch_optional(tx.on())
        .await?;
        Ok(good.is_some())
    }

    async fn find_key(&self, id: ApiKeyId, hash: &[u8; 32]) -> Result<Option<Known>> {
        let asked = self.access.ask();
        let mut tx = self.begin_in(Scope::Key(id)).await?;
        let row = sqlx::query_as!(
            KeyRow,
            r#"select tenant_id, secret_hash, role, scopes, vouched_by, platform_role,
                      extract(epoch from expires_at - now())::float8 as seconds_left
                 from api_keys
                where id = $1 and revoked_at is null and (expires_at is null or expires_at > now())"#,
            id.0,
        )
        .fetch_optional(tx.on())
        .await?;
        let Some(row) = row else { return Ok(None) };
        let left = row.seconds_left.map(|left| Duration::try_from_secs_f64(left).unwrap_or(Duration::ZERO));
        let known = row.known(id)?;
        // A wrong secret must not evict, nor fill, what is remembered.
        if same(&known.hash, hash) {
            self.access.know(asked, id, known.clone(), left);
        }
        Ok(Some(known))
    }

    /// Writes down which keys were used since the last time, to the hour. Nothing was used: no statement.
    pub async fn record_key_uses(&self, _job: &Access<Platform>) -> Result<()> {
        let used: Vec<Uuid> = self.access.take_used().into_iter().map(|id| id.0).collect();
        if used.is_empty() {
            return Ok(());
        }
        let mut tx = self.begin_in(Scope::Platform).await?;
        sqlx::query!(
            "update api_keys set last_used_at = date_trunc('hour', now())
              where id = any ($1) and last_used_at is distinct from date_trunc('hour', now())",
            &used,
        )
        .execute(tx.on())
        .await?;
        tx.commit().await
    }
}

impl KeyRow {
    fn known(self, id: ApiKeyId) -> Result<Known> {
        let unreadable = || Error::unreadable("an API key");
        let tenant = self.tenant_id.map(TenantId);
        let key = match (tenant, self.role, self.vouched_by, self.platform_role) {
            (Some(tenant), Some(role), Some(vouched_by), None) => KeyOf::Tenant {
                tenant,
                role: role.parse().map_err(|_| unreadable())?,
                scopes: self
                    .scopes
                    .iter()
                    .map(|one| one.parse())
                    .collect::<std::result::Result<_, _>>()
                    .map_err(|_| unreadable())?,
                vouched_by: Principal::parse(&vouched_by).map_err(|_| unreadable())?,
            },
            (None, None, None, Some(role)) => KeyOf::Platform(role.parse().map_err(|_| unreadable())?),
            _ => return Err(unreadable()),
        };
        let hash = self.secret_hash.try_into().map_err(|_| unreadable())?;
        Ok(Known { hash, caller: Caller::of_key(id.into(), key), tenant })
    }
}

/// In a time that does not depend on where they differ.
fn same(one: &[u8; 32], other: &[u8; 32]) -> bool {
    let different = one.iter().zip(other).fold(0, |different, (a, b)| different | (a ^ b));
    black_box(different) == 0
}
