//! What to do about the difference between what is wished for and what is there. One step at a time: after each, look
//! again.
//!
//! Every step on what is there carries the uid and the version that were seen. The API server refuses it if anything has
//! happened since, and then the rows are read again too.

use serde_json::Value;

use super::facts::Prune;
use super::hash::{Hash, HashKey};
use super::marks::{self, CASCADE, CASCADE_BACKGROUND, Owner};
use super::observed::Phase;
use super::owned::{owned, said};
use crate::operation::Generation;

/// What the rows wish for under one name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wanted {
    /// An object that says this.
    Present {
        /// Whose.
        owner: Owner,
        /// Of the row it is made from.
        generation: Generation,
        /// Of all it says.
        hash: Hash,
    },
    /// Nothing.
    Absent {
        /// Whose it was.
        owner: Owner,
        /// Of the row that says so.
        generation: Generation,
        /// What becomes of what it deployed. Only an `Application` deploys; of others nothing hangs on it.
        prune: Prune,
    },
}

/// What is there under the name, as far as it matters: what a watch keeps of an object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Observed {
    /// Which object.
    pub uid: String,
    /// Which state of it.
    pub resource_version: String,
    /// Whose it is. None: not ours.
    pub owner: Option<Owner>,
    /// Of the row that it was made from.
    pub generation: Option<Generation>,
    /// Of what is ours of it.
    pub hash: Hash,
    /// It is going.
    pub deleting: bool,
    /// What has to happen before it goes.
    pub finalizers: Vec<String>,
    /// Of an `Application`: a sync is asked for or going on.
    pub syncing: bool,
    /// Of an `Application`: how its last sync is going.
    pub phase: Option<Phase>,
}

/// The next step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Plan {
    /// All is as it should be.
    Nothing,
    /// Apply it; there is none.
    Create,
    /// Apply it.
    Update(Seen),
    /// Put the finalizer on that takes along what was deployed. Before that, prove that it can be done.
    AddCascade(Seen),
    /// Take that finalizer off: what was deployed stays.
    RemoveCascade(Seen),
    /// Delete it.
    Delete(Seen),
    /// Somebody else has to do something first.
    Wait(Wait),
    /// Leave it alone.
    Refuse(Objection),
}

/// Which object a step is for, and in which state it was seen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seen {
    /// Which object.
    pub uid: String,
    /// Which state of it.
    pub resource_version: String,
}

/// What is waited for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Wait {
    /// It is going, with what it deployed. The take-down is accepted; the rest is the engine's, and the watch sees it.
    Cascade,
    /// It is going, and somebody has to let go of it.
    Finalizers(Vec<String>),
}

/// Why it is left alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Objection {
    /// It is not ours, or somebody else's of ours. It is never touched, whatever the rows say.
    Foreign,
    /// It was made from a later row than the one that was read: read again. (After a restore of the database generations
    /// have to be lifted above those on the engines before anything is changed there.)
    Stale,
}

impl Wanted {
    /// This object, as [`super::desired`] makes it. None: it lacks our labels.
    #[must_use]
    pub fn present(object: &Value, key: &HashKey) -> Option<Self> {
        let (owner, generation) = (Owner::of(object)?, marks::generation(object)?);
        Some(Self::Present { owner, generation, hash: key.hash(&said(object)) })
    }

    fn owner(self) -> Owner {
        match self {
            Self::Present { owner, .. } | Self::Absent { owner, .. } => owner,
        }
    }

    fn generation(self) -> Generation {
        match self {
            Self::Present { generation, .. } | Self::Absent { generation, .. } => generation,
        }
    }
}

