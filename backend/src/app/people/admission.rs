//! Who may: the doors' way to the proofs that the other use cases ask for.

use std::collections::BTreeSet;

use domain::access::PlatformRole;
use store::access::{Auditor, Operator};
use store::{Access, Admitted, Caller, TenantRef};

use crate::app::{Answer, App};

impl App {
    /// Lets a caller into a tenant, if they are a member.
    pub async fn admit(&self, caller: &Caller, tenant: &TenantRef) -> Answer<Option<Admitted>> {
        Ok(self.store.admit(caller, tenant).await?)
    }

    /// Whether a caller who was let in by a key would be let in by it still.
    pub async fn still_good(&self, caller: &Caller) -> Answer<bool> {
        Ok(self.store.still_good(caller).await?)
    }

    /// What a caller is to the platform.
    pub async fn platform_roles(&self, caller: &Caller) -> Answer<BTreeSet<PlatformRole>> {
        Ok(self.store.platform_roles(caller).await?)
    }

    /// Lets an operator run the platform.
    pub async fn admit_operator(&self, caller: &Caller) -> Answer<Option<Access<Operator>>> {
        Ok(self.store.admit_operator(caller).await?)
    }

    /// Lets an auditor, or an operator, see the platform.
    pub async fn admit_auditor(&self, caller: &Caller) -> Answer<Option<Access<Auditor>>> {
        Ok(self.store.admit_auditor(caller).await?)
    }
}
