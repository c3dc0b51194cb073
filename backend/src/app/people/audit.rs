//! Who did what, and when.

use store::Access;
use store::access::{MayAudit, MayRead};
use store::audit::{AuditFilter, AuditPage, AuditPlace};

use crate::app::{Answer, App};

impl App {
    /// What was done in a tenant, the newest first.
    pub async fn audit(
        &self,
        access: &Access<impl MayRead>,
        filter: &AuditFilter,
        page: (Option<AuditPlace>, u16),
    ) -> Answer<AuditPage> {
        Ok(self.store.audit(access, filter, page).await?)
    }

    /// What was done to the platform, and in all tenants, the newest first.
    pub async fn platform_audit(
        &self,
        access: &Access<impl MayAudit>,
        filter: &AuditFilter,
        page: (Option<AuditPlace>, u16),
    ) -> Answer<AuditPage> {
        Ok(self.store.platform_audit(access, filter, page).await?)
    }
}