impl Observed {
    /// What matters of an object that an API server gave, with its managed fields. None: it gave something else.
    #[must_use]
    pub fn of(object: &Value, key: &HashKey) -> Option<Self> {
        let metadata = object.get("metadata")?;
        let text = |name: &str| metadata.get(name).and_then(Value::as_str).map(str::to_owned);
        let finalizers = metadata.get("finalizers").and_then(Value::as_array).into_iter().flatten();
        let phase = object.pointer("/status/operationState/phase").cloned();
        Some(Self {
            uid: text("uid")?,
            resource_version: text("resourceVersion")?,
            owner: Owner::of(object),
            generation: marks::generation(object),
            hash: key.hash(&owned(object)),
            deleting: text("deletionTimestamp").is_some(),
            finalizers: finalizers.filter_map(Value::as_str).map(str::to_owned).collect(),
            syncing: object.get("operation").is_some_and(|operation| !operation.is_null()),
            phase: phase.and_then(|phase| serde_json::from_value(phase).ok()),
        })
    }

    /// Whether what it deployed goes with it.
    #[must_use]
    pub fn cascades(&self) -> bool {
        self.finalizers.iter().any(|name| is_cascade(name))
    }

    fn seen(&self) -> Seen {
        Seen { uid: self.uid.clone(), resource_version: self.resource_version.clone() }
    }
}

impl Seen {
    /// The merge patch that puts the finalizer on. It keeps those that are there.
    #[must_use]
    pub fn cascade_added(&self, observed: &Observed) -> Value {
        let others = observed.finalizers.iter().map(String::as_str);
        self.finalizers(&others.chain([CASCADE]).collect::<Vec<&str>>())
    }

    /// The merge patch that takes the finalizer off. It keeps others.
    #[must_use]
    pub fn cascade_removed(&self, observed: &Observed) -> Value {
        let others = observed.finalizers.iter().map(String::as_str).filter(|name| !is_cascade(name));
        self.finalizers(&others.collect::<Vec<&str>>())
    }

    fn finalizers(&self, names: &[&str]) -> Value {
        serde_json::json!({"metadata": {
            "uid": self.uid,
            "resourceVersion": self.resource_version,
            "finalizers": names,
        }})
    }
}

/// The next step towards what is wanted.
#[must_use]
pub fn plan(wanted: Wanted, observed: Option<&Observed>) -> Plan {
    let Some(observed) = observed else {
        return match wanted {
            Wanted::Present { .. } => Plan::Create,
            Wanted::Absent { .. } => Plan::Nothing,
        };
    };
    if observed.owner != Some(wanted.owner()) {
        return Plan::Refuse(Objection::Foreign);
    }
    if observed.generation.is_some_and(|generation| generation > wanted.generation()) {
        return Plan::Refuse(Objection::Stale);
    }
    match wanted {
        Wanted::Present { hash, .. } => keep(hash, observed),
        Wanted::Absent { prune, .. } => remove(prune, observed),
    }
}

/// What is going must be gone before it can come back: nobody can call a deletion off.
fn keep(hash: Hash, observed: &Observed) -> Plan {
    if observed.deleting {
        return leaving(observed);
    }
    // A cascade that was prepared, and is meant no more, would take everything along with the next accident.
    if observed.cascades() {
        return Plan::RemoveCascade(observed.seen());
    }
    if observed.hash == hash { Plan::Nothing } else { Plan::Update(observed.seen()) }
}

fn remove(prune: Prune, observed: &Observed) -> Plan {
    match (prune, observed.cascades(), observed.deleting) {
        (Prune::Cascade, false, false) => Plan::AddCascade(observed.seen()),
        (Prune::Abandon, true, _) => Plan::RemoveCascade(observed.seen()),
        (Prune::Cascade, true, false) | (Prune::Abandon, false, false) => Plan::Delete(observed.seen()),
        (Prune::Cascade, _, true) | (Prune::Abandon, false, true) => leaving(observed),
    }
}

fn leaving(observed: &Observed) -> Plan {
    if observed.cascades() {
        return Plan::Wait(Wait::Cascade);
    }
    Plan::Wait(Wait::Finalizers(observed.finalizers.clone()))
}

fn is_cascade(finalizer: &str) -> bool {
    finalizer == CASCADE
        || finalizer == CASCADE_BACKGROUND
        || finalizer == "resources-finalizer.argocd.argoproj.io/foreground"
}
