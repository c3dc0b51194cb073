//! What an engine's report comes down to.

use super::trouble::Trouble;
use super::{Code, Explanation};
use crate::engine::desired::is_compared;
use crate::engine::observed::{
    HealthState, OperationReport, Phase, Report, ResourceReport, SyncStatus, failed,
};
use crate::intent::deployment::{DeploymentSpec, Policy};

/// Conditions that keep an engine from comparing, the worst first.
const BLOCKING: [&str; 3] = ["InvalidSpecError", "ComparisonError", "UnknownError"];
/// A commit is told by so many letters.
const SHORT: usize = 8;
const COMMIT: usize = 40;

/// What a report of a deployment comes down to.
#[must_use]
pub fn of_report(report: &Report, spec: &DeploymentSpec) -> Explanation {
    of_conditions(report)
        .or_else(|| of_what_was_compared(report, spec))
        .or_else(|| of_operation(report))
        .or_else(|| spec.suspended.then(|| suspended(report)))
        .unwrap_or_else(|| of_state(report, spec))
}

fn of_conditions(report: &Report) -> Option<Explanation> {
    let blocking = BLOCKING.iter().filter_map(|sort| report.conditions.iter().find(|one| one.sort == *sort));
    let condition = blocking.into_iter().next()?;
    let trouble = Trouble::of(&condition.message);
    if condition.sort == "InvalidSpecError" && trouble == Trouble::Other {
        let sentence = format!("The engine does not take the deployment as it is: {}", condition.message);
        return Some(Explanation::new(Code::InvalidSpec, sentence));
    }
    Some(trouble.explained(&condition.message))
}

/// What was seen before the last change says nothing of it.
fn of_what_was_compared(report: &Report, spec: &DeploymentSpec) -> Option<Explanation> {
    let former = report.sync.compared_to.as_ref().filter(|compared| !is_compared(compared, spec));
    let sentence = "The engine has the change, and has not compared it with its source yet.";
    former.map(|_| Explanation::new(Code::NotComparedYet, sentence))
}

fn of_operation(report: &Report) -> Option<Explanation> {
    let operation = report.operation.as_ref()?;
    match operation.phase {
        Phase::Running if operation.retries > 0 => {
            let sentence = format!("A sync failed and is tried again: {}", operation.message);
            Some(Explanation::new(Code::SyncRetrying, sentence))
        }
        Phase::Running => {
            Some(Explanation::new(Code::Syncing, with_message("A sync is going on", operation)))
        }
        Phase::Terminating => Some(Explanation::new(Code::Syncing, "A sync is being stopped.")),
        // What failed then and is right now is over.
        Phase::Failed | Phase::Error if report.sync.status != SyncStatus::Synced => {
            Some(sync_failed(operation))
        }
        Phase::Failed | Phase::Error | Phase::Succeeded | Phase::Unknown => of_sync_error(report),
    }
}

fn of_sync_error(report: &Report) -> Option<Explanation> {
    let error = report.conditions.iter().find(|one| one.sort == "SyncError")?;
    Some(Explanation::new(Code::SyncFailed, format!("It was not synced by itself: {}", error.message)))
}

fn sync_failed(operation: &OperationReport) -> Explanation {
    let first = operation.results.iter().find(|result| failed(result));
    let more = operation.results.iter().filter(|result| failed(result)).count().saturating_sub(1);
    let sentence = match first {
        Some(result) => {
            let others = if more > 0 { format!(" and {more} more") } else { String::new() };
            format!("The last sync failed at {} \"{}\"{others}: {}", result.kind, result.name, result.message)
        }
        None => with_message("The last sync failed", operation),
    };
    // Only what is surely about credentials and reach has a code of its own; a resource may say anything.
    let code = match Trouble::of(&operation.message) {
        Trouble::Unreachable(super::Side::Environment) => Code::EnvironmentUnreachable,
        Trouble::Authentication(super::Side::Environment) => Code::EnvironmentAuthentication,
        Trouble::RepositoryNotFound
        | Trouble::Authentication(super::Side::Repository)
        | Trouble::Unreachable(super::Side::Repository)
        | Trouble::Permission
        | Trouble::HostUnknown
        | Trouble::RevisionNotFound
        | Trouble::PathNotFound
        | Trouble::Manifest
        | Trouble::Engine
        | Trouble::Settling
        | Trouble::Other => Code::SyncFailed,
    };
    Explanation::new(code, sentence)
}

