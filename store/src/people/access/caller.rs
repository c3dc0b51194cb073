//! Who calls, once that is proven.

use std::sync::Arc;

use domain::access::{KeyScope, PlatformRole, Principal, Role};
use domain::ids::{ApiKeyId, TenantId};

/// Somebody who has proven who they are. What they may is another question.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Caller(Arc<Who>);

#[derive(Debug, PartialEq, Eq, Hash)]
struct Who {
    principal: Principal,
    groups: Vec<Principal>,
    key: Option<KeyOf>,
}

/// What a key is good for, at most.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum KeyOf {
    /// In one tenant, on the membership of whoever vouches for it.
    Tenant { tenant: TenantId, role: Role, scopes: Vec<KeyScope>, vouched_by: Principal },
    /// On the platform.
    Platform(PlatformRole),
}

impl Caller {
    /// Somebody whose token was verified, with the groups it names.
    #[must_use]
    pub fn of_token(principal: Principal, mut groups: Vec<Principal>) -> Self {
        groups.sort_unstable();
        groups.dedup();
        Self(Arc::new(Who { principal, groups, key: None }))
    }

    pub(super) fn of_key(principal: Principal, key: KeyOf) -> Self {
        Self(Arc::new(Who { principal, groups: Vec::new(), key: Some(key) }))
    }

    /// Who it is.
    #[must_use]
    pub fn principal(&self) -> &Principal {
        &self.0.principal
    }

    /// The groups the caller's token names.
    #[must_use]
    pub fn groups(&self) -> &[Principal] {
        &self.0.groups
    }

    /// Whether it is an API key, and nobody who logged in.
    #[must_use]
    pub fn is_key(&self) -> bool {
        self.0.key.is_some()
    }

    /// Which API key it is, if it is one.
    pub(super) fn key_id(&self) -> Option<ApiKeyId> {
        self.0.key.as_ref()?;
        self.0.principal.as_str().strip_prefix("key:")?.parse().ok()
    }

    pub(super) fn key(&self) -> Option<&KeyOf> {
        self.0.key.as_ref()
    }

    /// The one tenant that a key is for.
    pub(crate) fn only_tenant(&self) -> Option<TenantId> {
        match &self.0.key {
            Some(KeyOf::Tenant { tenant, .. }) => Some(*tenant),
            Some(KeyOf::Platform(_)) | None => None,
        }
    }

    /// On whose memberships the caller stands.
    pub(crate) fn stands_on(&self) -> Vec<Principal> {
        match &self.0.key {
            Some(KeyOf::Tenant { vouched_by, .. }) => vec![vouched_by.clone()],
            Some(KeyOf::Platform(_)) => Vec::new(),
            None => std::iter::once(&self.0.principal).chain(&self.0.groups).cloned().collect(),
        }
    }
}
