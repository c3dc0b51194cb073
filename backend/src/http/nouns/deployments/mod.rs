//! Deployments: what goes where, and how it is going.

mod view;

use domain::engine::observed::{HealthState, SyncStatus};
use domain::field::{Code, Flaw, Pointer};
use domain::intent::deployment::RawDeployment;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::json;

use super::sync_runs::SyncRunView;
use crate::app::{Deployer, DeploymentFilter, Parting, Reference, Rollback, Syncer, Viewer};
use crate::http::problem::Problem;
use crate::http::reply::{Pages, Removed, Shown, Told, Written};
use crate::http::request::{Json, MergePatch, NoQuery, Nothing, Writing, filter};
use crate::http::route::{Asked, Chapter, In, delete, get, patch, post, put};
use view::{DeploymentView, HistoryView, ItemView, ResourcesView};

const ALL: &str = "/v1/tenants/{tenant}/deployments";
const ONE: &str = "/v1/tenants/{tenant}/deployments/{deployment}";

pub(super) fn chapter() -> Chapter {
    let git = json!({
        "source": {"repository": "https://127.0.0.1:8443/acme/shop.git", "path": "deploy", "revision": "main"},
        "destination": {"environment": "production", "namespace": "shop"},
        "policy": {"mode": "automated"},
        "labels": {"team": "shop"},
    });
    let helm = json!({
        "source": {"repository": "https://127.0.0.1:8443/charts", "chart": "web", "version": "1.2.3"},
        "destination": {"environment": "production", "namespace": "web"},
        "policy": {"mode": "manual"},
        "syncOptions": ["CreateNamespace=true"],
    });
    let routes = vec![
        get(ALL, "listDeployments", list).says("List deployments"),
        get(ONE, "getDeployment", show).says("Show a deployment"),
        put(ONE, "putDeployment", replace)
            .says("Create or replace a deployment")
            .notes("Its environment must be there. If no engine is available for it, it is deployed as soon as one is.")
            .example("git", git)
            .example("helm", helm),
        patch(ONE, "patchDeployment", change)
            .says("Change a deployment")
            .example("suspend", json!({"suspended": true})),
        delete(ONE, "deleteDeployment", remove)
            .says("Take a deployment down")
            .notes("What was deployed goes with it, unless it is let go with `abandon=true`."),
        get("/v1/tenants/{tenant}/deployments/{deployment}/resources", "listResources", resources)
            .says("List what a deployment is made of"),
        get("/v1/tenants/{tenant}/deployments/{deployment}/history", "listHistory", history)
            .says("List former syncs"),
        post("/v1/tenants/{tenant}/deployments/{deployment}/rollbacks", "createRollback", roll_back)
            .says("Go back to a former sync")
            .notes("A sync run to an entry of the history; what is declared stays. A deployment that syncs by itself would go forth again at once: that is refused, unless `makeManual` is set, which makes its policy `manual` first.")
            .example("back", json!({"to": 3, "makeManual": true})),
        post("/v1/tenants/{tenant}/deployments/{deployment}/refreshes", "createRefresh", refresh)
            .says("Compare with the source now"),
    ];
    Chapter { title: "Deployments", about: "What goes where, and how it is going.", routes }
}

/// Which deployments.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Which {
    /// How many: 1 to 200, and 50 if it is absent.
    limit: Option<i64>,
    /// What the page before said is the next one.
    page_token: Option<String>,
    /// Only those whose names begin so.
    prefix: Option<String>,
    /// Only those with these labels: `env=prod,tier!=db,team,!legacy`.
    labels: Option<String>,
    /// Only those in this state.
    sync: Option<SyncStatus>,
    /// Only those in this state.
    health: Option<HealthState>,
    /// Only those that go to the environment of this name or id.
    environment: Option<String>,
}

/// How a deployment is taken down.
#[derive(Clone, Copy, Debug, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Leaving {
    /// Check everything, say what would be done in `Would`, and do nothing.
    #[serde(default)]
    dry_run: bool,
    /// Leave what was deployed where it is; nobody looks after it then.
    #[serde(default)]
    abandon: bool,
}

