//! Admissions: to a tenant, or to the platform.

use std::collections::BTreeSet;

use domain::access::{KeyScope, PlatformRole, Power, Principal, Role};
use domain::ids::TenantId;
use domain::text::Name;
use uuid::Uuid;

use super::caller::{Caller, KeyOf};
use super::proof::{Access, Agent, Auditor, Deployer, Founder, Operator, Owner, Platform, Syncer, Viewer};
use crate::{Error, Reference, Result, Scope, Store};

/// How a path names a tenant.
pub type TenantRef = Reference;

/// Somebody who was let into a tenant.
#[derive(Clone, Debug)]
pub struct Admitted {
    found: Found,
    caller: Caller,
}

/// What an admission found.
#[derive(Clone, Debug)]
pub(super) struct Found {
    pub(super) tenant: TenantId,
    name: Name,
    deleting: bool,
    request_rate: u32,
    role: Role,
    power: Power,
    /// The membership that says so.
    member: Principal,
}

struct FoundRow {
    id: Uuid,
    name: String,
    deleting: bool,
    request_rate: i32,
    role: String,
    principal: String,
}

impl Store {
    /// Lets a caller into a tenant, if they are a member. A foreign tenant and one that does not exist are the same `None`,
    /// found by the same statement.
    pub async fn admit(&self, caller: &Caller, tenant: &TenantRef) -> Result<Option<Admitted>> {
        if self.doorbell.hears()
            && let Some(found) = self.access.admitted(caller, tenant)
        {
            return Ok(Some(Admitted { found, caller: caller.clone() }));
        }
        let asked = self.access.ask();
        let Some(found) = self.find_membership(caller, tenant).await? else { return Ok(None) };
        self.access.admit(asked, (caller.clone(), tenant.clone()), found.clone());
        Ok(Some(Admitted { found, caller: caller.clone() }))
    }

    async fn find_membership(&self, caller: &Caller, tenant: &TenantRef) -> Result<Option<Found>> {
        let stands_on = caller.stands_on();
        let principals: Vec<String> = stands_on.iter().map(|one| one.as_str().to_owned()).collect();
        let only = caller.only_tenant().map(|tenant| tenant.0);
        let mut tx = self.begin_in(Scope::Principals(stands_on)).await?;
        let row = sqlx::query_as!(
            FoundRow,
            r#"select t.id, t.name, t.state = 'deleting' as "deleting!", t.request_rate, m.role, m.principal
                 from members m join tenants t on t.id = m.tenant_id
                where m.principal = any ($1)
                  and (t.id = $2 or t.name = $3)
                  and ($4::uuid is null or t.id = $4)
                order by t.state, t.made_at desc, array_position(array ['owner', 'deployer', 'viewer'], m.role)
                limit 1"#,
            &principals,
            tenant.id(),
            tenant.name(),
            only,
        )
        .fetch_optional(tx.on())
        .await?;
        row.map_or(Ok(None), |row| row.found(caller))
    }

    /// What a caller is to the platform.
    pub async fn platform_roles(&self, caller: &Caller) -> Result<BTreeSet<PlatformRole>> {
        if let Some(key) = caller.key() {
            return Ok(match key {
                KeyOf::Platform(role) => BTreeSet::from([*role]),
                KeyOf::Tenant { .. } => BTreeSet::new(),
            });
        }
        if self.doorbell.hears()
            && let Some(roles) = self.access.platform(caller)
        {
            return Ok(roles);
        }
        let asked = self.access.ask();
        let stands_on = caller.stands_on();
        let principals: Vec<String> = stands_on.iter().map(|one| one.as_str().to_owned()).collect();
        let mut tx = self.begin_in(Scope::Principals(stands_on)).await?;
        let rows =
            sqlx::query_scalar!("select role from platform_members where principal = any ($1)", &principals)
                .fetch_all(tx.on())
                .await?;
        let roles = rows.iter().map(|role| role.parse().map_err(|_| Error::unreadable("a platform role")));
        let roles: BTreeSet<PlatformRole> = roles.collect::<Result<_>>()?;
        if !roles.is_empty() {
            self.access.admit_to_platform(asked, caller.clone(), roles.clone());
        }
        Ok(roles)
    }

