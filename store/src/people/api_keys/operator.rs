//! The keys of operators: how a platform begins, and how programs run it.

use domain::access::PlatformRole;
use domain::ids::ApiKeyId;
use domain::text::DisplayName;
use jiff::Timestamp;
use serde_json::json;

use super::NOUN;
use super::list::{OperatorKey, read_operators};
use crate::access::{Operator, Platform};
use crate::change::{AuditRow, Change};
use crate::{Access, Answer, Call, Refused, Result, Scope, Store};

/// A key to be made for an operator.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewOperatorKey {
    /// It is the caller's to make, as it is in the key.
    pub id: ApiKeyId,
    /// SHA-256 of its secret.
    pub hash: [u8; 32],
    /// What people call it.
    pub name: DisplayName,
    /// What it may.
    pub role: PlatformRole,
    /// Until when it is good.
    pub expires_at: Option<Timestamp>,
}

impl Store {
    /// Makes a key of an operator. Whoever holds the database's password may: there is no other way to begin.
    pub async fn create_operator_key(
        &self,
        job: &Access<Platform>,
        wanted: &NewOperatorKey,
    ) -> Result<OperatorKey> {
        let mut change = Change::of_the_platform();
        change.audit(AuditRow {
            principal: job.principal().to_owned(),
            action: "operator_key.create".to_owned(),
            noun: NOUN,
            resource_id: wanted.id.0,
            resource_name: wanted.name.to_string(),
            detail: Some(json!({ "role": wanted.role })),
            ..AuditRow::default()
        });
        let mut tx = self.begin_in(Scope::Platform).await?;
        let row = sqlx::query_scalar!(
            r#"with written as (
                    insert into api_keys (id, name, secret_hash, platform_role, made_by, expires_at)
                    values ($1, $2, $3, $4, $5, $6)
                    returning *),
               settled as materialized (select settle($7) from (select count(*) from written) as w)
               select to_jsonb(k) - 'secret_hash' as "row!" from written k, (select count(*) from settled) as s"#,
            wanted.id.0,
            wanted.name.as_str(),
            wanted.hash.as_slice(),
            wanted.role.as_str(),
            job.principal(),
            wanted.expires_at.map(jiff_sqlx::Timestamp::from) as _,
            change.json()?,
        )
        .fetch_one(tx.on())
        .await?;
        tx.commit().await?;
        read_operators(row)
    }

    /// Ends a key of an operator.
    pub async fn revoke_operator_key(
        &self,
        access: &Access<Operator>,
        id: ApiKeyId,
        call: &Call,
    ) -> Answer<()> {
        let mut change = Change::of_the_platform();
        change.audit(AuditRow {
            principal: access.principal().to_owned(),
            action: "operator_key.revoke".to_owned(),
            noun: NOUN,
            resource_id: id.0,
            request_id: call.request_id.clone(),
            ..AuditRow::default()
        });
        let mut tx = self.begin_in(Scope::Platform).await?;
        let revoked = sqlx::query_scalar!(
            r#"with revoked as (
                    update api_keys set revoked_at = now(), revoked_by = $2
                     where id = $1 and tenant_id is null and revoked_at is null
                    returning 1)
               select settle($3) as "settled!" from revoked"#,
            id.0,
            access.principal(),
            change.json()?,
        )
        .fetch_optional(tx.on())
        .await?;
        tx.commit().await?;
        Ok(revoked.map(drop).ok_or(Refused::Absent { noun: NOUN }))
    }
}
