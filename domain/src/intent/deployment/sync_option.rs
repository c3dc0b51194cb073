//! How a sync is done: the options of Argo CD that a tenant may set.
//!
//! Not among them: `Replace` and `Force` (they delete and make anew), `Prune=…` and `Delete=…` (the policy says that),
//! and what only concerns the engine.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::policy::Policy;
use crate::field::{Code, Errors, Flaw};

/// An option that a tenant may set.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum SyncOption {
    /// Make the destination's namespace if it is not there.
    CreateNamespace,
    /// Have the API server merge.
    ServerSideApply,
    /// Leave alone what is in sync.
    ApplyOutOfSyncOnly,
    /// Prune only after everything else is healthy.
    PruneLast,
    /// Check manifests against the cluster's schemas.
    Validate,
    /// Leave alone what `ignoreDifferences` names.
    RespectIgnoreDifferences,
    /// Fail if another deployment has the resource.
    FailOnSharedResource,
}

/// What becomes of what a removed object owned.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Propagation {
    /// It goes before.
    Foreground,
    /// It goes afterwards.
    Background,
    /// It stays.
    Orphan,
}

/// The options of a deployment.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct SyncOptions {
    /// Switches that were set. Others are as Argo CD has them.
    pub switches: BTreeMap<SyncOption, bool>,
    /// None: `background` with an automated policy, and what Argo CD does with a manual one.
    pub propagation: Option<Propagation>,
}

impl SyncOption {
    const ALL: [Self; 7] = [
        Self::CreateNamespace,
        Self::ServerSideApply,
        Self::ApplyOutOfSyncOnly,
        Self::PruneLast,
        Self::Validate,
        Self::RespectIgnoreDifferences,
        Self::FailOnSharedResource,
    ];

    /// As Argo CD calls it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::CreateNamespace => "CreateNamespace",
            Self::ServerSideApply => "ServerSideApply",
            Self::ApplyOutOfSyncOnly => "ApplyOutOfSyncOnly",
            Self::PruneLast => "PruneLast",
            Self::Validate => "Validate",
            Self::RespectIgnoreDifferences => "RespectIgnoreDifferences",
            Self::FailOnSharedResource => "FailOnSharedResource",
        }
    }
}

impl Propagation {
    const ALL: [Self; 3] = [Self::Foreground, Self::Background, Self::Orphan];
    const OPTION: &str = "PrunePropagationPolicy";

    fn name(self) -> &'static str {
        match self {
            Self::Foreground => "foreground",
            Self::Background => "background",
            Self::Orphan => "orphan",
        }
    }
}

impl SyncOptions {
    pub(super) fn parse(errors: &mut Errors, raw: Vec<String>) -> Option<Self> {
        let mut options = Self::default();
        let most = SyncOption::ALL.len() + 1;
        errors.each("syncOptions", most, raw, |errors, raw| {
            options.set(&raw).map_err(|flaw| errors.note_here(flaw)).ok()
        })?;
        Some(options)
    }

    fn set(&mut self, raw: &str) -> Result<(), Flaw> {
        let (name, value) = raw.split_once('=').ok_or_else(|| Flaw::malformed("write `Name=value`"))?;
        let twice = || Flaw::new(Code::Duplicate, "this option is set twice");
        if name == Propagation::OPTION {
            let meant = Propagation::ALL.into_iter().find(|meant| meant.name() == value);
            let meant = meant
                .ok_or_else(|| Flaw::new(Code::UnknownValue, "use `foreground`, `background` or `orphan`"))?;
            return if self.propagation.replace(meant).is_some() { Err(twice()) } else { Ok(()) };
        }
        let option = SyncOption::ALL.into_iter().find(|option| option.name() == name).ok_or_else(unknown)?;
        let on = match value {
            "true" => true,
            "false" => false,
            _ => return Err(Flaw::new(Code::UnknownValue, "use `true` or `false`")),
        };
        if self.switches.insert(option, on).is_some() { Err(twice()) } else { Ok(()) }
    }

    /// As bodies write them.
    #[must_use]
    pub fn written(&self) -> Vec<String> {
        let propagation = self.propagation.map(|meant| format!("{}={}", Propagation::OPTION, meant.name()));
        let switches = self.switches.iter().map(|(option, on)| format!("{}={on}", option.name()));
        propagation.into_iter().chain(switches).collect()
    }

    pub(super) fn on_engine(&self, policy: &Policy) -> Vec<String> {
        let usual = match policy {
            Policy::Automated { .. } => Some(Propagation::Background),
            Policy::Manual => None,
        };
        Self { propagation: self.propagation.or(usual), switches: self.switches.clone() }.written()
    }
}

fn unknown() -> Flaw {
    let names = SyncOption::ALL.map(|option| format!("`{}`", option.name())).join(", ");
    Flaw::new(Code::Unsupported, format!("use one of {names} and `{}`", Propagation::OPTION))
}
