//! How much a tenant has, and may have.

use super::Tenant;

/// A number that may not be passed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limit {
    /// How many there are.
    pub used: u32,
    /// How many there may be. Less than there are: no more come, and what is there stays.
    pub max: u32,
}

/// How much a tenant has, and may have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// What goes where.
    pub deployments: Limit,
    /// Where to.
    pub environments: Limit,
    /// With which rights to read.
    pub repository_credentials: Limit,
    /// Keys that are not revoked.
    pub api_keys: Limit,
    /// Operations that have not ended.
    pub open_operations: Limit,
}

/// What an operator wants a tenant's limits to be. None: as it is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct WantedLimits {
    /// How many deployments.
    pub deployments: Option<u32>,
    /// How many environments.
    pub environments: Option<u32>,
    /// How many repository credentials.
    pub repository_credentials: Option<u32>,
    /// How many keys.
    pub api_keys: Option<u32>,
    /// How many operations at once.
    pub open_operations: Option<u32>,
    /// How many requests a minute each principal may make.
    pub request_rate: Option<u32>,
}

impl Limits {
    /// Whether anything lives in the tenant.
    pub(super) fn lived_in(&self) -> bool {
        [self.deployments, self.environments, self.repository_credentials].iter().any(|limit| limit.used > 0)
    }
}

impl WantedLimits {
    pub(super) fn of(self, tenant: &Tenant) -> Tenant {
        let max = |there: Limit, wanted: Option<u32>| Limit { max: wanted.unwrap_or(there.max), ..there };
        let there = tenant.limits;
        let limits = Limits {
            deployments: max(there.deployments, self.deployments),
            environments: max(there.environments, self.environments),
            repository_credentials: max(there.repository_credentials, self.repository_credentials),
            api_keys: max(there.api_keys, self.api_keys),
            open_operations: max(there.open_operations, self.open_operations),
        };
        Tenant { limits, request_rate: self.request_rate.unwrap_or(tenant.request_rate), ..tenant.clone() }
    }
}
