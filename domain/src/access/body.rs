//! What bodies may say about tenants and keys, and what it means.

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::principal::{Principal, PrincipalKind};
use super::role::{KeyScope, Role};
use crate::field::{Code, Errors, FieldError, Flaw};
use crate::text::{DisplayName, Name};

/// More requests a minute than that are no limit.
const FASTEST: i64 = 1_000_000;
/// More of anything than that are no limit.
const MOST: i64 = 1_000_000;

/// A tenant to be made.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RawTenant {
    /// What it is to be called, for as long as it lives.
    pub name: String,
    /// What people call it.
    pub display_name: Option<String>,
    /// Its first owner: `<issuer>:<subject>` or `group:<issuer>:<name>`. Whoever asks, if they are no key.
    pub owner: Option<String>,
}

/// What may be changed of a tenant.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RawTenantChange {
    /// What people call it.
    pub display_name: Option<String>,
}

/// How much a tenant may have. What is not said stays.
#[derive(Clone, Copy, Debug, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RawLimits {
    /// How many deployments.
    pub deployments: Option<i64>,
    /// How many environments.
    pub environments: Option<i64>,
    /// How many repository credentials.
    pub repository_credentials: Option<i64>,
    /// How many API keys.
    pub api_keys: Option<i64>,
    /// How many operations that have not ended.
    pub open_operations: Option<i64>,
    /// How many requests a minute each principal may make.
    pub request_rate: Option<i64>,
}

/// An API key to be made.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RawApiKey {
    /// What people call it.
    pub name: String,
    /// What it may, at most. No more than whoever makes it.
    pub role: Role,
    /// What of that it is for.
    pub scopes: Vec<KeyScope>,
    /// Until when it is good, as in `2027-01-31T00:00:00Z`. Until it is revoked, if it is absent.
    pub expires_at: Option<String>,
}

/// What a body says of a new tenant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TenantSaid {
    /// What it is to be called.
    pub name: Name,
    /// What people call it.
    pub display_name: DisplayName,
    /// Its first owner. None: whoever asks.
    pub owner: Option<Principal>,
}

/// What a body says of limits. None: as it is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LimitsSaid {
    /// How many deployments.
    pub deployments: Option<u32>,
    /// How many environments.
    pub environments: Option<u32>,
    /// How many repository credentials.
    pub repository_credentials: Option<u32>,
    /// How many API keys.
    pub api_keys: Option<u32>,
    /// How many operations that have not ended.
    pub open_operations: Option<u32>,
    /// How many requests a minute each principal may make.
    pub request_rate: Option<u32>,
}

/// What a body says of a new key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ApiKeySaid {
    /// What people call it.
    pub name: DisplayName,
    /// What it may, at most.
    pub role: Role,
    /// What of that it is for; each once.
    pub scopes: Vec<KeyScope>,
    /// Until when it is good.
    pub expires_at: Option<Timestamp>,
}

impl RawTenant {
    /// Reads it, or says all that is wrong with it.
    pub fn parse(self) -> Result<TenantSaid, Vec<FieldError>> {
        let mut errors = Errors::new();
        let name = errors.at("name", Name::chosen(&self.name));
        let display_name = errors.at("displayName", display_name(self.display_name));
        let owner = errors.optional("owner", self.owner, |raw| member(&raw));
        let said = || Some(TenantSaid { name: name?, display_name: display_name?, owner: owner? });
        let said = said();
        errors.finish(said)
    }
}

impl RawTenantChange {
    /// Reads it, or says all that is wrong with it.
    pub fn parse(self) -> Result<DisplayName, Vec<FieldError>> {
        let mut errors = Errors::new();
        let said = errors.at("displayName", display_name(self.display_name));
        errors.finish(said)
    }
}

impl RawLimits {
    /// Reads it, or says all that is wrong with it.
    pub fn parse(self) -> Result<LimitsSaid, Vec<FieldError>> {
        let mut errors = Errors::new();
        let mut limit = |field: &str, raw: Option<i64>, least: i64, most: i64| {
            errors.optional(field, raw, |raw| within(raw, least, most)).flatten()
        };
        let said = LimitsSaid {
            deployments: limit("deployments", self.deployments, 0, MOST),
            environments: limit("environments", self.environments, 0, MOST),
            repository_credentials: limit("repositoryCredentials", self.repository_credentials, 0, MOST),
            api_keys: limit("apiKeys", self.api_keys, 0, MOST),
            open_operations: limit("openOperations", self.open_operations, 0, MOST),
            request_rate: limit("requestRate", self.request_rate, 1, FASTEST),
        };
        errors.finish(Some(said))
    }
}

impl RawApiKey {
    /// Reads it, or says all that is wrong with it.
    pub fn parse(self) -> Result<ApiKeySaid, Vec<FieldError>> {
        let mut errors = Errors::new();
        let name = errors.at("name", key_name(&self.name));
        let mut scopes = self.scopes;
        scopes.sort_unstable();
        scopes.dedup();
        if scopes.is_empty() {
            errors.note("scopes", Flaw::required("name at least one scope"));
        }
        let expires_at = errors.optional("expiresAt", self.expires_at, |raw| instant(&raw));
        let role = self.role;
        let said = || Some(ApiKeySaid { name: name?, role, scopes, expires_at: expires_at? });
        let said = said();
        errors.finish(said)
    }
}

fn display_name(raw: Option<String>) -> Result<DisplayName, Flaw> {
    DisplayName::parse(raw.unwrap_or_default().as_str())
}

fn key_name(raw: &str) -> Result<DisplayName, Flaw> {
    if raw.trim().is_empty() { Err(Flaw::required("give it a name")) } else { DisplayName::parse(raw) }
}

/// Who can be a member: keys have their role from whoever made them.
fn member(raw: &str) -> Result<Principal, Flaw> {
    let principal = Principal::parse(raw)?;
    match principal.kind() {
        PrincipalKind::Person | PrincipalKind::Group => Ok(principal),
        PrincipalKind::Key => Err(Flaw::forbidden("name a person or a group")),
    }
}

fn within(raw: i64, least: i64, most: i64) -> Result<u32, Flaw> {
    let fits = u32::try_from(raw).ok().filter(|_| (least..=most).contains(&raw));
    fits.ok_or_else(|| Flaw::new(Code::OutOfRange, format!("give a number from {least} to {most}")))
}

fn instant(raw: &str) -> Result<Timestamp, Flaw> {
    raw.parse().map_err(|_| Flaw::malformed("write a time with its offset, as in `2027-01-31T00:00:00Z`"))
}
