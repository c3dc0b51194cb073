//! A real Kubernetes API, as plain processes on loopback.
//!
//! [`Cluster::hub`] and [`Cluster::target`] are the run's pair, held by the keeper: make namespaces in them, never stop
//! them. Whoever stops one starts it with [`Cluster::start`].

mod access;
mod audit;
mod certificates;
mod etcd;
mod node;
mod objects;
mod running;
mod site;

use std::time::Duration;

use anyhow::{Context, Result};
use serde_json::json;

pub use access::{Access, Credential};
pub use audit::Write;
pub use certificates::{Certificates, Identity};
pub use etcd::{Etcd, Facts as EtcdFacts, Site as EtcdSite};
pub use node::register as register_node;
pub use objects::{Key, Objects};
pub use running::start_on;
pub use site::{Facts, Kind, Ports, Site};

use crate::lease;

/// A running cluster.
#[derive(Debug)]
pub struct Cluster {
    facts: Facts,
    objects: Objects,
    owned: Option<running::Running>,
}

impl Cluster {
    /// The run's cluster for engines (light).
    pub async fn hub() -> Result<Self> {
        Self::borrowed(lease::ask(lease::Wish::Hub).await?).await
    }

    /// The run's cluster for applications (full).
    pub async fn target() -> Result<Self> {
        Self::borrowed(lease::ask(lease::Wish::Target).await?).await
    }

    /// A cluster of your own, on the run's etcd.
    pub async fn start(kind: Kind) -> Result<Self> {
        let name = format!("own-{}", uuid::Uuid::new_v4().simple());
        start_on(&Etcd::shared().await?, &name, kind).await
    }

    async fn borrowed(facts: Facts) -> Result<Self> {
        let objects = Objects::new(facts.admin()?.client().await?);
        Ok(Self { facts, objects, owned: None })
    }

    pub fn facts(&self) -> &Facts {
        &self.facts
    }

    /// Act on it as the administrator.
    pub fn objects(&self) -> &Objects {
        &self.objects
    }

    pub fn admin(&self) -> Result<Access> {
        self.facts.admin()
    }

    /// Anybody, by a client certificate. What they may do is up to the RBAC objects you apply.
    pub fn user(&self, name: &str, groups: &[&str]) -> Result<Access> {
        let identity = self.facts.certificates()?.identity(name, groups)?;
        Ok(self.facts.admin()?.with(Credential::Certificate(identity)))
    }

    /// A ServiceAccount's token, by a real TokenRequest.
    pub async fn service_account(&self, namespace: &str, name: &str, lifetime: Duration) -> Result<Access> {
        let token = self.objects.token(namespace, name, lifetime).await?;
        Ok(self.facts.admin()?.with(Credential::Token(token)))
    }

    /// A namespace nobody else has.
    pub async fn namespace(&self, prefix: &str) -> Result<String> {
        let id = uuid::Uuid::new_v4().simple().to_string();
        let name = format!("{prefix}-{}", &id[..12]);
        self.objects
            .apply(json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}}))
            .await?;
        Ok(name)
    }

    /// End its processes in order; its data stays in etcd for [`Cluster::start_again`].
    pub fn stop(&mut self) -> Result<()> {
        self.owned()?.stop();
        Ok(())
    }

    /// `kill -9` of the API server.
    pub fn kill(&mut self) -> Result<()> {
        self.owned()?.kill();
        Ok(())
    }

    /// On the same port, with its data and certificates.
    pub async fn start_again(&mut self) -> Result<()> {
        self.owned()?.start_again().await
    }

    fn owned(&mut self) -> Result<&mut running::Running> {
        self.owned.as_mut().context("a shared cluster belongs to everybody: start one of your own to stop it")
    }
}
