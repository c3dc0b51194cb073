//! Who did what, and when: reading it. It is written by `settle`, with what it tells of, and nobody can change it.

use domain::ids::{Generation, TenantId};
use jiff::Timestamp;
use serde_json::Value;
use uuid::Uuid;

use crate::access::MayAudit;
use crate::{Access, MayRead, Result, Scope, Store};

/// One thing that was done.
#[derive(Clone, Debug, PartialEq)]
pub struct Audited {
    /// When, and which of that moment.
    pub place: AuditPlace,
    /// None: it was done to the platform.
    pub tenant: Option<TenantId>,
    /// Who did it.
    pub principal: String,
    /// What, as in `deployment.put`.
    pub action: String,
    /// To what sort of thing.
    pub noun: String,
    /// To which.
    pub resource: Uuid,
    /// What it was called then.
    pub resource_name: String,
    /// Its generation from then on, where it has one.
    pub generation: Option<Generation>,
    /// Which request it was.
    pub request_id: String,
    /// What else is worth to know.
    pub detail: Option<Value>,
}

/// Where a row of the audit stands: the order of pages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AuditPlace {
    /// When.
    pub at: Timestamp,
    /// Which of that moment.
    pub place: i64,
}

/// What is asked of the audit. Everything in it must hold.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AuditFilter {
    /// Who did it.
    pub principal: Option<String>,
    /// To what sort of thing.
    pub noun: Option<String>,
    /// To which.
    pub resource: Option<Uuid>,
}

/// A page, the newest first.
#[derive(Clone, Debug, PartialEq)]
pub struct AuditPage {
    /// What is on it.
    pub items: Vec<Audited>,
    /// Before which the next one begins. None: this is the last.
    pub next: Option<AuditPlace>,
}

/// Whose audit: of one tenant, or of all and the platform.
#[derive(Clone, Copy)]
struct Of(Option<TenantId>);

struct Row {
    at: jiff_sqlx::Timestamp,
    place: i64,
    tenant_id: Option<Uuid>,
    principal: String,
    action: String,
    noun: String,
    resource_id: Uuid,
    resource_name: String,
    generation: Option<i64>,
    request_id: String,
    detail: Option<Value>,
}

impl Store {
    /// What was done in a tenant, the newest first.
    pub async fn audit(
        &self,
        access: &Access<impl MayRead>,
        filter: &AuditFilter,
        page: (Option<AuditPlace>, u16),
    ) -> Result<AuditPage> {
        self.read_audit((access.scope(), Of(Some(access.tenant()))), filter, page).await
    }

    /// What was done to the platform, and in all tenants, the newest first.
    pub async fn platform_audit(
        &self,
        _access: &Access<impl MayAudit>,
        filter: &AuditFilter,
        page: (Option<AuditPlace>, u16),
    ) -> Result<AuditPage> {
        self.read_audit((Scope::Platform, Of(None)), filter, page).await
    }

    async fn read_audit(
        &self,
        (scope, Of(tenant)): (Scope, Of),
        filter: &AuditFilter,
        (before, limit): (Option<AuditPlace>, u16),
    ) -> Result<AuditPage> {
        let mut tx = self.begin_in(scope).await?;
        let rows = sqlx::query_as!(
            Row,
            r#"select at as "at: jiff_sqlx::Timestamp", place, tenant_id, principal, action, noun, resource_id,
                      resource_name, generation, request_id, detail
                 from audit
                where ($1::uuid is null or tenant_id = $1)
                  and ($2::timestamptz is null or (at, place) < ($2, $3))
                  and ($4::text is null or principal = $4)
                  and ($5::text is null or noun = $5)
                  and ($6::uuid is null or resource_id = $6)
                order by at desc, place desc
                limit $7"#,
            tenant.map(|tenant| tenant.0),
            before.map(|before| jiff_sqlx::Timestamp::from(before.at)) as _,
            before.map(|before| before.place),
            filter.principal,
            filter.noun,
            filter.resource,
            i64::from(limit) + 1,
        )
        .fetch_all(tx.on())
        .await?;
        tx.commit().await?;
        let mut items: Vec<Audited> = rows.into_iter().map(Audited::from).collect();
        let more = items.len() > usize::from(limit);
        items.truncate(usize::from(limit));
        let next = items.last().filter(|_| more).map(|last| last.place);
        Ok(AuditPage { items, next })
    }
}

impl From<Row> for Audited {
    fn from(row: Row) -> Self {
        let generation = row.generation.map(|generation| Generation(generation.unsigned_abs()));
        Self {
            place: AuditPlace { at: Timestamp::from(row.at), place: row.place },
            tenant: row.tenant_id.map(TenantId),
            principal: row.principal,
            action: row.action,
            noun: row.noun,
            resource: row.resource_id,
            resource_name: row.resource_name,
            generation,
            request_id: row.request_id,
            detail: row.detail,
        }
    }
}
