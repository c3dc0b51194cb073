//! Where manifests go.

use serde::{Deserialize, Serialize};

use super::body::RawDestination;
use crate::field::{Code, Errors, Flaw};
use crate::text::{Name, Namespace};

/// Where manifests go.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "to", rename_all = "snake_case")]
pub enum Destination {
    /// The namespace that the tenant is. Whether the tenant is one, others know.
    Implicit,
    /// An environment of the tenant, by its name: another one that gets the name later is meant then.
    Environment {
        /// What it is called.
        environment: Name,
        /// For what does not name a namespace itself.
        namespace: Namespace,
    },
}

impl Destination {
    /// Reads it. An empty text is the same as none: that is how custom resources leave it out.
    pub(super) fn parse(errors: &mut Errors, raw: RawDestination) -> Option<Self> {
        let given = |text: Option<String>| text.filter(|text| !text.is_empty());
        match (given(raw.environment), given(raw.namespace)) {
            (None, None) => Some(Self::Implicit),
            (None, Some(_)) => {
                let detail = "name the environment too; without both it is the tenant's own namespace";
                errors.note("environment", Flaw::new(Code::Required, detail));
                None
            }
            (Some(environment), namespace) => {
                let environment = errors.at("environment", Name::parse(&environment));
                let namespace = match namespace {
                    Some(namespace) => Namespace::parse(&namespace),
                    None => Err(Flaw::required("name the namespace for what does not name one itself")),
                };
                let namespace = errors.at("namespace", namespace);
                Some(Self::Environment { environment: environment?, namespace: namespace? })
            }
        }
    }
}

impl From<&Destination> for Option<RawDestination> {
    fn from(destination: &Destination) -> Self {
        match destination {
            Destination::Implicit => None,
            Destination::Environment { environment, namespace } => Some(RawDestination {
                environment: Some(environment.to_string()),
                namespace: Some(namespace.to_string()),
            }),
        }
    }
}
