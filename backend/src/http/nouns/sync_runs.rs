//! Sync runs: "sync now", asked for once, done once, and answered with a verdict.

use domain::engine::sync_run::Verdict;
use domain::ids::SyncRunId;
use domain::intent::sync_run::RawSyncRun;
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::json;

use crate::app::{RunPage, RunState, SyncRun, Syncer, Version, Viewer};
use crate::http::problem::Problem;
use crate::http::reply::{Cursors, Id, Limit, Moment, Page, Pages, Shown, View, Written};
use crate::http::request::{Json, NoQuery, Nothing, Paging, Writing};
use crate::http::route::{Asked, Chapter, In, delete, get, post};

const ALL: &str = "/v1/tenants/{tenant}/deployments/{deployment}/sync-runs";
const ONE: &str = "/v1/tenants/{tenant}/deployments/{deployment}/sync-runs/{run}";

pub(super) fn chapter() -> Chapter {
    let some =
        json!({"resources": [{"group": "apps", "kind": "Deployment", "name": "shop"}], "prune": false});
    Chapter {
        title: "Sync runs",
        about: "\"Sync now\", done in the order it was asked for, and answered with a verdict.",
        routes: vec![
            get(ALL, "listSyncRuns", list).says("List sync runs, the newest first"),
            post(ALL, "startSyncRun", start)
                .says("Start a sync run")
                .example("all", json!({}))
                .example("some", some),
            get(ONE, "getSyncRun", show).says("Show a sync run"),
            delete(ONE, "stopSyncRun", stop)
                .says("Stop a sync run")
                .notes("One that has not begun never does; one that is going on is terminated. It stays in the list."),
        ],
    }
}

/// A sync run.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "SyncRun")]
pub(super) struct SyncRunView {
    /// Its id.
    id: Id,
    /// Id of its deployment.
    deployment_id: Id,
    /// Among the runs of its deployment.
    number: u64,
    /// What is to be synced, and how.
    spec: RawSyncRun,
    /// The entry of the history that it goes back to.
    #[serde(skip_serializing_if = "Option::is_none")]
    rollback_to: Option<i64>,
    /// Who asked for it.
    asked_by: String,
    /// Where it stands.
    state: RunStateView,
    /// How it ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    verdict: Option<Verdict>,
    /// The object that it is made from, if it is only shown here.
    #[serde(skip_serializing_if = "Option::is_none")]
    lives_in: Option<String>,
    /// When it was asked for.
    made_at: Moment,
    /// When the engine began with it.
    #[serde(skip_serializing_if = "Option::is_none")]
    started_at: Option<Moment>,
    /// When it ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    ended_at: Option<Moment>,
}

/// Where a sync run stands.
#[derive(Clone, Copy, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[schemars(rename = "SyncRunState")]
enum RunStateView {
    /// It has not begun.
    Waiting,
    /// It is going on.
    Running,
    /// Somebody wants it stopped.
    Terminating,
    /// It has its verdict.
    Ended,
}

async fn list(asked: Asked<In<Viewer>>, query: Paging, _: Nothing) -> Result<Pages<SyncRunView>, Problem> {
    let cursors = Cursors::new(asked.app(), asked.said().path.clone());
    let before = cursors.place::<u64>(query.page_token.as_deref())?;
    let limit = Limit::asked(query.limit)?;
    let deployment = asked.reference("deployment")?;
    let page = RunPage { before, limit: limit.small() + 1 };
    let found = asked.app().list_sync_runs(&asked.who.access, &deployment, page).await?;
    let (found, more) = limit.cut(found);
    let last = found.last().filter(|_| more);
    let next = last.map(|last| cursors.token(&last.number)).transpose()?;
    Ok(Pages(Page { items: found.into_iter().map(SyncRunView::from).collect(), next_page_token: next }))
}

async fn show(asked: Asked<In<Viewer>>, _: NoQuery, _: Nothing) -> Result<Shown<SyncRunView>, Problem> {
    let (deployment, run) = (asked.reference("deployment")?, asked.id::<SyncRunId>("run")?);
    Ok(Shown(asked.app().sync_run(&asked.who.access, &deployment, run).await?.into()))
}

async fn start(
    asked: Asked<In<Syncer>>,
    query: Writing,
    Json(body): Json<RawSyncRun>,
) -> Result<Written<SyncRunView>, Problem> {
    let deployment = asked.reference("deployment")?;
    let call = asked.call(query.dry_run);
    let done = asked.app().start_sync_run(&asked.who.access, deployment, body, &call).await?;
    let name = done.thing.id.to_string();
    Ok(Written::below(done, name))
}

async fn stop(asked: Asked<In<Syncer>>, _: NoQuery, _: Nothing) -> Result<Written<SyncRunView>, Problem> {
    let (deployment, run) = (asked.reference("deployment")?, asked.id::<SyncRunId>("run")?);
    let call = asked.call(false);
    Ok(Written::here(asked.app().stop_sync_run(&asked.who.access, &deployment, run, &call).await?))
}

impl View for SyncRunView {
    fn version(&self) -> Version {
        super::version(self.id, 1)
    }
}

impl From<SyncRun> for SyncRunView {
    fn from(run: SyncRun) -> Self {
        let (state, ended) = match run.state {
            RunState::Waiting => (RunStateView::Waiting, None),
            RunState::Running => (RunStateView::Running, None),
            RunState::Terminating => (RunStateView::Terminating, None),
            RunState::Ended { verdict, at } => (RunStateView::Ended, Some((verdict, Moment(at)))),
        };
        let (verdict, ended_at) = ended.unzip();
        Self {
            id: Id(run.id.0),
            deployment_id: Id(run.deployment.0),
            number: run.number,
            spec: RawSyncRun::from(&run.spec),
            rollback_to: run.rollback_to,
            asked_by: run.asked_by,
            state,
            verdict,
            lives_in: run.lives_in,
            made_at: Moment(run.made_at),
            started_at: run.started_at.map(Moment),
            ended_at,
        }
    }
}
