//! What we may touch in a cluster.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::field::{Code, Errors, Flaw};
use crate::text::Namespace;

/// Argo CD watches each namespace of a list by itself: with more, all of them is the better wish.
const MOST: usize = 100;

/// What we may touch in a cluster.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "of", rename_all = "snake_case")]
pub enum Reach {
    /// Everything that the credentials let us.
    Cluster,
    /// Only what is in these namespaces.
    #[serde(rename_all = "camelCase")]
    Namespaces {
        /// At least one.
        names: BTreeSet<Namespace>,
        /// And what is in no namespace.
        cluster_resources: bool,
    },
}

impl Reach {
    pub(super) fn parse(
        errors: &mut Errors,
        names: Vec<String>,
        cluster_resources: Option<bool>,
    ) -> Option<Self> {
        if names.is_empty() {
            if cluster_resources == Some(false) {
                let detail =
                    "without `namespaces` it is the whole cluster; name the namespaces, or leave this out";
                errors.note("clusterResources", Flaw::new(Code::Conflict, detail));
            }
            return Some(Self::Cluster);
        }
        let names = errors.each_text("namespaces", MOST, names, Namespace::parse)?;
        let names = names.into_iter().collect();
        Some(Self::Namespaces { names, cluster_resources: cluster_resources.unwrap_or(false) })
    }
}