    /// Lets an operator run the platform.
    pub async fn admit_operator(&self, caller: &Caller) -> Result<Option<Access<Operator>>> {
        let roles = self.platform_roles(caller).await?;
        Ok(roles.contains(&PlatformRole::Operator).then(|| Access::everywhere(caller.principal().clone())))
    }

    /// Lets an auditor, or an operator, see the platform.
    pub async fn admit_auditor(&self, caller: &Caller) -> Result<Option<Access<Auditor>>> {
        let roles = self.platform_roles(caller).await?;
        let may = roles.contains(&PlatformRole::Auditor) || roles.contains(&PlatformRole::Operator);
        Ok(may.then(|| Access::everywhere(caller.principal().clone())))
    }

    /// Lets whom an operator allows it make tenants.
    pub async fn admit_founder(&self, caller: &Caller) -> Result<Option<Access<Founder>>> {
        let roles = self.platform_roles(caller).await?;
        Ok(roles.contains(&PlatformRole::Founder).then(|| Access::everywhere(caller.principal().clone())))
    }

    /// For a cluster agent, once in its `main`: it acts on what it claims, as a database role of its own.
    #[must_use]
    pub fn agent_access(&self) -> Access<Agent> {
        Access::everywhere(Principal::of_program("agent"))
    }

    /// For named jobs, once in a `main`.
    #[must_use]
    pub fn platform_access(&self) -> Access<Platform> {
        Access::everywhere(Principal::of_program("job"))
    }
}

impl FoundRow {
    /// What the membership, and the key that stands on it, come to.
    fn found(self, caller: &Caller) -> Result<Option<Found>> {
        let unreadable = |_| Error::unreadable("a membership");
        let role: Role = self.role.parse().map_err(unreadable)?;
        let power = match caller.key() {
            None => Some(role.power()),
            Some(KeyOf::Tenant { role: most, scopes, .. }) => KeyScope::of_key(scopes, *most, role),
            Some(KeyOf::Platform(_)) => None,
        };
        let Some(power) = power else { return Ok(None) };
        Ok(Some(Found {
            tenant: TenantId(self.id),
            name: Name::parse(&self.name).map_err(unreadable)?,
            deleting: self.deleting,
            request_rate: self.request_rate.unsigned_abs(),
            role,
            power,
            member: Principal::parse(&self.principal).map_err(unreadable)?,
        }))
    }
}

impl Admitted {
    /// Into which.
    #[must_use]
    pub fn tenant(&self) -> TenantId {
        self.found.tenant
    }

    /// Its name.
    #[must_use]
    pub fn name(&self) -> &Name {
        &self.found.name
    }

    /// Whether the tenant is being taken down.
    #[must_use]
    pub fn is_deleting(&self) -> bool {
        self.found.deleting
    }

    /// How many requests a minute each principal may make in it.
    #[must_use]
    pub fn request_rate(&self) -> u32 {
        self.found.request_rate
    }

    /// The role of the membership that the caller stands on; a key may be narrower, see [`Admitted::power`].
    #[must_use]
    pub fn role(&self) -> Role {
        self.found.role
    }

    /// How much the caller may.
    #[must_use]
    pub fn power(&self) -> Power {
        self.found.power
    }

    /// Who was let in.
    #[must_use]
    pub fn caller(&self) -> &Caller {
        &self.caller
    }

    /// The membership that the caller stands on: their own, or that of a group.
    pub(crate) fn member(&self) -> &Principal {
        &self.found.member
    }

    /// The proof that the caller may see the tenant: everybody who was let in may.
    #[must_use]
    pub fn viewer(&self) -> Access<Viewer> {
        self.proof()
    }

    /// The proof that the caller may run again what is wished.
    #[must_use]
    pub fn syncer(&self) -> Option<Access<Syncer>> {
        (self.power() >= Power::Sync).then(|| self.proof())
    }

    /// The proof that the caller may change what is wished.
    #[must_use]
    pub fn deployer(&self) -> Option<Access<Deployer>> {
        (self.power() >= Power::Deploy).then(|| self.proof())
    }

    /// The proof that the caller may change the tenant.
    #[must_use]
    pub fn owner(&self) -> Option<Access<Owner>> {
        (self.power() >= Power::Manage).then(|| self.proof())
    }

    fn proof<R>(&self) -> Access<R> {
        Access::within(self.found.tenant, self.caller.principal().clone())
    }
}
