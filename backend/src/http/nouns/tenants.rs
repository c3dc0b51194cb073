//! Tenants: the walls, and how much fits between them.

use std::collections::BTreeMap;

use axum::http::StatusCode;
use domain::access::Role;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::app::{
    Auditor, Limit as Allowance, Limits, Membership, Operator, Owner, RawLimits, RawTenant, RawTenantChange,
    Tenant, Version, Viewer,
};
use crate::http::problem::Problem;
use crate::http::reply::{Id, Life, Moment, Pages, Removed, Shown, View, Written};
use crate::http::request::{Json, MergePatch, NoQuery, Nothing, Removing, Writing, filter};
use crate::http::route::{Asked, Chapter, Founding, In, OnPlatform, Signed, delete, get, patch, post, put};

const ALL: &str = "/v1/tenants";
const ONE: &str = "/v1/tenants/{tenant}";
const LIMITS: &str = "/v1/tenants/{tenant}/limits";

pub(super) fn chapter() -> Chapter {
    let new = json!({"name": "initech", "displayName": "Initech", "owner": "corp:alice"});
    Chapter {
        title: "Tenants",
        about: "The walls: everything else belongs to exactly one.",
        routes: vec![
            get(ALL, "listTenants", list)
                .says("List the tenants that one is a member of")
                .notes("With `all=true`, auditors and operators see all there are."),
            post(ALL, "createTenant", make)
                .says("Make a tenant")
                .notes("For operators, and for whom they allow it.")
                .example("initech", new),
            get(ONE, "getTenant", show).says("Show a tenant"),
            patch(ONE, "patchTenant", change)
                .says("Change what people call a tenant")
                .example("name", json!({"displayName": "Acme Corp"})),
            delete(ONE, "deleteTenant", remove)
                .says("Take a tenant down")
                .notes("It must be empty, unless with `cascade=true`. `If-Match` is required: say which tenant you looked at."),
            get(LIMITS, "getLimits", limits).says("Show how much a tenant has and may have"),
            put(LIMITS, "putLimits", limit)
                .says("Say how much a tenant may have")
                .notes("What is left out stays. Less than there is takes nothing away.")
                .example("more", json!({"deployments": 2000, "requestRate": 6000})),
        ],
    }
}

/// Which tenants.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Which {
    /// How many: 1 to 200, and 50 if it is absent.
    limit: Option<i64>,
    /// What the page before said is the next one.
    page_token: Option<String>,
    /// With `all`: only those whose names begin so.
    prefix: Option<String>,
    /// All there are. For auditors and operators.
    #[serde(default)]
    all: bool,
}

/// A tenant.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "Tenant")]
struct TenantView {
    /// Its id.
    id: Id,
    /// What it is called.
    name: String,
    /// What people call it.
    display_name: String,
    /// How often it was changed.
    generation: u64,
    /// Whether it is there.
    state: Life,
    /// It was born as a namespace.
    of_namespace: bool,
    /// How many requests a minute each principal may make in it.
    request_rate: u32,
    /// How much it has and may have.
    limits: BTreeMap<&'static str, AllowanceView>,
    /// When it was made.
    made_at: Moment,
    /// When it was last changed.
    changed_at: Moment,
}

/// How much there is and may be of something.
#[derive(Clone, Copy, Debug, Serialize, JsonSchema)]
#[schemars(rename = "Limit")]
struct AllowanceView {
    /// How much there is.
    used: u32,
    /// How much there may be.
    max: u32,
}

/// A tenant in a list.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct TenantItem {
    /// Its id.
    id: Id,
    /// What it is called.
    name: String,
    /// What people call it.
    display_name: String,
    /// Whether it is there.
    state: Life,
    /// What the caller is in it. Absent: no member.
    #[serde(skip_serializing_if = "Option::is_none")]
    role: Option<Role>,
}

async fn list(asked: Asked<Signed>, query: Which, _: Nothing) -> Result<Pages<TenantItem>, Problem> {
    let Which { limit, page_token, prefix, all } = query;
    let filter = filter(prefix.as_deref(), None)?;
    let of = format!("{all} {prefix:?} {}", asked.who.0.principal());
    let list = super::NamedList::filtered(&asked, (limit, page_token.as_deref()), filter, &of)?;
    let found = if all {
        let access = asked.app().admit_auditor(&asked.who.0).await?;
        let access = access.ok_or_else(|| Problem::forbidden("auditor"))?;
        asked.app().all_tenants(&access, &list.filter.prefix, &list.page).await?
    } else {
        asked.app().my_tenants(&asked.who.0, &list.page).await?
    };
    list.answer(&asked, found, TenantItem::from)
}

