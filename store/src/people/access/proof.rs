//! The proof that somebody may do something.

use std::marker::PhantomData;

use domain::access::Principal;
use domain::ids::TenantId;
use uuid::Uuid;

/// The proof that somebody may act in a role. Only an admission makes one.
#[derive(Clone, Debug)]
pub struct Access<R> {
    /// The nil one where the role is in no tenant; nobody can ask there.
    tenant: TenantId,
    principal: Principal,
    role: PhantomData<fn() -> R>,
}

/// Declares roles: `roles! { /// What it may. Name [Trait Trait] }`.
macro_rules! roles {
    ($($(#[$doc:meta])* $name:ident [$($may:ident)*])+) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum $name {}

        $(impl $may for $name {})*
    )+};
}

/// A role in one tenant: its proof says in which.
pub trait InTenant: sealed::Role {}

/// May see what is there.
pub trait MayRead: InTenant {}

/// May run again what is wished: start and stop syncs, refresh.
pub trait MaySync: MayRead {}

/// May change what is wished.
pub trait MayDeploy: MaySync {}

/// May change the tenant and who else may.
pub trait MayOwn: MayDeploy {}

/// May see the whole platform.
pub trait MayAudit: sealed::Role {}

/// May make tenants.
pub trait MayFound: sealed::Role {}

mod sealed {
    pub trait Role {}
    impl Role for super::Viewer {}
    impl Role for super::Syncer {}
    impl Role for super::Deployer {}
    impl Role for super::Owner {}
    impl Role for super::Auditor {}
    impl Role for super::Operator {}
    impl Role for super::Founder {}
}

roles! {
    /// Sees a tenant.
    Viewer [InTenant MayRead]
    /// Also runs again what is wished there.
    Syncer [InTenant MayRead MaySync]
    /// Also changes what is wished there.
    Deployer [InTenant MayRead MaySync MayDeploy]
    /// Also changes the tenant itself.
    Owner [InTenant MayRead MaySync MayDeploy MayOwn]
    /// Sees the platform.
    Auditor [MayAudit]
    /// Runs the platform.
    Operator [MayAudit MayFound]
    /// Makes tenants, and owns what it makes.
    Founder [MayFound]
    /// A named job, which sees all tenants.
    Platform []
    /// A cluster agent, which acts on what it claimed.
    Agent []
}

impl<R> Access<R> {
    pub(super) fn within(tenant: TenantId, principal: Principal) -> Self {
        Self { tenant, principal, role: PhantomData }
    }

    pub(super) fn everywhere(principal: Principal) -> Self {
        Self { tenant: TenantId(Uuid::nil()), principal, role: PhantomData }
    }

    /// Who acts, for the audit.
    #[must_use]
    pub fn principal(&self) -> &str {
        self.principal.as_str()
    }
}

impl<R: InTenant> Access<R> {
    /// Where.
    #[must_use]
    pub fn tenant(&self) -> TenantId {
        self.tenant
    }

    /// The scope of a transaction about it.
    pub(crate) fn scope(&self) -> crate::Scope {
        crate::Scope::Tenant(self.tenant)
    }
}

impl Access<Platform> {
    /// What an owner wished and a job carries out, page by page: taking down what lives in a tenant.
    #[must_use]
    pub fn in_tenant(&self, tenant: TenantId) -> Access<Owner> {
        Access::within(tenant, self.principal.clone())
    }
}
