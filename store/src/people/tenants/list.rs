//! Looking at tenants.

use domain::access::Role;
use domain::ids::TenantId;
use domain::text::{DisplayName, Name};
use uuid::Uuid;

use super::{Membership, NOUN, Tenant, row};
use crate::access::MayAudit;
use crate::{
    Access, After, Answer, Caller, Error, Listed, MayRead, Page, Reference, Refused, Result, Scope, Store,
};

struct MembershipRow {
    id: Uuid,
    name: String,
    display_name: String,
    deleting: bool,
    role: Option<String>,
}

impl Store {
    /// One tenant.
    pub async fn tenant(&self, access: &Access<impl MayRead>) -> Answer<Tenant> {
        self.find_tenant(access.scope(), &Reference::Id(access.tenant().0)).await
    }

    /// Any tenant, for an operator.
    pub async fn any_tenant(&self, _access: &Access<impl MayAudit>, which: &Reference) -> Answer<Tenant> {
        self.find_tenant(Scope::Platform, which).await
    }

    async fn find_tenant(&self, scope: Scope, which: &Reference) -> Answer<Tenant> {
        let mut tx = self.begin_in(scope).await?;
        let row = sqlx::query_scalar!(
            r#"select to_jsonb(t) || jsonb_build_object('ledger', to_jsonb(l)) as "row!"
                 from tenants t join tenant_ledger l on l.tenant_id = t.id
                where t.id = $1 or t.name = $2
                order by t.state, t.made_at desc
                limit 1"#,
            which.id(),
            which.name(),
        )
        .fetch_optional(tx.on())
        .await?;
        tx.commit().await?;
        let Some(row) = row else { return Ok(Err(Refused::Absent { noun: NOUN })) };
        row::read(row).map(Ok)
    }

    /// The tenants somebody is a member of, by name, with the greatest role they have there.
    pub async fn my_tenants(&self, caller: &Caller, page: &Page) -> Result<Listed<Membership>> {
        let stands_on = caller.stands_on();
        let principals: Vec<String> = stands_on.iter().map(|one| one.as_str().to_owned()).collect();
        let mut tx = self.begin_in(Scope::Principals(stands_on)).await?;
        let rows = sqlx::query_as!(
            MembershipRow,
            r#"select t.id, t.name, t.display_name, t.state = 'deleting' as "deleting!",
                      (array ['owner', 'deployer', 'viewer'])[
                          min(array_position(array ['owner', 'deployer', 'viewer'], m.role))] as role
                 from members m join tenants t on t.id = m.tenant_id
                where m.principal = any ($1) and ($2::uuid is null or t.id = $2)
                  and ($3::text is null or (t.name collate "C", t.id) > ($3::text collate "C", $4::uuid))
                group by t.id
                order by t.name collate "C", t.id
                limit $5"#,
            &principals,
            caller.only_tenant().map(|tenant| tenant.0),
            page.after_name(),
            page.after_id(),
            page.with_next(),
        )
        .fetch_all(tx.on())
        .await?;
        tx.commit().await?;
        listed(rows, page)
    }

    /// All tenants, by name.
    pub async fn all_tenants(
        &self,
        _access: &Access<impl MayAudit>,
        prefix: &str,
        page: &Page,
    ) -> Result<Listed<Membership>> {
        let mut tx = self.begin_in(Scope::Platform).await?;
        let rows = sqlx::query_as!(
            MembershipRow,
            r#"select id, name, display_name, state = 'deleting' as "deleting!", null::text as role
                 from tenants
                where name ^@ $1
                  and ($2::text is null or (name collate "C", id) > ($2::text collate "C", $3::uuid))
                order by name collate "C", id
                limit $4"#,
            prefix,
            page.after_name(),
            page.after_id(),
            page.with_next(),
        )
        .fetch_all(tx.on())
        .await?;
        tx.commit().await?;
        listed(rows, page)
    }
}

fn listed(rows: Vec<MembershipRow>, page: &Page) -> Result<Listed<Membership>> {
    let found = rows.into_iter().map(MembershipRow::read).collect::<Result<Vec<_>>>()?;
    Ok(page.cut(found, |last| After { name: last.name.clone(), id: last.tenant.0 }))
}

impl MembershipRow {
    fn read(self) -> Result<Membership> {
        let unreadable = |_| Error::unreadable("a tenant");
        Ok(Membership {
            tenant: TenantId(self.id),
            name: Name::parse(&self.name).map_err(unreadable)?,
            display_name: DisplayName::parse(&self.display_name).map_err(unreadable)?,
            deleting: self.deleting,
            role: self.role.map(|role| role.parse::<Role>()).transpose().map_err(unreadable)?,
        })
    }
}
