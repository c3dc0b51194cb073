//! Operations of all tenants: seen, tried again, set aside.

use domain::ids::EngineClusterId;
use domain::operation::OperationId;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;
use uuid::Uuid;

use crate::app::{Auditor, Operation, Operator};
use crate::http::nouns::OperationView;
use crate::http::problem::Problem;
use crate::http::reply::{Cursors, Id, Limit, Page, Pages, Told};
use crate::http::request::{Json, NoQuery, Nothing};
use crate::http::route::{Asked, Chapter, OnPlatform, get, post};

const ALL: &str = "/v1/operations";
const ONE: &str = "/v1/operations/{operation}";

pub(super) fn chapter() -> Chapter {
    Chapter {
        title: "Operations of all tenants",
        about: "For operators: what is owed to engines, and how that is going.",
        routes: vec![
            get(ALL, "listOpenOperations", list).says("List open operations, the oldest first"),
            get(ONE, "getAnyOperation", show).says("Show an operation of any tenant"),
            post("/v1/operations/{operation}/requeue", "requeueOperation", requeue)
                .says("Try an operation again now"),
            post("/v1/operations/{operation}/quarantine", "quarantineOperation", quarantine)
                .says("Set an operation aside")
                .notes("Nobody tries it again until something changes.")
                .example("aside", json!({"reason": "it makes the agent run out of memory"})),
        ],
    }
}

/// Which operations.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Which {
    /// How many: 1 to 200, and 50 if it is absent.
    limit: Option<i64>,
    /// What the page before said is the next one.
    page_token: Option<String>,
    /// Only those on the engine cluster with this id.
    engine_cluster: Option<String>,
}

/// Why an operation is set aside.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Aside {
    /// Why: tenants read it.
    reason: String,
}

/// An operation, as operators see it.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "PlatformOperation")]
struct PlatformOperationView {
    /// Whose.
    tenant_id: Id,
    /// On which engine cluster.
    engine_cluster_id: Id,
    /// Which agent has it, or had it last.
    #[serde(skip_serializing_if = "Option::is_none")]
    agent: Option<String>,
    /// The trace of the intent (W3C).
    #[serde(skip_serializing_if = "Option::is_none")]
    traceparent: Option<String>,
    /// What its tenant sees.
    operation: OperationView,
}

async fn list(
    asked: Asked<OnPlatform<Auditor>>,
    query: Which,
    _: Nothing,
) -> Result<Pages<PlatformOperationView>, Problem> {
    let cursors = Cursors::new(asked.app(), format!("{} {:?}", asked.said().path, query.engine_cluster));
    let after = cursors.place::<Uuid>(query.page_token.as_deref())?.map(OperationId);
    let limit = Limit::asked(query.limit)?;
    let on = super::id_asked("engineCluster", query.engine_cluster.as_deref())?.map(EngineClusterId);
    let found = asked.app().open_operations(&asked.who.access, on, after, limit.with_next()).await?;
    let (found, more) = limit.cut(found);
    let last = found.last().filter(|_| more);
    let next = last.map(|last| cursors.token(&last.id.0)).transpose()?;
    let items = found.into_iter().map(PlatformOperationView::from).collect();
    Ok(Pages(Page { items, next_page_token: next }))
}

async fn show(
    asked: Asked<OnPlatform<Auditor>>,
    _: NoQuery,
    _: Nothing,
) -> Result<Told<PlatformOperationView>, Problem> {
    let id = OperationId(asked.id::<Uuid>("operation")?);
    Ok(Told(asked.app().any_operation(&asked.who.access, id).await?.into()))
}

async fn requeue(
    asked: Asked<OnPlatform<Operator>>,
    _: NoQuery,
    _: Nothing,
) -> Result<Told<PlatformOperationView>, Problem> {
    let id = OperationId(asked.id::<Uuid>("operation")?);
    Ok(Told(asked.app().requeue_operation(&asked.who.access, id, &asked.request_id()).await?.into()))
}

async fn quarantine(
    asked: Asked<OnPlatform<Operator>>,
    _: NoQuery,
    Json(body): Json<Aside>,
) -> Result<Told<PlatformOperationView>, Problem> {
    let id = OperationId(asked.id::<Uuid>("operation")?);
    let why = body.reason;
    Ok(Told(asked.app().quarantine_operation(&asked.who.access, id, why, &asked.request_id()).await?.into()))
}

impl From<Operation> for PlatformOperationView {
    fn from(operation: Operation) -> Self {
        Self {
            tenant_id: Id(operation.tenant.0),
            engine_cluster_id: Id(operation.engine_cluster.0),
            agent: operation.agent.clone(),
            traceparent: operation.trace.clone(),
            operation: operation.into(),
        }
    }
}