/// Which former sync to go back to.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct WantedRollback {
    /// The `id` of an entry of the history.
    to: i64,
    /// If the deployment syncs by itself: make it `manual` first. Without it, the rollback of such a one is refused.
    #[serde(default)]
    make_manual: bool,
}

async fn list(asked: Asked<In<Viewer>>, query: Which, _: Nothing) -> Result<Pages<ItemView>, Problem> {
    let common = filter(query.prefix.as_deref(), query.labels.as_deref())?;
    let filtered = format!(
        "{:?} {:?} {:?} {:?} {:?}",
        query.prefix, query.labels, query.sync, query.health, query.environment
    );
    let environment = query.environment.as_deref().map(Reference::parse).transpose().map_err(|_| {
        let flaw = Flaw::new(Code::Malformed, "give the name or the id of an environment");
        Problem::parameters(vec![flaw.found_at(Pointer::root().at("environment"))])
    })?;
    let list =
        super::NamedList::filtered(&asked, (query.limit, query.page_token.as_deref()), common, &filtered)?;
    let filter =
        DeploymentFilter { common: list.filter.clone(), sync: query.sync, health: query.health, environment };
    let found = asked.app().list_deployments(&asked.who.access, &filter, &list.page).await?;
    list.answer(&asked, found, ItemView::from)
}

async fn show(asked: Asked<In<Viewer>>, _: NoQuery, _: Nothing) -> Result<Shown<DeploymentView>, Problem> {
    let deployment = asked.reference("deployment")?;
    Ok(Shown(DeploymentView::from(asked.app().deployment(&asked.who.access, &deployment).await?)))
}

async fn replace(
    asked: Asked<In<Deployer>>,
    query: Writing,
    Json(body): Json<RawDeployment>,
) -> Result<Written<DeploymentView>, Problem> {
    let deployment = asked.new_reference("deployment")?;
    let call = asked.call(query.dry_run);
    let done = asked.app().put_deployment(&asked.who.access, deployment, body, &call).await?;
    Ok(Written::here(done))
}

async fn change(
    asked: Asked<In<Deployer>>,
    query: Writing,
    body: MergePatch<RawDeployment>,
) -> Result<Written<DeploymentView>, Problem> {
    let deployment = asked.reference("deployment")?;
    let call = asked.call(query.dry_run);
    let done = asked.app().patch_deployment(&asked.who.access, deployment, body.patch, &call).await?;
    Ok(Written::here(done))
}

async fn remove(asked: Asked<In<Deployer>>, query: Leaving, _: Nothing) -> Result<Removed, Problem> {
    let deployment = asked.reference("deployment")?;
    let call = asked.call(query.dry_run);
    let parting = if query.abandon { Parting::Abandon } else { Parting::Prune };
    Ok(Removed::of(asked.app().delete_deployment(&asked.who.access, deployment, parting, &call).await?))
}

async fn resources(asked: Asked<In<Viewer>>, _: NoQuery, _: Nothing) -> Result<Told<ResourcesView>, Problem> {
    let deployment = asked.reference("deployment")?;
    Ok(Told(asked.app().deployment(&asked.who.access, &deployment).await?.status.into()))
}

async fn history(asked: Asked<In<Viewer>>, _: NoQuery, _: Nothing) -> Result<Told<HistoryView>, Problem> {
    let deployment = asked.reference("deployment")?;
    Ok(Told(asked.app().deployment(&asked.who.access, &deployment).await?.status.into()))
}

async fn roll_back(
    asked: Asked<In<Deployer>>,
    query: Writing,
    Json(body): Json<WantedRollback>,
) -> Result<Written<SyncRunView>, Problem> {
    let deployment = asked.reference("deployment")?;
    let call = asked.call(query.dry_run);
    let rollback = Rollback { to: body.to, make_manual: body.make_manual };
    let done = asked.app().roll_back(&asked.who.access, deployment, rollback, &call).await?;
    Ok(Written::here(done))
}

async fn refresh(
    asked: Asked<In<Syncer>>,
    _: NoQuery,
    _: Nothing,
) -> Result<Written<DeploymentView>, Problem> {
    let deployment = asked.reference("deployment")?;
    let call = asked.call(false);
    let done = asked.app().refresh_deployment(&asked.who.access, deployment, &call).await?;
    Ok(Written::here(done))
}
