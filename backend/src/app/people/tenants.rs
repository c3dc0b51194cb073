//! Tenants: the walls.

use std::sync::LazyLock;

use domain::access::{LimitsSaid, PrincipalKind, RawLimits, RawTenant, RawTenantChange};
use domain::field::{Flaw, Pointer, Shape};
use domain::ids::TenantId;
use serde_json::{Map, Value};
use store::access::{Founder, MayAudit, MayFound, MayOwn, MayRead, Operator, Platform};
use store::environments::Cascade;
use store::tenants::{Membership, NewTenant, Tenant, TenantCascade, WantedLimits};
use store::{Access, Call, Caller, Done, Filter, Listed, Page, Reference};

use crate::app::{Answer, App};

static CHANGE: LazyLock<Shape<RawTenantChange>> = LazyLock::new(Shape::new);

/// How many things of a tenant that goes are taken down in one go.
const AT_ONCE: u16 = 100;

/// Who makes a tenant.
#[derive(Clone, Debug)]
pub enum Maker {
    /// An operator, for whomever they name.
    Operator(Access<Operator>),
    /// Somebody whom an operator allows it, for themselves.
    Founder(Access<Founder>),
}

impl App {
    /// Lets a caller make tenants: an operator, or a founder.
    pub async fn admit_maker(&self, caller: &Caller) -> Answer<Option<Maker>> {
        if let Some(access) = self.store.admit_operator(caller).await? {
            return Ok(Some(Maker::Operator(access)));
        }
        Ok(self.store.admit_founder(caller).await?.map(Maker::Founder))
    }

    /// Makes a tenant, with its first owner.
    pub async fn create_tenant(
        &self,
        (maker, caller): (&Maker, &Caller),
        body: RawTenant,
        call: &Call,
    ) -> Answer<Done<Tenant>> {
        let said = body.parse()?;
        let myself = Some(caller.principal().clone()).filter(|me| me.kind() != PrincipalKind::Key);
        let missing = || {
            let flaw = Flaw::required("name the first owner: an API key cannot be one");
            store::Refused::field(flaw.found_at(Pointer::root().at("owner")))
        };
        let owner = said.owner.clone().or_else(|| myself.clone()).ok_or_else(missing)?;
        let wanted = NewTenant { name: said.name, display_name: said.display_name, owner };
        match maker {
            Maker::Operator(access) => self.made(access, &wanted, call).await,
            Maker::Founder(access) => {
                if Some(&wanted.owner) != myself.as_ref() {
                    let flaw = Flaw::forbidden("you can make tenants for yourself only");
                    return Err(store::Refused::field(flaw.found_at(Pointer::root().at("owner"))).into());
                }
                self.made(access, &wanted, call).await
            }
        }
    }

    async fn made(
        &self,
        access: &Access<impl MayFound>,
        wanted: &NewTenant,
        call: &Call,
    ) -> Answer<Done<Tenant>> {
        Ok(self.store.create_tenant(access, wanted, call).await??)
    }

    /// One tenant.
    pub async fn tenant(&self, access: &Access<impl MayRead>) -> Answer<Tenant> {
        Ok(self.store.tenant(access).await??)
    }

    /// Any tenant, for an operator.
    pub async fn any_tenant(&self, access: &Access<impl MayAudit>, tenant: &Reference) -> Answer<Tenant> {
        Ok(self.store.any_tenant(access, tenant).await??)
    }

    /// The tenants somebody is a member of, by name.
    pub async fn my_tenants(&self, caller: &Caller, page: &Page) -> Answer<Listed<Membership>> {
        Ok(self.store.my_tenants(caller, page).await?)
    }

    /// All tenants, by name.
    pub async fn all_tenants(
        &self,
        access: &Access<impl MayAudit>,
        prefix: &str,
        page: &Page,
    ) -> Answer<Listed<Membership>> {
        Ok(self.store.all_tenants(access, prefix, page).await?)
    }

    /// Changes what the patch names: `displayName`.
    pub async fn patch_tenant(
        &self,
        access: &Access<impl MayOwn>,
        patch: Map<String, Value>,
        call: &Call,
    ) -> Answer<Done<Tenant>> {
        // A patch of one field needs no look: what is not named stays by itself.
        let body = CHANGE.read(Value::Object(patch.clone()))?;
        let display_name = match patch.contains_key("displayName") {
            true => Some(body.parse()?),
            false => None,
        };
        Ok(self.store.rename_tenant(access, display_name.as_ref(), call).await??)
    }

    /// Gives a tenant other limits.
    pub async fn change_limits(
        &self,
        access: &Access<Operator>,
        tenant: TenantId,
        (body, call): (RawLimits, &Call),
    ) -> Answer<Done<Tenant>> {
        let LimitsSaid {
            deployments,
            environments,
            repository_credentials,
            api_keys,
            open_operations,
            request_rate,
        } = body.parse()?;
        let wanted = WantedLimits {
            deployments,
            environments,
            repository_credentials,
            api_keys,
            open_operations,
            request_rate,
        };
        Ok(self.store.change_limits(access, tenant, (wanted, call)).await??)
    }

    /// Takes a tenant down; with `cascade` everything in it goes first, without it it has to be empty.
    pub async fn delete_tenant(
        &self,
        access: &Access<impl MayOwn>,
        cascade: bool,
        call: &Call,
    ) -> Answer<Done<Tenant>> {
        let cascade = if cascade { TenantCascade::Yes } else { TenantCascade::No };
        Ok(self.store.delete_tenant(access, cascade, call).await??)
    }

    /// Goes on with the tenants that are being taken down: what lives in them, in pages, and then themselves. A named job
    /// calls it now and then.
    pub async fn end_tenants(&self, job: &Access<Platform>) -> Answer<()> {
        for tenant in self.store.end_tenants(job).await? {
            self.empty(job, tenant).await?;
        }
        Ok(())
    }

    /// Wishes that the first things in a tenant are gone. Environments take their deployments along.
    async fn empty(&self, job: &Access<Platform>, tenant: TenantId) -> Answer<()> {
        let access = job.in_tenant(tenant);
        let (all, page) = (Filter::default(), Page { after: None, limit: AT_ONCE });
        let call = Call { request_id: format!("end of tenant {tenant}"), ..Call::default() };
        for environment in self.store.environments(&access, &all, &page).await?.items {
            if !environment.deleting {
                let which = Reference::Id(environment.id.0);
                // What refuses today is asked again the next time.
                let _refused = self.store.delete_environment(&access, &which, (Cascade::Yes, &call)).await?;
            }
        }
        for credential in self.store.repository_credentials(&access, &all, &page).await?.items {
            if !credential.deleting {
                let which = Reference::Id(credential.id.0);
                let _refused = self.store.delete_repository_credential(&access, &which, &call).await?;
            }
        }
        Ok(())
    }
}