async fn make(
    asked: Asked<Founding>,
    query: Writing,
    Json(body): Json<RawTenant>,
) -> Result<Written<TenantView>, Problem> {
    let call = asked.call(query.dry_run);
    let done = asked.app().create_tenant((&asked.who.maker, &asked.who.caller), body, &call).await?;
    let name = done.thing.name.to_string();
    Ok(Written::below(done, name))
}

async fn show(asked: Asked<In<Viewer>>, _: NoQuery, _: Nothing) -> Result<Shown<TenantView>, Problem> {
    Ok(Shown(asked.app().tenant(&asked.who.access).await?.into()))
}

async fn change(
    asked: Asked<In<Owner>>,
    query: Writing,
    body: MergePatch<RawTenantChange>,
) -> Result<Written<TenantView>, Problem> {
    let call = asked.call(query.dry_run);
    Ok(Written::here(asked.app().patch_tenant(&asked.who.access, body.patch, &call).await?))
}

async fn remove(asked: Asked<In<Owner>>, query: Removing, _: Nothing) -> Result<Removed, Problem> {
    if !asked.said().conditions.names_a_version() {
        let detail = "say in If-Match which tenant you looked at: its ETag";
        return Err(Problem::new(StatusCode::PRECONDITION_REQUIRED, "condition_required", detail));
    }
    let call = asked.call(query.dry_run);
    let done = asked.app().delete_tenant(&asked.who.access, query.cascade, &call).await?;
    Ok(Removed::named(&done, Id(done.thing.id.0), done.thing.name.to_string()))
}

async fn limits(
    asked: Asked<OnPlatform<Auditor>>,
    _: NoQuery,
    _: Nothing,
) -> Result<Shown<TenantView>, Problem> {
    let tenant = asked.reference("tenant")?;
    Ok(Shown(asked.app().any_tenant(&asked.who.access, &tenant).await?.into()))
}

async fn limit(
    asked: Asked<OnPlatform<Operator>>,
    query: Writing,
    Json(body): Json<RawLimits>,
) -> Result<Written<TenantView>, Problem> {
    let tenant = asked.reference("tenant")?;
    let call = asked.call(query.dry_run);
    let there = asked.app().any_tenant(&asked.who.access, &tenant).await?;
    Ok(Written::here(asked.app().change_limits(&asked.who.access, there.id, (body, &call)).await?))
}

impl View for TenantView {
    fn version(&self) -> Version {
        super::version(self.id, self.generation)
    }
}

impl From<Tenant> for TenantView {
    fn from(tenant: Tenant) -> Self {
        let Limits { deployments, environments, repository_credentials, api_keys, open_operations } =
            tenant.limits;
        let limits = [
            ("deployments", deployments),
            ("environments", environments),
            ("repositoryCredentials", repository_credentials),
            ("apiKeys", api_keys),
            ("openOperations", open_operations),
        ];
        Self {
            id: Id(tenant.id.0),
            name: tenant.name.to_string(),
            display_name: tenant.display_name.to_string(),
            generation: tenant.generation.0,
            state: tenant.deleting.into(),
            of_namespace: tenant.of_namespace,
            request_rate: tenant.request_rate,
            limits: limits.into_iter().map(|(name, limit)| (name, limit.into())).collect(),
            made_at: Moment(tenant.made_at),
            changed_at: Moment(tenant.changed_at),
        }
    }
}

impl From<Allowance> for AllowanceView {
    fn from(Allowance { used, max }: Allowance) -> Self {
        Self { used, max }
    }
}

impl From<Membership> for TenantItem {
    fn from(tenant: Membership) -> Self {
        Self {
            id: Id(tenant.tenant.0),
            name: tenant.name.to_string(),
            display_name: tenant.display_name.to_string(),
            state: tenant.deleting.into(),
            role: tenant.role,
        }
    }
}
