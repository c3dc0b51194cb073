//! From an `Application` to the report of it.

use std::cmp::Reverse;

use super::application::{
    Application, Comparison, Entry, Info, OperationState, Resource, ResourceResult, Source, SyncResult,
};
use super::bounds::fit;
use super::report::{
    Compared, ConditionReport, Counts, HealthReport, HistoryReport, OperationReport, Report, ResourceReport,
    ResultReport, SourceReport, SyncReport,
};
use super::states::{HealthState, SyncStatus};
use super::wording::{environment, plain};
use crate::engine::marks::LAST_SYNC_RUN;
use crate::ids::SyncRunId;

/// The report of an `Application`.
#[must_use]
pub fn report(application: &Application) -> Report {
    let status = &application.status;
    let name = application.metadata.name.as_str();
    let mut resources: Vec<ResourceReport> =
        status.resources.iter().map(|resource| resource_report(resource, name)).collect();
    resources.sort_by_cached_key(|resource| (badness(resource), identity(resource)));
    let mut history: Vec<&Entry> = status.history.iter().collect();
    history.sort_by_key(|entry| Reverse(entry.id));
    let mut images = status.summary.images.clone();
    images.sort_unstable();
    let conditions = status.conditions.iter().map(|condition| ConditionReport {
        sort: condition.sort.clone(),
        message: plain(&condition.message, name),
        since: condition.last_transition_time,
    });
    fit(Report {
        sync: SyncReport {
            status: status.sync.status,
            revisions: revisions(&status.sync.revision, &status.sync.revisions),
            compared_to: status.sync.compared_to.as_ref().map(compared),
        },
        health: HealthReport {
            status: status.health.status,
            message: plain(&status.health.message, name),
            since: status.health.last_transition_time,
        },
        operation: status.operation_state.as_ref().map(|state| operation_report(state, name)),
        conditions: conditions.collect(),
        images,
        urls: status.summary.external_urls.clone(),
        counts: counts(&resources),
        resources,
        history: history.into_iter().map(history_report).collect(),
        truncated: false,
    })
}

/// The sync run that a sync was started by, by what was noted with it.
pub(in crate::engine) fn noted_run(notes: &[Info]) -> Option<SyncRunId> {
    notes.iter().find(|note| note.name == LAST_SYNC_RUN)?.value.parse().ok()
}

/// The sync run that a former sync was, by who asked for it.
pub(in crate::engine) fn run_of(username: &str) -> Option<SyncRunId> {
    username.strip_prefix(RUN)?.parse().ok()
}

/// What the user of Argo CD is called who starts sync runs; the run's id follows. It is all that its history keeps.
pub(in crate::engine) const RUN: &str = "sync-run/";

/// One revision for each source.
pub(in crate::engine) fn revisions(one: &str, several: &[String]) -> Vec<String> {
    if several.is_empty() {
        return Some(one).filter(|one| !one.is_empty()).map(str::to_owned).into_iter().collect();
    }
    several.to_vec()
}

/// What came of a sync for each resource, with what failed first.
pub(in crate::engine) fn results(result: Option<&SyncResult>, name: &str) -> Vec<ResultReport> {
    let resources = result.map_or(&[][..], |result| &result.resources);
    let mut results: Vec<ResultReport> = resources.iter().map(|one| result_report(one, name)).collect();
    results.sort_by_key(|result| !failed(result));
    results
}

/// Whether a resource could not be synced.
pub(in crate::engine) fn failed(result: &ResultReport) -> bool {
    matches!(result.status.as_str(), "SyncFailed" | "Failed" | "Error")
}

fn operation_report(state: &OperationState, name: &str) -> OperationReport {
    let result = state.sync_result.as_ref();
    let results = results(result, name);
    OperationReport {
        phase: state.phase,
        message: plain(&state.message, name),
        sync_run_id: noted_run(&state.operation.info),
        revisions: result.map(|result| revisions(&result.revision, &result.revisions)).unwrap_or_default(),
        started_at: state.started_at,
        finished_at: state.finished_at.filter(|_| state.phase.completed()),
        retries: state.retry_count,
        results_total: results.len(),
        results,
    }
}

