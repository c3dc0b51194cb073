//! How a sync is stopped.

use serde_json::{Value, json};

use crate::engine::marks::LAST_SYNC_RUN;
use crate::engine::observed::{Application, Phase, noted_run};
use crate::ids::SyncRunId;

/// Why there is nothing to stop.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pointless {
    /// The run did not start here, or another came after it.
    NotIt,
    /// It is over.
    Over,
    /// It is being stopped already.
    Stopping,
    /// It was asked for, and the engine has not begun. Stopping it would be forgotten: try again.
    NotBegun,
}

/// The merge patch that stops a run.
pub fn terminate(run: SyncRunId, application: &Application) -> Result<Value, Pointless> {
    let metadata = &application.metadata;
    if metadata.annotations.get(LAST_SYNC_RUN) != Some(&run.to_string()) {
        return Err(Pointless::NotIt);
    }
    let Some(operation) = &application.operation else { return Err(Pointless::Over) };
    if noted_run(&operation.info) != Some(run) {
        return Err(Pointless::Over);
    }
    let Some(state) = &application.status.operation_state else { return Err(Pointless::NotBegun) };
    match state.phase {
        Phase::Terminating => Err(Pointless::Stopping),
        // What is over is cleared away a moment later.
        Phase::Succeeded | Phase::Failed | Phase::Error => Err(Pointless::Over),
        Phase::Running | Phase::Unknown => Ok(json!({
            "metadata": {"uid": metadata.uid, "resourceVersion": metadata.resource_version},
            "status": {"operationState": {"phase": Phase::Terminating.name()}},
        })),
    }
}
