//! Members: who may do what in a tenant, and on the platform.

use domain::access::{PlatformRole, Principal, Role};
use store::access::{MayAudit, MayOwn, MayRead, Operator};
use store::members::{Member, Members, PlatformMember};
use store::{Access, Call, Done};

use crate::app::{Answer, App};

impl App {
    /// One member.
    pub async fn member(&self, access: &Access<impl MayRead>, principal: &Principal) -> Answer<Member> {
        Ok(self.store.member(access, principal).await??)
    }

    /// The members behind this one, by principal.
    pub async fn members(
        &self,
        access: &Access<impl MayRead>,
        page: (Option<&Principal>, u16),
    ) -> Answer<Members> {
        Ok(self.store.members(access, page).await?)
    }

    /// Makes somebody a member in this role.
    pub async fn put_member(
        &self,
        access: &Access<impl MayOwn>,
        member: (&Principal, Role),
        call: &Call,
    ) -> Answer<Done<Member>> {
        Ok(self.store.put_member(access, member, call).await??)
    }

    /// Ends a membership, and the keys that stand on it. The last owner stays.
    pub async fn remove_member(
        &self,
        access: &Access<impl MayOwn>,
        principal: &Principal,
        call: &Call,
    ) -> Answer<Done<Option<Member>>> {
        Ok(self.store.remove_member(access, principal, call).await??)
    }

    /// Everybody with a role on the platform.
    pub async fn platform_members(&self, access: &Access<impl MayAudit>) -> Answer<Vec<PlatformMember>> {
        Ok(self.store.platform_members(access).await?)
    }

    /// Gives somebody a role on the platform.
    pub async fn put_platform_member(
        &self,
        access: &Access<Operator>,
        member: (&Principal, PlatformRole),
        call: &Call,
    ) -> Answer<Done<PlatformMember>> {
        Ok(self.store.put_platform_member(access, member, call).await??)
    }

    /// Takes somebody's role on the platform.
    pub async fn remove_platform_member(
        &self,
        access: &Access<Operator>,
        principal: &Principal,
        call: &Call,
    ) -> Answer<()> {
        Ok(self.store.remove_platform_member(access, principal, call).await??)
    }
}
