//! How a sync ended.

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::engine::marks::LAST_SYNC_RUN;
use crate::engine::observed::{
    Application, OperationState, Phase, ResultReport, failed, noted_run, plain, results, revisions, run_of,
};
use crate::ids::SyncRunId;

/// Resources that a verdict names.
const MOST_NAMED: usize = 20;
/// How Argo CD calls a sync that was stopped: by somebody, or since it took too long.
const STOPPED: [&str; 2] = ["Operation terminat", "operation is terminating"];

/// How a run ended.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Verdict {
    /// In a word.
    pub judgement: Judgement,
    /// In words.
    pub message: String,
    /// Commits, or versions of charts, that were synced: one for each source.
    pub revisions: Vec<String>,
    /// Resources that could not be synced.
    pub failed: Vec<ResultReport>,
    /// When it began.
    #[schemars(with = "Option<String>")]
    pub started_at: Option<Timestamp>,
    /// When it ended.
    #[schemars(with = "Option<String>")]
    pub finished_at: Option<Timestamp>,
}

/// How a run ended, in a word.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Judgement {
    /// All of it was done.
    Succeeded,
    /// Something could not be done.
    Failed,
    /// It could not be tried.
    Error,
    /// It was stopped.
    Terminated,
    /// It ended, and the next sync came before anybody looked how.
    Unknown,
}

/// How a run ended. None: it has not, or it never started here.
#[must_use]
pub fn verdict(run: SyncRunId, application: &Application) -> Option<Verdict> {
    if application.metadata.annotations.get(LAST_SYNC_RUN) != Some(&run.to_string()) {
        return None;
    }
    let is_it = |notes| noted_run(notes) == Some(run);
    if application.operation.as_ref().is_some_and(|operation| is_it(&operation.info)) {
        return None;
    }
    let state = application.status.operation_state.as_ref();
    match state.filter(|state| is_it(&state.operation.info)) {
        Some(state) if state.phase.completed() => Some(judged(state, &application.metadata.name)),
        // It is not asked for any more, and yet not over: the two are written one after the other.
        Some(_) => None,
        // The patch that asks for it clears what was there, and only its own end lets others in.
        None => Some(overtaken(run, application)),
    }
}

impl Verdict {
    /// On a run that never began.
    #[must_use]
    pub fn unstarted(judgement: Judgement, message: String) -> Self {
        let (revisions, failed) = (Vec::new(), Vec::new());
        Self { judgement, message, revisions, failed, started_at: None, finished_at: None }
    }
}

fn judged(state: &OperationState, name: &str) -> Verdict {
    let stopped = STOPPED.iter().any(|start| state.message.starts_with(start));
    let judgement = match state.phase {
        Phase::Succeeded => Judgement::Succeeded,
        Phase::Failed | Phase::Error if stopped => Judgement::Terminated,
        Phase::Failed => Judgement::Failed,
        Phase::Error => Judgement::Error,
        Phase::Running | Phase::Terminating | Phase::Unknown => Judgement::Unknown,
    };
    let result = state.sync_result.as_ref();
    let mut named: Vec<ResultReport> = results(result, name).into_iter().filter(failed).collect();
    named.truncate(MOST_NAMED);
    Verdict {
        judgement,
        message: plain(&state.message, name),
        revisions: result.map(|result| revisions(&result.revision, &result.revisions)).unwrap_or_default(),
        failed: named,
        started_at: state.started_at,
        finished_at: state.finished_at,
    }
}

/// Another sync has taken its place: the history remembers what succeeded.
fn overtaken(run: SyncRunId, application: &Application) -> Verdict {
    let mut entries = application.status.history.iter();
    match entries.find(|entry| run_of(&entry.initiated_by.username) == Some(run)) {
        Some(entry) => Verdict {
            judgement: Judgement::Succeeded,
            message: "successfully synced".to_owned(),
            revisions: revisions(&entry.revision, &entry.revisions),
            failed: Vec::new(),
            started_at: entry.deploy_started_at,
            finished_at: entry.deployed_at,
        },
        None => Verdict {
            judgement: Judgement::Unknown,
            message: "it ended, and another sync began before its result was read".to_owned(),
            revisions: Vec::new(),
            failed: Vec::new(),
            started_at: None,
            finished_at: None,
        },
    }
}
