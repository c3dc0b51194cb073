//! One API server, dialled when first needed.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use domain::egress::{Host, Policy};
use kube::config::{KubeConfigOptions, Kubeconfig};
use kube::{Client, Config};
use runtime::probe::Cadence;

use super::engine_cluster::EngineCluster;

/// The API server of an engine cluster.
#[derive(Debug)]
pub(crate) struct Api {
    cluster: EngineCluster,
    egress: Policy,
    client: Mutex<Option<Dialled>>,
}

#[derive(Clone)]
struct Dialled(Client);

const CONNECT: Duration = Duration::from_secs(3);
const ANSWER: Duration = Duration::from_secs(4);

impl Api {
    /// How often to ask whether it answers.
    pub(crate) const CADENCE: Cadence =
        Cadence { every: Duration::from_secs(5), timeout: Duration::from_secs(5) };

    pub(crate) const fn new(cluster: EngineCluster, egress: Policy) -> Self {
        Self { cluster, egress, client: Mutex::new(None) }
    }

    pub(crate) fn name(&self) -> &str {
        &self.cluster.name
    }

    /// Whether it answers and accepts our identity; if not, what a person has to look at.
    pub(crate) async fn answers(&self) -> Result<(), String> {
        let kept = self.kept().clone();
        let Dialled(client) = match kept {
            Some(client) => client,
            None => self.dial().await?,
        };
        match client.apiserver_version().await {
            Ok(_) => {
                *self.kept() = Some(Dialled(client));
                Ok(())
            }
            Err(error) => {
                // The next try reads the kubeconfig again: it may have been replaced.
                *self.kept() = None;
                Err(self.in_words(&error))
            }
        }
    }

    async fn dial(&self) -> Result<Dialled, String> {
        let file = self.cluster.kubeconfig.display();
        let unusable =
            |error: &dyn std::error::Error| format!("the kubeconfig {file} cannot be used: {}", chain(error));
        let kubeconfig = Kubeconfig::read_from(&self.cluster.kubeconfig).map_err(|error| unusable(&error))?;
        // kube would take a proxy of the surroundings too, and has none built in.
        if kubeconfig
            .clusters
            .iter()
            .flat_map(|named| &named.cluster)
            .any(|cluster| cluster.proxy_url.is_some())
        {
            return Err(format!("the kubeconfig {file} names a proxy: engine clusters are dialled directly"));
        }
        let mut config = Config::from_custom_kubeconfig(kubeconfig, &KubeConfigOptions::default())
            .await
            .map_err(|error| unusable(&error))?;
        let server = config.cluster_url.host().unwrap_or_default();
        let host = Host::parse(server).map_err(|error| unusable(&error))?;
        self.egress.vet_operators_own(&host).map_err(|denied| format!("not dialled: {denied}"))?;
        config.proxy_url = None;
        config.connect_timeout = Some(CONNECT);
        config.read_timeout = Some(ANSWER);
        Client::try_from(config).map(Dialled).map_err(|error| unusable(&error))
    }

    fn in_words(&self, error: &kube::Error) -> String {
        let file = self.cluster.kubeconfig.display();
        let kube::Error::Api(status) = error else {
            return format!("the API server does not answer: {}", chain(error));
        };
        match status.code {
            401 => format!("the API server does not accept the identity in {file} (401): renew it"),
            403 => {
                format!("the identity in {file} may not even ask for the version (403): {}", status.message)
            }
            code => format!("the API server answers {code}: {}", status.message),
        }
    }

    fn kept(&self) -> std::sync::MutexGuard<'_, Option<Dialled>> {
        self.client.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// An error and its causes, without those that only repeat the one before.
fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let said = error.to_string();
        if !text.contains(&said) {
            text = format!("{text}: {said}");
        }
        cause = error.source();
    }
    text
}

impl std::fmt::Debug for Dialled {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str("Dialled")
    }
}
