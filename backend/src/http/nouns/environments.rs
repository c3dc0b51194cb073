//! Environments: where a tenant deploys to.

use std::collections::BTreeMap;

use domain::intent::environment::{ConnectionVerdict, RawEnvironment, ShownEnvironment};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::json;

use crate::app::{Deployer, Environment, EnvironmentCheck, SecretMark, Version, Viewer};
use crate::http::problem::Problem;
use crate::http::reply::{Id, Life, Moment, Pages, Removed, Shown, View, Written};
use crate::http::request::{Json, Listing, MergePatch, NoQuery, Nothing, Removing, Writing};
use crate::http::route::{Asked, Chapter, In, delete, get, patch, post, put};

const ALL: &str = "/v1/tenants/{tenant}/environments";
const ONE: &str = "/v1/tenants/{tenant}/environments/{environment}";

pub(super) fn chapter() -> Chapter {
    let token = json!({
        "server": "https://127.0.0.1:6443", "token": "a-token", "skipTlsVerify": false,
        "namespaces": ["shop"], "labels": {"stage": "production"},
    });
    let kubeconfig = json!({
        "kubeconfig": {
            "current-context": "prod",
            "contexts": [{"name": "prod", "context": {"cluster": "prod", "user": "argosy"}}],
            "clusters": [{"name": "prod", "cluster": {"server": "https://127.0.0.1:6443"}}],
            "users": [{"name": "argosy", "user": {"token": "a-token"}}],
        },
    });
    Chapter {
        title: "Environments",
        about: "Clusters, or some of their namespaces, that the tenant deploys to.",
        routes: vec![
            get(ALL, "listEnvironments", list).says("List environments"),
            get(ONE, "getEnvironment", show).says("Show an environment"),
            put(ONE, "putEnvironment", replace)
                .says("Create or replace an environment")
                .notes("The credentials are sealed, and never shown again. Leave them out to keep the stored ones; that is refused when they would be sent elsewhere. A `kubeconfig` may be an object or a YAML text.")
                .example("token", token)
                .example("kubeconfig", kubeconfig),
            patch(ONE, "patchEnvironment", change)
                .says("Change an environment")
                .example("labels", json!({"labels": {"stage": "staging"}})),
            delete(ONE, "deleteEnvironment", remove)
                .says("Take an environment away")
                .notes("Refused while deployments go there, unless with `cascade=true`."),
            post("/v1/tenants/{tenant}/environments/{environment}/check", "checkEnvironment", check)
                .says("Check the connection")
                .notes("Who are we there, what may we do, which version is it. What was found is in the environment's `status.check`."),
        ],
    }
}

/// An environment.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "Environment")]
pub(crate) struct EnvironmentView {
    /// Its id.
    id: Id,
    /// Its name.
    name: String,
    /// How often it was changed.
    generation: u64,
    /// Whether it is there.
    state: Life,
    /// What was said, without the secret.
    spec: ShownEnvironment,
    /// How it is going.
    status: EnvironmentStatus,
    /// The object that it is made from, if it is only shown here.
    #[serde(skip_serializing_if = "Option::is_none")]
    lives_in: Option<String>,
    /// When it was made.
    made_at: Moment,
    /// When it was last changed.
    changed_at: Moment,
}

/// How it is going with an environment.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct EnvironmentStatus {
    /// The generation that the engine has; 0: none yet, or nothing uses it.
    applied_generation: u64,
    /// Why the engine does not take it.
    #[serde(skip_serializing_if = "Option::is_none")]
    refusal: Option<RefusalView>,
    /// What may be known of its secret.
    #[serde(skip_serializing_if = "Option::is_none")]
    secret: Option<SecretView>,
    /// What the last check found.
    #[serde(skip_serializing_if = "Option::is_none")]
    check: Option<CheckView>,
}

/// Why the engine does not take something.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "Refusal")]
pub(super) struct RefusalView {
    /// Which generation of it.
    generation: u64,
    /// Why, and what to do.
    reason: String,
}

/// What may be known of a secret.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "Secret")]
pub(super) struct SecretView {
    /// The same as long as the secret is.
    fingerprint: String,
    /// Who gave it.
    set_by: String,
    /// When.
    set_at: Moment,
}

/// What a check found.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "ConnectionCheck")]
struct CheckView {
    /// The generation that was checked.
    generation: u64,
    /// When.
    at: Moment,
    /// Whether one can work with it.
    passed: bool,
    /// Why not, and what to do.
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
    /// Which version the API server has.
    #[serde(skip_serializing_if = "Option::is_none")]
    version: Option<String>,
    /// Who we are there.
    #[serde(skip_serializing_if = "Option::is_none")]
    user: Option<String>,
    /// What we asked to be allowed, and whether we are.
    permissions: BTreeMap<String, bool>,
}

