//! What the sandbox consists of: every part with what it needs, on one screen.

mod argosy;
mod clusters;
mod engine;
mod env;
mod git;
mod introduce;
mod people;
pub mod postgres;

use anyhow::Result;

use crate::state::ports::Taken;
use crate::state::{Engines, Folder, Ports, Secrets};
use crate::supervisor::Part;

/// Everything a start is made of: read from the folder, or made and kept there.
#[derive(Debug)]
pub struct Plan {
    folder: Folder,
    ports: Ports,
    secrets: Secrets,
    engines: Engines,
}

const SECRETS: [&str; 6] = ["postgres", "backend", "agent", "operator", "git", "people"];

const ARGOSY_PORTS: [&str; 4] = ["postgres", "backend", "backend-metrics", "agent-metrics"];

const OWN_PORTS: [&str; 19] = [
    "redis",
    "etcd",
    "etcd-peer",
    "egress-guard",
    "git",
    "hub-apiserver",
    "hub-controller-manager",
    "hub-scheduler",
    "hub-kwok",
    "target-apiserver",
    "target-controller-manager",
    "target-scheduler",
    "target-kwok",
    "engine-1-repo-server",
    "engine-1-repo-server-metrics",
    "engine-1-controller",
    "engine-2-repo-server",
    "engine-2-repo-server-metrics",
    "engine-2-controller",
];

impl Plan {
    pub fn make(folder: &Folder, engines: &Engines, taken: Taken) -> Result<Self> {
        let mut names = ARGOSY_PORTS.to_vec();
        if *engines == Engines::Own {
            names.extend(OWN_PORTS);
        }
        Ok(Self {
            folder: folder.clone(),
            ports: Ports::load(folder, &names, taken)?,
            secrets: Secrets::load(folder, &SECRETS)?,
            engines: engines.clone(),
        })
    }

    pub fn write_env(&self) -> Result<()> {
        self.folder.write_env(&env::variables(self)?)
    }
}

/// All parts.
pub fn list(plan: &Plan) -> Result<Vec<Part>> {
    let mut parts = vec![postgres::part(plan)?];
    parts.extend([argosy::migrate(plan)?, argosy::keys(plan)?, argosy::backend(plan)?, argosy::agent(plan)?]);
    parts.push(introduce::part(plan)?);
    if plan.engines == Engines::Own {
        clusters::offer_kubectl(plan)?;
        parts.extend([clusters::etcd(plan)?, engine::redis(plan)?, git::guard(plan)?, git::host(plan)?]);
        parts.extend(clusters::cluster(&clusters::site(plan, "hub")?, clusters::HUB)?);
        parts.extend(clusters::cluster(&clusters::site(plan, "target")?, clusters::TARGET)?);
        for names in engine::ENGINES {
            parts.extend(engine::parts(plan, names)?);
        }
    }
    Ok(parts)
}

/// Preparations that block (initdb) must not hold up the parts that start at the same time.
async fn unhurried<T: Send + 'static>(work: impl FnOnce() -> Result<T> + Send + 'static) -> Result<T> {
    tokio::task::spawn_blocking(work).await?
}
