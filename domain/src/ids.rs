//! Ids: a UUID that knows what it is of, and what the thing is called on an engine.
//!
//! What is born as a Kubernetes object has the object's UID, what is born through REST one of version 7, which the
//! caller makes: there are no dice here.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::field::Flaw;
use crate::operation::ResourceId;
pub use crate::operation::{Generation, OperationId};

/// Declares ids: `ids! { /// What has it. Name }`.
macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident)+) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub Uuid);

        impl fmt::Display for $name {
            fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(out)
            }
        }

        impl FromStr for $name {
            type Err = Flaw;

            fn from_str(raw: &str) -> Result<Self, Flaw> {
                uuid(raw).map(Self)
            }
        }
    )+};
}

ids! {
    /// A tenant: the wall. One that is born as a namespace has the namespace's UID.
    TenantId
    /// A person, a key or a service that calls us.
    PrincipalId
    /// An API key.
    ApiKeyId
    /// A place that a tenant deploys to.
    EnvironmentId
    /// How to read a private repository.
    CredentialId
    /// What goes where.
    DeploymentId
    /// One requested sync of a deployment.
    SyncRunId
    /// A cluster that hosts engine instances.
    EngineClusterId
    /// One Argo CD in one namespace.
    EngineInstanceId
    /// A cluster agent, as long as its process lives.
    AgentId
}

/// One id has one spelling: a second one would be a second cache entry, log line or link.
fn uuid(raw: &str) -> Result<Uuid, Flaw> {
    let id = Uuid::try_parse(raw).ok().filter(|id| id.hyphenated().to_string() == raw);
    id.ok_or_else(|| {
        Flaw::malformed("an id is written like 018f2b5e-7c1d-7a4e-9b3a-5d0c1e2f3a4b, in small letters")
    })
}

impl TenantId {
    /// Its `AppProject` on an engine.
    #[must_use]
    pub fn project_name(self) -> String {
        format!("app-project-{self}")
    }
}

impl EnvironmentId {
    /// The one environment that a tenant has by being a namespace: that namespace.
    #[must_use]
    pub fn implicit(namespace: TenantId) -> Self {
        Self(Uuid::new_v5(&namespace.0, b"implicit"))
    }

    /// Its cluster Secret on an engine, and the name by which destinations refer to it.
    #[must_use]
    pub fn cluster_secret_name(self) -> String {
        format!("managed-env-{self}")
    }

    /// The `server` of its cluster Secret. Argo CD keys its caches by the whole text, and client-go drops the query: two
    /// tenants on one API server share nothing.
    #[must_use]
    pub fn engine_server(self, server: &str) -> String {
        format!("{server}?managedEnvironment={self}")
    }
}

impl CredentialId {
    /// Its repository Secret on an engine.
    #[must_use]
    pub fn repository_secret_name(self) -> String {
        format!("repo-cred-{self}")
    }
}

impl DeploymentId {
    /// Its `Application` on an engine.
    #[must_use]
    pub fn application_name(self) -> String {
        format!("gitopsdepl-{self}")
    }
}

impl From<EnvironmentId> for ResourceId {
    fn from(id: EnvironmentId) -> Self {
        Self(id.0)
    }
}

impl From<DeploymentId> for ResourceId {
    fn from(id: DeploymentId) -> Self {
        Self(id.0)
    }
}

impl From<SyncRunId> for ResourceId {
    fn from(id: SyncRunId) -> Self {
        Self(id.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: &str = "018f2b5e-7c1d-7a4e-9b3a-5d0c1e2f3a4b";

    #[test]
    fn objects_on_an_engine_are_named_after_ids() {
        assert_eq!(ID.parse::<DeploymentId>().unwrap().application_name(), format!("gitopsdepl-{ID}"));
        assert_eq!(ID.parse::<TenantId>().unwrap().project_name(), format!("app-project-{ID}"));
        assert_eq!(ID.parse::<CredentialId>().unwrap().repository_secret_name(), format!("repo-cred-{ID}"));
        let environment: EnvironmentId = ID.parse().unwrap();
        assert_eq!(environment.cluster_secret_name(), format!("managed-env-{ID}"));
        let server = environment.engine_server("https://k8s.example.com:6443");
        assert_eq!(server, format!("https://k8s.example.com:6443?managedEnvironment={ID}"));
    }

    #[test]
    fn a_namespace_has_one_implicit_environment_for_ever() {
        let namespace: TenantId = "6a1f0f0e-43a4-4c43-9df0-3a0c3f3d8f11".parse().unwrap();
        let environment = EnvironmentId::implicit(namespace);
        assert_eq!(environment.to_string(), "670dc7d6-43e5-5d52-b315-403d01cb1bb3");
        assert_eq!(environment.0.get_version_num(), 5);
    }

    #[test]
    fn an_id_has_one_spelling() {
        for raw in [
            "",
            "shop",
            "018F2B5E-7C1D-7A4E-9B3A-5D0C1E2F3A4B",
            "018f2b5e7c1d7a4e9b3a5d0c1e2f3a4b",
            "{018f2b5e-7c1d-7a4e-9b3a-5d0c1e2f3a4b}",
            "urn:uuid:018f2b5e-7c1d-7a4e-9b3a-5d0c1e2f3a4b",
        ] {
            assert!(raw.parse::<TenantId>().is_err(), "{raw}");
        }
        assert_eq!(ID.parse::<TenantId>().unwrap().to_string(), ID);
    }
}