/// An environment in a list.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct EnvironmentItem {
    /// Its id.
    id: Id,
    /// Its name.
    name: String,
    /// How often it was changed.
    generation: u64,
    /// Whether it is there.
    state: Life,
    /// Address of its API server.
    server: String,
    /// Whether the last check passed. Absent: there was none yet.
    #[serde(skip_serializing_if = "Option::is_none")]
    passed: Option<bool>,
    /// Labels.
    labels: BTreeMap<String, String>,
    /// When it was last changed.
    changed_at: Moment,
}

async fn list(
    asked: Asked<In<Viewer>>,
    query: Listing,
    _: Nothing,
) -> Result<Pages<EnvironmentItem>, Problem> {
    let list = super::NamedList::of(&asked, &query)?;
    let found = asked.app().list_environments(&asked.who.access, &list.filter, &list.page).await?;
    list.answer(&asked, found, EnvironmentItem::from)
}

async fn show(asked: Asked<In<Viewer>>, _: NoQuery, _: Nothing) -> Result<Shown<EnvironmentView>, Problem> {
    let environment = asked.reference("environment")?;
    Ok(Shown(asked.app().environment(&asked.who.access, &environment).await?.into()))
}

async fn replace(
    asked: Asked<In<Deployer>>,
    query: Writing,
    Json(body): Json<RawEnvironment>,
) -> Result<Written<EnvironmentView>, Problem> {
    let environment = asked.new_reference("environment")?;
    let call = asked.call(query.dry_run);
    Ok(Written::here(asked.app().put_environment(&asked.who.access, environment, body, &call).await?))
}

async fn change(
    asked: Asked<In<Deployer>>,
    query: Writing,
    body: MergePatch<RawEnvironment>,
) -> Result<Written<EnvironmentView>, Problem> {
    let environment = asked.reference("environment")?;
    let call = asked.call(query.dry_run);
    Ok(Written::here(asked.app().patch_environment(&asked.who.access, environment, body.patch, &call).await?))
}

async fn remove(asked: Asked<In<Deployer>>, query: Removing, _: Nothing) -> Result<Removed, Problem> {
    let environment = asked.reference("environment")?;
    let call = asked.call(query.dry_run);
    let done = asked.app().delete_environment(&asked.who.access, environment, query.cascade, &call).await?;
    Ok(Removed::of(done))
}

async fn check(
    asked: Asked<In<Deployer>>,
    query: Writing,
    _: Nothing,
) -> Result<Written<EnvironmentView>, Problem> {
    let environment = asked.reference("environment")?;
    let call = asked.call(query.dry_run);
    Ok(Written::here(asked.app().check_environment(&asked.who.access, environment, &call).await?))
}

impl View for EnvironmentView {
    fn version(&self) -> Version {
        super::version(self.id, self.generation)
    }
}

impl From<Environment> for EnvironmentView {
    fn from(environment: Environment) -> Self {
        let status = EnvironmentStatus {
            applied_generation: environment.applied.0,
            refusal: environment.refusal.map(RefusalView::from),
            secret: environment.secret.map(SecretView::from),
            check: environment.check.map(CheckView::from),
        };
        Self {
            id: Id(environment.id.0),
            name: environment.name.to_string(),
            generation: environment.generation.0,
            state: environment.deleting.into(),
            spec: ShownEnvironment::from(&environment.spec),
            status,
            lives_in: environment.lives_in,
            made_at: Moment(environment.made_at),
            changed_at: Moment(environment.changed_at),
        }
    }
}

impl From<Environment> for EnvironmentItem {
    fn from(environment: Environment) -> Self {
        let shown = ShownEnvironment::from(&environment.spec);
        Self {
            id: Id(environment.id.0),
            name: environment.name.to_string(),
            generation: environment.generation.0,
            state: environment.deleting.into(),
            server: shown.server,
            passed: environment.check.map(|check| check.report.passed()),
            labels: shown.labels,
            changed_at: Moment(environment.changed_at),
        }
    }
}

impl From<(domain::ids::Generation, String)> for RefusalView {
    fn from((generation, reason): (domain::ids::Generation, String)) -> Self {
        Self { generation: generation.0, reason }
    }
}

impl From<SecretMark> for SecretView {
    fn from(mark: SecretMark) -> Self {
        Self { fingerprint: mark.fingerprint, set_by: mark.set_by, set_at: Moment(mark.set_at) }
    }
}

impl From<EnvironmentCheck> for CheckView {
    fn from(check: EnvironmentCheck) -> Self {
        let report = check.report;
        let (passed, reason) = match report.verdict {
            ConnectionVerdict::Passed => (true, None),
            ConnectionVerdict::Failed { why } => (false, Some(why)),
        };
        Self {
            generation: check.generation.0,
            at: Moment(check.at),
            passed,
            reason,
            version: report.version,
            user: report.user,
            permissions: report.permissions.into_iter().map(|one| (one.what, one.allowed)).collect(),
        }
    }
}
