//! Our hand on one engine cluster: it reads and writes Argo CD's objects and Secrets, and keeps in mind what it wrote.
//!
//! *Direct write first, read only on conflict.* A new object is one request; one that we know is one request that carries
//! the version it is for; one that is unchanged is none. Force is used only on an object that we know to be ours, at the
//! version at which we know it, and only for fields we own: everything else is a conflict, and is looked at first.

mod answer;
mod apply;
mod connection;
mod index;
mod key;
mod reading;
mod unwritten;
mod writing;

use std::time::Duration;

use domain::egress::Policy;
use domain::engine::hash::HashKey;
use domain::secret::Secret;
use kube::Client;
use kube::core::Request;
use kube::core::params::GetParams;
use runtime::probe::Cadence;
use serde_json::Value;

pub use apply::Applied;
pub use key::{Key, Kind};
pub use reading::Live;
pub use unwritten::Unwritten;

use super::engine_cluster::EngineCluster;
use connection::Connection;
use index::Index;

/// How long the API server may take for one request; admission webhooks are in it.
const ANSWER: Duration = Duration::from_secs(10);
const PROBE: Duration = Duration::from_secs(4);

/// Our hand on one engine cluster.
pub struct Engine {
    connection: Connection,
    index: Index,
    hashes: HashKey,
}

impl Engine {
    /// How often to ask whether it answers.
    pub const CADENCE: Cadence = Cadence { every: Duration::from_secs(5), timeout: Duration::from_secs(5) };

    /// Nothing is dialled yet.
    #[must_use]
    pub fn new(cluster: EngineCluster, egress: Policy) -> Self {
        let hashes = HashKey::new(Secret::new(rand::random()));
        Self { connection: Connection::new(cluster, egress), index: Index::default(), hashes }
    }

    /// What the operator calls it.
    #[must_use]
    pub fn name(&self) -> &str {
        self.connection.name()
    }

    /// How many requests it was sent so far, watches apart.
    #[must_use]
    pub fn requests(&self) -> u64 {
        self.connection.asked()
    }

    /// A client for watches.
    pub async fn client(&self) -> Result<Client, String> {
        self.connection.client().await
    }

    /// Whether it answers and accepts our identity; if not, what a person has to look at.
    pub async fn answers(&self) -> Result<(), String> {
        let version = Request::new("").get("version", &GetParams::default());
        let file = self.connection.kubeconfig().display();
        let answer = match self.connection.ask(version, PROBE).await {
            Ok(answer) => answer,
            Err(Unwritten::Unreachable(why)) if why.contains("kubeconfig") || why.contains("not dialled") => {
                return Err(why);
            }
            Err(error) => return Err(format!("the API server does not answer: {error}")),
        };
        let said = answer.body.pointer("/message").and_then(Value::as_str).unwrap_or("without a reason");
        match answer.status {
            200..300 => Ok(()),
            401 => Err(format!("the API server does not accept the identity in {file} (401): renew it")),
            403 => Err(format!("the identity in {file} may not even ask for the version (403): {said}")),
            code => Err(format!("the API server answers {code}: {said}")),
        }
    }
}

impl std::fmt::Debug for Engine {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "Engine({})", self.name())
    }
}
