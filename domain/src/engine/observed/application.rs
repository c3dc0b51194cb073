//! The fields of an `Application` that we read. No managed fields, and of a source only what says which one it is.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::Deserialize;
use serde_json::Value;

use super::lenient::{or_default, time};
use super::states::{HealthState, Phase, SyncStatus};
use super::wording::without_nul;

/// An object that is no `Application` as we know them.
#[derive(Debug, thiserror::Error)]
#[error("an Application cannot be read: {0}")]
pub struct Unreadable(String);

/// Declares what is read: all fields may be absent or null.
macro_rules! read {
    ($($(#[$doc:meta])* $name:ident { $($(#[$field_doc:meta])* $field:ident: $type:ty = $with:literal,)* })+) => {$(
        $(#[$doc])*
        #[derive(Clone, Debug, Default, PartialEq, Deserialize)]
        #[serde(rename_all = "camelCase", default)]
        pub struct $name { $($(#[$field_doc])* #[serde(deserialize_with = $with)] pub $field: $type,)* }
    )+};
}

read! {
    /// An `Application`.
    Application {
        /// Which.
        metadata: Metadata = "or_default",
        /// What it is told.
        spec: Spec = "or_default",
        /// A sync that is asked for or going on.
        operation: Option<Operation> = "or_default",
        /// What it says.
        status: Status = "or_default",
    }
    /// Which object.
    Metadata {
        /// Its name.
        name: String = "or_default",
        /// Its UID.
        uid: String = "or_default",
        /// Its version.
        resource_version: String = "or_default",
        /// Its annotations.
        annotations: BTreeMap<String, String> = "or_default",
        /// What has to happen before it goes.
        finalizers: Vec<String> = "or_default",
        /// Since when it is going.
        deletion_timestamp: Option<Timestamp> = "time",
    }
    /// What it is told, as far as syncs need it.
    Spec {
        /// By what rules it is synced.
        sync_policy: SyncPolicy = "or_default",
        /// Its sources, if there are several.
        sources: Vec<Source> = "or_default",
    }
    /// By what rules it is synced.
    SyncPolicy {
        /// By itself.
        automated: Option<Automated> = "or_default",
        /// How.
        sync_options: Vec<String> = "or_default",
        /// How often a failed sync is tried again, as it is written there.
        retry: Option<Value> = "or_default",
    }
    /// Synced by itself.
    Automated {
        /// Off, though there are rules for it.
        enabled: Option<bool> = "or_default",
        /// Remove what is no longer in the source.
        prune: bool = "or_default",
    }
    /// A sync that is asked for.
    Operation {
        /// By whom.
        initiated_by: Initiator = "or_default",
        /// With which notes.
        info: Vec<Info> = "or_default",
    }
    /// Who asked for a sync.
    Initiator {
        /// Who.
        username: String = "or_default",
        /// Argo CD itself.
        automated: bool = "or_default",
    }
    /// A note.
    Info {
        /// About what.
        name: String = "or_default",
        /// What.
        value: String = "or_default",
    }
    /// What it says.
    Status {
        /// Whether what runs is what the source says.
        sync: SyncState = "or_default",
        /// How what runs is.
        health: Health = "or_default",
        /// The last sync.
        operation_state: Option<OperationState> = "or_default",
        /// What it is made of.
        resources: Vec<Resource> = "or_default",
        /// What is in the way.
        conditions: Vec<Condition> = "or_default",
        /// In short.
        summary: Summary = "or_default",
        /// Former syncs.
        history: Vec<Entry> = "or_default",
        /// When it was compared last.
        reconciled_at: Option<Timestamp> = "time",
    }
    /// Whether what runs is what the source says.
    SyncState {
        /// Whether.
        status: SyncStatus = "or_default",
        /// Which state of the source.
        revision: String = "or_default",
        /// Of each source, if there are several.
        revisions: Vec<String> = "or_default",
        /// What was compared.
        compared_to: Option<Comparison> = "or_default",
    }
    /// What was compared.
    Comparison {
        /// The source.
        source: Option<Source> = "or_default",
        /// The sources, if there are several.
        sources: Vec<Source> = "or_default",
        /// With what.
        destination: Destination = "or_default",
    }
    /// Where things go.
    Destination {
        /// Name of the cluster Secret.
        name: String = "or_default",
        /// The namespace.
        namespace: String = "or_default",
    }
    /// How something is.
    Health {
        /// How.
        status: HealthState = "or_default",
        /// And why.
        message: String = "or_default",
        /// Since when.
        last_transition_time: Option<Timestamp> = "time",
    }
    /// A sync.
    OperationState {
        /// What was asked for.
        operation: Operation = "or_default",
        /// How it is going.
        phase: Phase = "or_default",
        /// In words.
        message: String = "or_default",
        /// What came of it.
        sync_result: Option<SyncResult> = "or_default",
        /// Since when.
        started_at: Option<Timestamp> = "time",
        /// Until when. Also set while it waits to be tried again.
        finished_at: Option<Timestamp> = "time",
        /// How often it was tried again.
        retry_count: i64 = "or_default",
    }
    /// What came of a sync.
    SyncResult {
        /// Which state of the source.
        revision: String = "or_default",
        /// Of each source, if there are several.
        revisions: Vec<String> = "or_default",
        /// Of each resource.
        resources: Vec<ResourceResult> = "or_default",
    }
    /// What came of a sync for one resource.
    ResourceResult {
        /// API group.
        group: String = "or_default",
        /// API version.
        version: String = "or_default",
        /// Kind.
        kind: String = "or_default",
        /// Namespace.
        namespace: String = "or_default",
        /// Name.
        name: String = "or_default",
        /// `Synced`, `SyncFailed`, `Pruned`, `PruneSkipped`.
        status: String = "or_default",
        /// In words.
        message: String = "or_default",
        /// Of a hook: which sort.
        hook_type: String = "or_default",
        /// Of a hook: how it went.
        hook_phase: Option<Phase> = "or_default",
    }
    /// A resource.
    Resource {
        /// API group.
        group: String = "or_default",
        /// API version.
        version: String = "or_default",
        /// Kind.
        kind: String = "or_default",
        /// Namespace.
        namespace: String = "or_default",
        /// Name.
        name: String = "or_default",
        /// Whether it is what the source says. Hooks have none.
        status: Option<SyncStatus> = "or_default",
        /// How it is. Kinds that are neither well nor ill have none.
        health: Option<Health> = "or_default",
        /// It is a hook.
        hook: bool = "or_default",
        /// It is no longer in the source.
        requires_pruning: bool = "or_default",
    }
    /// What is in the way.
    Condition {
        /// Which sort.
        #[serde(rename = "type")]
        sort: String = "or_default",
        /// In words.
        message: String = "or_default",
        /// Since when.
        last_transition_time: Option<Timestamp> = "time",
    }
    /// In short.
    Summary {
        /// Which images run.
        images: Vec<String> = "or_default",
        /// Where it can be reached.
        #[serde(rename = "externalURLs")]
        external_urls: Vec<String> = "or_default",
    }
    /// What says which source it is.
    Source {
        /// Address of the repository.
        #[serde(rename = "repoURL")]
        repository: String = "or_default",
        /// The folder.
        path: String = "or_default",
        /// The chart.
        chart: String = "or_default",
        /// Which state of it.
        target_revision: String = "or_default",
    }
    /// A former sync.
    Entry {
        /// Its number.
        id: i64 = "or_default",
        /// Which state of the source.
        revision: String = "or_default",
        /// Of each source, if there are several.
        revisions: Vec<String> = "or_default",
        /// The source.
        source: Option<Source> = "or_default",
        /// The sources, if there are several.
        sources: Vec<Source> = "or_default",
        /// When it began.
        deploy_started_at: Option<Timestamp> = "time",
        /// When it was done.
        deployed_at: Option<Timestamp> = "time",
        /// Who asked for it.
        initiated_by: Initiator = "or_default",
    }
}

impl Application {
    /// Reads an object.
    pub fn read(object: &Value) -> Result<Self, Unreadable> {
        Self::deserialize(without_nul(object.clone())).map_err(|error| Unreadable(error.to_string()))
    }
}

impl SyncPolicy {
    /// Whether it syncs by itself.
    #[must_use]
    pub fn is_automated(&self) -> bool {
        self.automated.as_ref().is_some_and(|automated| automated.enabled.unwrap_or(true))
    }
}
