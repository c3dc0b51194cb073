//! A row of `tenants` with its ledger, as JSON brings it, and the truth it stands for.

use domain::ids::{Generation, TenantId};
use domain::text::{DisplayName, Name};
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::Value;

use super::Tenant;
use super::limits::{Limit, Limits};
use crate::{Error, Result};

#[derive(Deserialize)]
struct Row {
    id: TenantId,
    name: Name,
    display_name: DisplayName,
    generation: Generation,
    state: String,
    door: String,
    request_rate: u32,
    made_at: Timestamp,
    changed_at: Timestamp,
    ledger: Ledger,
}

#[derive(Deserialize)]
struct Ledger {
    deployments: u32,
    environments: u32,
    repository_credentials: u32,
    api_keys: u32,
    open_operations: u32,
    max_deployments: u32,
    max_environments: u32,
    max_repository_credentials: u32,
    max_api_keys: u32,
    max_open_operations: u32,
}

/// Reads `to_jsonb(t) || jsonb_build_object('ledger', to_jsonb(l))`.
pub(super) fn read(row: Value) -> Result<Tenant> {
    let row: Row = serde_json::from_value(row).map_err(|_| Error::unreadable("a tenant"))?;
    Ok(Tenant {
        id: row.id,
        name: row.name,
        display_name: row.display_name,
        generation: row.generation,
        deleting: row.state != "active",
        of_namespace: row.door == "custom_resource",
        request_rate: row.request_rate,
        limits: row.ledger.limits(),
        made_at: row.made_at,
        changed_at: row.changed_at,
    })
}

impl Ledger {
    fn limits(&self) -> Limits {
        let limit = |used, max| Limit { used, max };
        Limits {
            deployments: limit(self.deployments, self.max_deployments),
            environments: limit(self.environments, self.max_environments),
            repository_credentials: limit(self.repository_credentials, self.max_repository_credentials),
            api_keys: limit(self.api_keys, self.max_api_keys),
            open_operations: limit(self.open_operations, self.max_open_operations),
        }
    }
}
