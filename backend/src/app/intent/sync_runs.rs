//! Sync runs: "sync now", and back to what was.

use domain::engine::desired::is_source;
use domain::engine::observed::HistoryReport;
use domain::field::{Code, Flaw, Pointer};
use domain::ids::SyncRunId;
use domain::intent::deployment::{DeploymentSpec, Policy, RawDeployment, RawMode, RawPolicy};
use domain::intent::sync_run::{RawSyncRun, SyncRunSpec, parse};
use store::deployments::DeploymentInFull;
use store::sync_runs::{RunPage, SyncRun, WantedRun};
use store::{Access, Call, Condition, Done, MayDeploy, MayRead, MaySync, Reference};

use crate::app::{Answer, App};

/// Back to what was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rollback {
    /// The number of the history entry.
    pub to: i64,
    /// Make an automated deployment manual first. Without this the rollback of one is refused: it would be synced forth
    /// again at once.
    pub make_manual: bool,
}

impl App {
    /// One sync run of a deployment; also when the deployment is gone, if it is named by its id.
    pub async fn sync_run(
        &self,
        access: &Access<impl MayRead>,
        deployment: &Reference,
        run: SyncRunId,
    ) -> Answer<SyncRun> {
        let found = self.store.sync_run(access, run).await??;
        let of = match deployment {
            Reference::Id(id) => *id,
            Reference::Name(_) => self.store.deployment(access, deployment).await??.id.0,
        };
        if found.deployment.0 == of {
            return Ok(found);
        }
        Err(store::Refused::Absent { noun: "sync_run" }.into())
    }

    /// The sync runs of a deployment, the newest first.
    pub async fn list_sync_runs(
        &self,
        access: &Access<impl MayRead>,
        deployment: &Reference,
        page: RunPage,
    ) -> Answer<Vec<SyncRun>> {
        let id = self.store.deployment(access, deployment).await??.id;
        Ok(self.store.sync_runs(access, id, page).await?)
    }

    /// Asks for a sync.
    pub async fn start_sync_run(
        &self,
        access: &Access<impl MaySync>,
        deployment: Reference,
        body: RawSyncRun,
        call: &Call,
    ) -> Answer<Done<SyncRun>> {
        let wanted = WantedRun { spec: parse(body)?, rollback_to: None };
        Ok(self.store.start_sync_run(access, &deployment, (&wanted, call)).await??)
    }

    /// Calls a sync run off, or has it stopped.
    pub async fn stop_sync_run(
        &self,
        access: &Access<impl MaySync>,
        deployment: &Reference,
        run: SyncRunId,
        call: &Call,
    ) -> Answer<Done<SyncRun>> {
        let run = self.sync_run(access, deployment, run).await?.id;
        Ok(self.store.stop_sync_run(access, run, call).await??)
    }

    /// Asks for a sync to what a deployment was once. It changes nothing of what is declared: the next sync that is not
    /// told otherwise goes forth again. So an automated deployment is only rolled back if it becomes manual, which is a
    /// change of its own, made first.
    pub async fn roll_back(
        &self,
        access: &Access<impl MayDeploy>,
        deployment: Reference,
        rollback: Rollback,
        call: &Call,
    ) -> Answer<Done<SyncRun>> {
        let there = self.deployment(access, &deployment).await?;
        let wanted = wanted(&there, rollback)?;
        let reference = Reference::Id(there.deployment.id.0);
        let mut call = call.clone();
        if is_automated(&there.deployment.spec) && !call.dry_run {
            let mut body = RawDeployment::from(&there.deployment.spec);
            body.policy =
                RawPolicy { mode: RawMode::Manual, prune: None, self_heal: None, allow_empty: None };
            // The caller's name for the wish is for the run: making it manual twice is once.
            let first = Call { idempotency: None, ..call.clone() };
            self.put_deployment(access, reference.clone(), body, &first).await?;
            call.condition = Condition::Always;
        }
        Ok(self.store.start_sync_run(access, &reference, (&wanted, &call)).await??)
    }
}

fn is_automated(spec: &DeploymentSpec) -> bool {
    match spec.policy {
        Policy::Automated { .. } => true,
        Policy::Manual => false,
    }
}

/// The run that goes back to it, if it still can be gone to.
fn wanted(there: &DeploymentInFull, rollback: Rollback) -> Answer<WantedRun> {
    let history = there.status.iter().flat_map(|status| &status.report.history);
    let Some(entry) = history.into_iter().find(|entry| entry.id == rollback.to) else {
        let detail = "the history has no such entry; list it, and name one that is there";
        let error = Flaw::new(Code::NotFound, detail).found_at(Pointer::root().at("to"));
        return Err(store::Refused::field(error).into());
    };
    let state = |code, detail: &str| Err(store::Refused::State { code, detail: detail.to_owned() }.into());
    if is_automated(&there.deployment.spec) && !rollback.make_manual {
        let detail = "the deployment syncs by itself, and would be synced forth again at once; ask with `makeManual: true`, \
                      or name another revision in it";
        return state("automated", detail);
    }
    if !same_sources(entry, &there.deployment.spec) {
        let detail = "what is declared has other sources than that entry; change the sources back instead";
        return state("sources_changed", detail);
    }
    let revisions = serde_json::from_value(serde_json::json!(entry.revisions));
    let Ok(revisions) = revisions else {
        return state("revision_unknown", "that entry does not say which revision it was");
    };
    let spec = SyncRunSpec { revisions, ..SyncRunSpec::default() };
    Ok(WantedRun { spec, rollback_to: Some(rollback.to) })
}

/// Whether an entry is of the sources that are declared now, in whatever revision. A run names nothing but revisions, so
/// it cannot go back to another folder or chart.
fn same_sources(entry: &HistoryReport, spec: &DeploymentSpec) -> bool {
    let then = entry.sources.iter();
    let same = then.zip(spec.sources.iter()).all(|(then, declared)| is_source(then, declared));
    same && entry.sources.len() == spec.sources.len() && entry.revisions.len() == spec.sources.len()
}
