//! Operations: how what was asked for is going, on its way to the engine.

use domain::operation::OperationId;
use schemars::{JsonSchema, SchemaGenerator};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use tokio::time::{Instant, timeout_at};
use uuid::Uuid;

use crate::app::{Operation, Version, Viewer};
use crate::http::problem::Problem;
use crate::http::reply::{Answered, Asking, Cursors, Id, Limit, Moment, Page, Pages, Reply, Shown, View};
use crate::http::request::Nothing;
use crate::http::route::{Asked, Chapter, In, get};

const ALL: &str = "/v1/tenants/{tenant}/operations";
const ONE: &str = "/v1/tenants/{tenant}/operations/{operation}";

pub(super) fn chapter() -> Chapter {
    Chapter {
        title: "Operations",
        about: "How what was asked for is going, on its way to the engine.",
        routes: vec![
            get(ALL, "listOperations", list).says("List operations, the newest first"),
            get(ONE, "getOperation", show)
                .says("Show an operation, and wait for its end")
                .notes("With `wait=30s` (or `Prefer: wait=30`) it is answered when the operation has ended, or after that time. It is there for a while after what it was about is gone."),
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
    /// Only those about the thing with this id.
    resource: Option<String>,
}

/// How patiently.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Patience {
    /// Answer when it has ended, or after this time at the latest: `30s`, at most 60s.
    wait: Option<String>,
}

/// How what was asked for is going.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "Operation")]
pub(in crate::http) struct OperationView {
    /// Its id.
    id: Id,
    /// What is to be brought about: `deployment`, `deployment_take_down`, `sync_run` and so on.
    kind: String,
    /// Of what.
    resource_id: Id,
    /// At least this generation of it.
    target_generation: u64,
    /// `waiting`, `running`; at its end `succeeded`, `refused`, `failed`, `superseded`, `cancelled` or `quarantined`.
    state: String,
    /// Whether it has ended.
    done: bool,
    /// What it waits for, or why it did not succeed, and what to do.
    #[serde(skip_serializing_if = "Option::is_none")]
    explanation: Option<String>,
    /// The same for programs.
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<Value>,
    /// The generation that was applied or refused.
    #[serde(skip_serializing_if = "Option::is_none")]
    seen_generation: Option<u64>,
    /// Which operation does it instead.
    #[serde(skip_serializing_if = "Option::is_none")]
    superseded_by: Option<Id>,
    /// How often it was tried.
    attempts: u32,
    /// When it was made.
    made_at: Moment,
    /// When it is tried next.
    #[serde(skip_serializing_if = "Option::is_none")]
    due_at: Option<Moment>,
    /// When it is over at the latest.
    deadline_at: Moment,
    /// When it ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    ended_at: Option<Moment>,
}

async fn list(asked: Asked<In<Viewer>>, query: Which, _: Nothing) -> Result<Pages<OperationView>, Problem> {
    let list = format!("{} {:?}", asked.said().path, query.resource);
    let cursors = Cursors::new(asked.app(), list);
    let before = cursors.place::<Uuid>(query.page_token.as_deref())?.map(OperationId);
    let limit = Limit::asked(query.limit)?;
    let resource = query.resource.as_deref().map(super::id_asked("resource")).transpose()?;
    let found = asked.app().list_operations(&asked.who.access, resource, before, limit.with_next()).await?;
    let (found, next) = limit.cut(found);
    let next = next.then(|| found.last()).flatten().map(|last| cursors.token(&last.id.0)).transpose()?;
    Ok(Pages(Page { items: found.into_iter().map(OperationView::from).collect(), next_page_token: next }))
}

async fn show(asked: Asked<In<Viewer>>, query: Patience, _: Nothing) -> Result<Awaited, Problem> {
    let id = OperationId(asked.id::<Uuid>("operation")?);
    let until = Instant::now() + asked.wait(query.wait.as_deref())?;
    // Before the first look: what rings during it is not lost.
    let mut bell = asked.app().hear_feed(&asked.who.access);
    loop {
        let found = asked.app().operation(&asked.who.access, id).await?;
        let operation = OperationView::from(found);
        if operation.done || Instant::now() >= until || asked.front.closing().is_cancelled() {
            return Ok(Awaited(operation));
        }
        let soon = (Instant::now() + super::events::slowly(asked.app())).min(until);
        let closing = asked.front.closing().cancelled();
        tokio::select! {
            // Whether it rang or not, the next look tells.
            _ = timeout_at(soon, bell.changed()) => {}
            () = closing => {}
        }
    }
}

/// An operation, perhaps after a while.
struct Awaited(OperationView);

impl Reply for Awaited {
    const WAITS: bool = true;

    fn answer(self, asking: &dyn Asking) -> Result<axum::response::Response, Problem> {
        Shown(self.0).answer(asking)
    }

    fn answers(generator: &mut SchemaGenerator) -> Vec<Answered> {
        Shown::<OperationView>::answers(generator)
    }
}

impl View for OperationView {
    fn version(&self) -> Version {
        super::version(self.id, self.target_generation)
    }
}

impl From<Operation> for OperationView {
    fn from(operation: Operation) -> Self {
        let done = operation.ended_at.is_some();
        Self {
            id: Id(operation.id.0),
            kind: operation.kind,
            resource_id: Id(operation.resource),
            target_generation: operation.target,
            state: operation.state,
            done,
            explanation: operation.sentence,
            reason: operation.reason,
            seen_generation: operation.seen,
            superseded_by: operation.by.map(|by| Id(by.0)),
            attempts: operation.attempts,
            made_at: Moment(operation.made_at),
            due_at: operation.due_at.map(Moment),
            deadline_at: Moment(operation.deadline_at),
            ended_at: operation.ended_at.map(Moment),
        }
    }
}
