//! A row of `sync_runs` or `sync_runs_ended`, as JSON brings it, and the truth it stands for.

use domain::ids::{DeploymentId, SyncRunId};
use domain::intent::Stored;
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::Value;

use super::{RunState, SyncRun};
use crate::{Error, Result};

#[derive(Debug, Deserialize)]
struct Row {
    id: SyncRunId,
    deployment_id: DeploymentId,
    number: u64,
    spec: Value,
    rollback_to: Option<i64>,
    asked_by: String,
    #[serde(default)]
    terminating: bool,
    started_at: Option<Timestamp>,
    lives_in: Option<String>,
    made_at: Timestamp,
    report: Option<Value>,
    ended_at: Option<Timestamp>,
}

/// Reads `to_jsonb(r)` of either table.
pub(super) fn read(row: Value) -> Result<SyncRun> {
    let unreadable = || Error::unreadable("a sync run");
    let row: Row = serde_json::from_value(row).map_err(|_| unreadable())?;
    let state = match (row.report, row.ended_at) {
        (Some(report), Some(at)) => {
            let verdict = serde_json::from_value(report).map_err(|_| Error::unreadable("a verdict"))?;
            RunState::Ended { verdict, at }
        }
        (_, _) if row.terminating => RunState::Terminating,
        (_, _) if row.started_at.is_some() => RunState::Running,
        (_, _) => RunState::Waiting,
    };
    Ok(SyncRun {
        id: row.id,
        deployment: row.deployment_id,
        number: row.number,
        spec: Stored::read(row.spec).map_err(|_| unreadable())?,
        rollback_to: row.rollback_to,
        asked_by: row.asked_by,
        state,
        lives_in: row.lives_in,
        made_at: row.made_at,
        started_at: row.started_at,
    })
}