fn with_message(what: &str, operation: &OperationReport) -> String {
    match operation.message.as_str() {
        "" => format!("{what}."),
        message => format!("{what}: {message}"),
    }
}

fn suspended(report: &Report) -> Explanation {
    let state = format!("{} and {}", report.sync.status.name(), report.health.status.name());
    Explanation::new(
        Code::Suspended,
        format!("It is suspended: nothing is synced until it is resumed. What runs is {state}."),
    )
}

fn of_state(report: &Report, spec: &DeploymentSpec) -> Explanation {
    let (sync, health) = (report.sync.status, report.health.status);
    match (sync, health) {
        (_, HealthState::Degraded) => of_resource(report, HealthState::Degraded, Code::Degraded),
        (SyncStatus::OutOfSync, _) => out_of_sync(report, spec),
        (SyncStatus::Synced, HealthState::Missing) => {
            of_resource(report, HealthState::Missing, Code::Missing)
        }
        (SyncStatus::Synced, HealthState::Progressing) => {
            of_resource(report, HealthState::Progressing, Code::Progressing)
        }
        (SyncStatus::Synced, HealthState::Suspended) => {
            of_resource(report, HealthState::Suspended, Code::Paused)
        }
        (SyncStatus::Synced, HealthState::Healthy) => {
            let sentence = format!("What runs is what the source says{}, and it is healthy.", at(report));
            Explanation::new(Code::Synced, sentence)
        }
        (SyncStatus::Synced, HealthState::Unknown) => {
            let sentence = format!(
                "What runs is what the source says{}; how it is, the engine does not know.",
                at(report)
            );
            Explanation::new(Code::Unknown, sentence)
        }
        (
            SyncStatus::Unknown,
            HealthState::Healthy
            | HealthState::Progressing
            | HealthState::Suspended
            | HealthState::Missing
            | HealthState::Unknown,
        ) => Explanation::new(
            Code::NotComparedYet,
            "The engine has it, and has not compared it with its source yet.",
        ),
    }
}

/// The first resource that is so, and why.
fn of_resource(report: &Report, state: HealthState, code: Code) -> Explanation {
    let is_so = |resource: &&ResourceReport| resource.health == Some(state);
    let mut so = report.resources.iter().filter(is_so);
    let sentence = match (so.next(), so.count()) {
        (Some(resource), more) => {
            let others = if more > 0 { format!(", like {more} more") } else { String::new() };
            let why = match resource.message.as_str() {
                "" => String::from("."),
                message => format!(": {message}"),
            };
            format!("{} \"{}\" is {}{others}{why}", resource.kind, resource.name, state.name())
        }
        (None, _) if report.health.message.is_empty() => format!("What runs is {}.", state.name()),
        (None, _) => format!("What runs is {}: {}", state.name(), report.health.message),
    };
    Explanation::new(code, sentence)
}

fn out_of_sync(report: &Report, spec: &DeploymentSpec) -> Explanation {
    let counts = report.counts;
    let differ = format!(
        "{} of {} resources are not as the source says{}",
        counts.out_of_sync,
        counts.total,
        at(report)
    );
    let others = |resource: &ResourceReport| {
        resource.sync == Some(SyncStatus::OutOfSync) && !resource.requires_pruning
    };
    let only_superfluous =
        !report.truncated && counts.out_of_sync > 0 && !report.resources.iter().any(others);
    let sentence = match spec.policy {
        Policy::Automated { prune: false, .. } if only_superfluous => format!(
            "{} of {} resources are no longer in the source, and the policy does not remove them.",
            counts.out_of_sync, counts.total
        ),
        Policy::Automated { .. } => format!("{differ}; it is synced by itself."),
        Policy::Manual => format!("{differ}; ask for a sync run to change that."),
    };
    Explanation::new(Code::OutOfSync, sentence)
}

/// ` at a1b2c3d4`
fn at(report: &Report) -> String {
    match report.sync.revisions.as_slice() {
        [one] if one.len() == COMMIT && one.is_ascii() => format!(" at {}", &one[..SHORT]),
        [one] => format!(" at {one}"),
        [] | [..] => String::new(),
    }
}
