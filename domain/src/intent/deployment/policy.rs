//! By whose hand a deployment is synced.

use serde::{Deserialize, Serialize};

use super::body::{RawMode, RawPolicy};
use crate::field::{Code, Errors, Flaw};

/// By whose hand a deployment is synced.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "mode", rename_all = "snake_case")]
pub enum Policy {
    /// Every change of the source is synced.
    #[serde(rename_all = "camelCase")]
    Automated {
        /// Remove what is no longer in the source.
        prune: bool,
        /// Undo what others change in the cluster.
        self_heal: bool,
        /// Prune even if the source has become empty.
        allow_empty: bool,
    },
    /// Only sync runs sync.
    Manual,
}

impl Policy {
    /// Automated, as the reference service does it.
    pub const AUTOMATED: Self = Self::Automated { prune: true, self_heal: true, allow_empty: true };

    pub(super) fn parse(errors: &mut Errors, raw: &RawPolicy) -> Option<Self> {
        match raw.mode {
            RawMode::Automated => Some(Self::Automated {
                prune: raw.prune.unwrap_or(true),
                self_heal: raw.self_heal.unwrap_or(true),
                allow_empty: raw.allow_empty.unwrap_or(true),
            }),
            RawMode::Manual => {
                let switches =
                    [("prune", raw.prune), ("selfHeal", raw.self_heal), ("allowEmpty", raw.allow_empty)];
                for (key, _) in switches.iter().filter(|(_, given)| given.is_some()) {
                    let detail = "it goes with `automated`; leave it out (in a merge patch: `null`)";
                    errors.note(key, Flaw::new(Code::Conflict, detail));
                }
                Some(Self::Manual)
            }
        }
    }
}

impl From<&Policy> for RawPolicy {
    fn from(policy: &Policy) -> Self {
        match *policy {
            Policy::Automated { prune, self_heal, allow_empty } => Self {
                mode: RawMode::Automated,
                prune: Some(prune),
                self_heal: Some(self_heal),
                allow_empty: Some(allow_empty),
            },
            Policy::Manual => Self { mode: RawMode::Manual, prune: None, self_heal: None, allow_empty: None },
        }
    }
}
