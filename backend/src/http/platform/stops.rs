//! Stops: where nothing is claimed, as an operator wants it.

use domain::field::{Code, Errors, FieldError, Flaw};
use domain::ids::{EngineClusterId, TenantId};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;
use uuid::Uuid;

use crate::app::{Operator, Stop, StopScope};
use crate::http::problem::Problem;
use crate::http::reply::{Finished, Id, Made, Moment, Told};
use crate::http::request::{Json, NoQuery, Nothing};
use crate::http::route::{Asked, Chapter, OnPlatform, delete, get, post};

/// The longest reason.
const LONGEST: usize = 1000;
const ALL: &str = "/v1/stops";

pub(super) fn chapter() -> Chapter {
    Chapter {
        title: "Stops",
        about: "For operators: where nothing is claimed. What runs goes on, and so do engines.",
        routes: vec![
            get(ALL, "listStops", list).says("List stops"),
            post(ALL, "createStop", stop)
                .says("Stop claiming")
                .notes("On an engine cluster, of a tenant, or, if neither is given, everywhere.")
                .example("everywhere", json!({"reason": "the database is being restored"})),
            delete("/v1/stops/{stop}", "deleteStop", resume).says("Go on claiming"),
        ],
    }
}

/// Where nothing is to be claimed.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct NewStop {
    /// On the engine cluster with this id.
    engine_cluster: Option<String>,
    /// Of the tenant with this id.
    tenant: Option<String>,
    /// Why: 1 to 1000 characters.
    reason: String,
}

/// Where nothing is claimed.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "Stop")]
struct StopView {
    /// Its id.
    id: Id,
    /// On which engine cluster.
    #[serde(skip_serializing_if = "Option::is_none")]
    engine_cluster_id: Option<Id>,
    /// Of which tenant.
    #[serde(skip_serializing_if = "Option::is_none")]
    tenant_id: Option<Id>,
    /// Why.
    reason: String,
    /// Who said so.
    made_by: String,
    /// When.
    made_at: Moment,
}

/// All stops.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "StopList")]
struct Stops {
    /// In order.
    items: Vec<StopView>,
}

/// A stop that was made.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "MadeStop")]
struct Stopped {
    /// Its id: delete it to go on.
    id: Id,
}

async fn list(asked: Asked<OnPlatform<Operator>>, _: NoQuery, _: Nothing) -> Result<Told<Stops>, Problem> {
    let found = asked.app().list_stops(&asked.who.access).await?;
    Ok(Told(Stops { items: found.into_iter().map(StopView::from).collect() }))
}

async fn stop(
    asked: Asked<OnPlatform<Operator>>,
    _: NoQuery,
    Json(body): Json<NewStop>,
) -> Result<Made<Stopped>, Problem> {
    let scope = body.scope().map_err(Problem::fields)?;
    let id = asked.app().add_stop(&asked.who.access, scope, &body.reason, &asked.request_id()).await?;
    Ok(Made { name: id.to_string(), thing: Stopped { id: Id(id) } })
}

async fn resume(asked: Asked<OnPlatform<Operator>>, _: NoQuery, _: Nothing) -> Result<Finished, Problem> {
    let id: Uuid = asked.id("stop")?;
    asked.app().end_stop(&asked.who.access, id, &asked.request_id()).await?;
    Ok(Finished)
}

impl NewStop {
    fn scope(&self) -> Result<StopScope, Vec<FieldError>> {
        let mut errors = Errors::new();
        let cluster = errors.optional("engineCluster", self.engine_cluster.as_deref(), str::parse);
        let tenant = errors.optional("tenant", self.tenant.as_deref(), str::parse);
        if !(1..=LONGEST).contains(&self.reason.chars().count()) {
            errors.note("reason", Flaw::required(format!("say why, in 1 to {LONGEST} characters")));
        }
        let scope = match (cluster.flatten(), tenant.flatten()) {
            (None, None) => StopScope::All,
            (Some(cluster), None) => StopScope::EngineCluster(cluster),
            (None, Some(tenant)) => StopScope::Tenant(tenant),
            (Some(_), Some(_)) => {
                errors.note("tenant", Flaw::new(Code::Conflict, "give either `engineCluster` or `tenant`"));
                StopScope::All
            }
        };
        errors.finish(Some(scope))
    }
}

impl From<Stop> for StopView {
    fn from(stop: Stop) -> Self {
        let (cluster, tenant): (Option<EngineClusterId>, Option<TenantId>) = match stop.scope {
            StopScope::All => (None, None),
            StopScope::EngineCluster(id) => (Some(id), None),
            StopScope::Tenant(id) => (None, Some(id)),
        };
        Self {
            id: Id(stop.id),
            engine_cluster_id: cluster.map(|id| Id(id.0)),
            tenant_id: tenant.map(|id| Id(id.0)),
            reason: stop.reason,
            made_by: stop.made_by,
            made_at: Moment(stop.made_at),
        }
    }
}