fn result_report(result: &ResourceResult, name: &str) -> ResultReport {
    let hook = result.hook_phase.filter(|_| !result.hook_type.is_empty());
    ResultReport {
        group: result.group.clone(),
        version: result.version.clone(),
        kind: result.kind.clone(),
        namespace: result.namespace.clone(),
        name: result.name.clone(),
        status: hook.map_or_else(|| result.status.clone(), |phase| phase.name().to_owned()),
        message: plain(&result.message, name),
        hook: result.hook_type.clone(),
    }
}

fn resource_report(resource: &Resource, name: &str) -> ResourceReport {
    ResourceReport {
        group: resource.group.clone(),
        version: resource.version.clone(),
        kind: resource.kind.clone(),
        namespace: resource.namespace.clone(),
        name: resource.name.clone(),
        sync: resource.status.filter(|_| !resource.hook),
        health: resource.health.as_ref().map(|health| health.status),
        message: resource.health.as_ref().map(|health| plain(&health.message, name)).unwrap_or_default(),
        requires_pruning: resource.requires_pruning,
    }
}

fn compared(comparison: &Comparison) -> Compared {
    Compared {
        sources: sources(comparison.source.as_ref(), &comparison.sources),
        environment_id: environment(&comparison.destination.name),
        namespace: comparison.destination.namespace.clone(),
    }
}

fn history_report(entry: &Entry) -> HistoryReport {
    HistoryReport {
        id: entry.id,
        revisions: revisions(&entry.revision, &entry.revisions),
        deployed_at: entry.deployed_at,
        sync_run_id: run_of(&entry.initiated_by.username),
        sources: sources(entry.source.as_ref(), &entry.sources),
    }
}

/// Where there are several, Argo CD leaves an empty one beside them.
fn sources(one: Option<&Source>, several: &[Source]) -> Vec<SourceReport> {
    let brief = |source: &Source| SourceReport {
        repository: source.repository.clone(),
        path: source.path.clone(),
        chart: source.chart.clone(),
        revision: source.target_revision.clone(),
    };
    if several.is_empty() {
        return one.filter(|source| !source.repository.is_empty()).map(brief).into_iter().collect();
    }
    several.iter().map(brief).collect()
}

fn counts(resources: &[ResourceReport]) -> Counts {
    let mut counts = Counts { total: resources.len(), ..Counts::default() };
    for resource in resources {
        match resource.sync {
            Some(SyncStatus::Synced) => counts.synced += 1,
            Some(SyncStatus::OutOfSync) => counts.out_of_sync += 1,
            Some(SyncStatus::Unknown) | None => {}
        }
        match resource.health {
            Some(HealthState::Healthy) => counts.healthy += 1,
            Some(HealthState::Progressing) => counts.progressing += 1,
            Some(HealthState::Degraded) => counts.degraded += 1,
            Some(HealthState::Suspended) => counts.suspended += 1,
            Some(HealthState::Missing) => counts.missing += 1,
            Some(HealthState::Unknown) | None => {}
        }
    }
    counts
}

/// What is worse comes first.
fn badness(resource: &ResourceReport) -> u8 {
    let health = match resource.health {
        Some(HealthState::Degraded) => 0,
        Some(HealthState::Missing) => 1,
        Some(HealthState::Unknown) => 2,
        Some(HealthState::Progressing) => 4,
        Some(HealthState::Suspended) => 5,
        Some(HealthState::Healthy) | None => 6,
    };
    let sync = match resource.sync {
        Some(SyncStatus::OutOfSync) => 3,
        Some(SyncStatus::Synced | SyncStatus::Unknown) | None => 6,
    };
    health.min(sync)
}

fn identity(resource: &ResourceReport) -> (String, String, String, String) {
    let of = |text: &String| text.clone();
    (of(&resource.group), of(&resource.kind), of(&resource.namespace), of(&resource.name))
}
