//! The connection to one engine cluster, dialled when first needed and again when it fails.

use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use domain::egress::{Host, Policy};
use kube::client::Body;
use kube::config::{KubeConfigOptions, Kubeconfig};
use kube::{Client, Config};

use super::super::engine_cluster::EngineCluster;
use super::answer::{Answer, Asking};
use super::unwritten::Unwritten;

const CONNECT: Duration = Duration::from_secs(3);

/// The connection to one engine cluster.
#[derive(Debug)]
pub(super) struct Connection {
    cluster: EngineCluster,
    egress: Policy,
    kept: Mutex<Kept>,
    asked: AtomicU64,
}

/// The client, and which one it is: whose client failed must not throw away a newer one.
#[derive(Default)]
struct Kept {
    client: Option<Client>,
    number: u64,
}

impl Connection {
    pub(super) fn new(cluster: EngineCluster, egress: Policy) -> Self {
        Self { cluster, egress, kept: Mutex::default(), asked: AtomicU64::new(0) }
    }

    pub(super) fn name(&self) -> &str {
        &self.cluster.name
    }

    pub(super) fn kubeconfig(&self) -> &Path {
        &self.cluster.kubeconfig
    }

    /// How many requests were sent so far.
    pub(super) fn asked(&self) -> u64 {
        self.asked.load(Ordering::Relaxed)
    }

    /// A client, for what is no single request: a watch. It is dialled anew when the one before failed.
    pub(super) async fn client(&self) -> Result<Client, String> {
        self.open().await.map(|(client, _)| client)
    }

    /// One request and its answer, within this time. After a failure the next one dials anew and reads the kubeconfig
    /// again: it may have been replaced.
    pub(super) async fn ask(&self, request: Asking, within: Duration) -> Result<Answer, Unwritten> {
        let request = request.map_err(|error| Unwritten::Refused { status: 400, message: chain(&error) })?;
        let (client, number) = self.open().await.map_err(Unwritten::Unreachable)?;
        self.asked.fetch_add(1, Ordering::Relaxed);
        let answer = match tokio::time::timeout(within, answer(&client, request.map(Body::from))).await {
            Ok(Ok(answer)) => answer,
            Ok(Err(error)) => {
                self.drop_client(number);
                return Err(Unwritten::Unreachable(chain(&error)));
            }
            Err(_) => {
                self.drop_client(number);
                return Err(Unwritten::Unreachable(format!("no answer within {within:?}")));
            }
        };
        if answer.status == 401 {
            self.drop_client(number);
        }
        Ok(answer)
    }

    async fn open(&self) -> Result<(Client, u64), String> {
        let open = {
            let kept = self.kept();
            kept.client.clone().map(|client| (client, kept.number))
        };
        match open {
            Some(open) => Ok(open),
            None => {
                let client = self.dial().await?;
                let mut kept = self.kept();
                kept.number += 1;
                kept.client = Some(client.clone());
                Ok((client, kept.number))
            }
        }
    }

    async fn dial(&self) -> Result<Client, String> {
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
        // Each request has its own limit; one here would cut watches and kept connections that are silent.
        config.read_timeout = None;
        Client::try_from(config).map_err(|error| unusable(&error))
    }

    fn drop_client(&self, number: u64) {
        let mut kept = self.kept();
        if kept.number == number {
            kept.client = None;
        }
    }

    fn kept(&self) -> std::sync::MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

async fn answer(client: &Client, request: http::Request<Body>) -> Result<Answer, kube::Error> {
    let response = client.send(request).await?;
    let status = response.status().as_u16();
    let bytes = response.into_body().collect_bytes().await?;
    // What is no JSON is from something in between; its status says enough.
    Ok(Answer { status, body: serde_json::from_slice(&bytes).unwrap_or_default() })
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

impl std::fmt::Debug for Kept {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "Kept({})", self.number)
    }
}
