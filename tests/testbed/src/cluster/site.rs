//! A cluster before it runs: its folder, its ports, and how each of its processes is started.

use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context, Result};
use serde::{Deserialize, Serialize};

use super::access::{Access, Credential};
use super::audit;
use super::certificates::Certificates;
use super::etcd;
use crate::{Ending, Launch, Process, go, http};

/// The controllers that make workloads real. `node-lifecycle-controller` is left out: without heartbeats it would call
/// the node dead every 40 seconds.
const CONTROLLERS: &str = "garbage-collector-controller,namespace-controller,serviceaccount-controller,\
    serviceaccount-token-controller,deployment-controller,replicaset-controller,statefulset-controller,\
    daemonset-controller,job-controller,endpointslice-controller,clusterrole-aggregation-controller";

/// How much of Kubernetes there is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Kind {
    /// Only an API server: no workloads run, deletion in the foreground is immediate, namespaces do not go.
    Light,
    /// With controller-manager, scheduler and kwok: Deployments become ready, or crash.
    Full,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ports {
    pub apiserver: u16,
    pub controller_manager: u16,
    pub scheduler: u16,
    pub kwok: u16,
}

#[derive(Clone, Debug)]
pub struct Site {
    /// The prefix of its data in etcd.
    pub name: String,
    pub kind: Kind,
    pub folder: PathBuf,
    pub ports: Ports,
    pub etcd: etcd::Facts,
}

/// What anybody needs to use a cluster.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Facts {
    pub name: String,
    pub kind: Kind,
    pub port: u16,
    /// Where its certificates lie.
    pub folder: PathBuf,
}

impl Facts {
    pub fn server(&self) -> String {
        format!("https://127.0.0.1:{}", self.port)
    }

    pub fn certificates(&self) -> Result<Certificates> {
        Certificates::in_folder(&self.folder)
    }

    /// The administrator.
    pub fn admin(&self) -> Result<Access> {
        let certificates = self.certificates()?;
        Ok(Access {
            server: self.server(),
            ca_pem: certificates.ca_pem()?,
            credential: Credential::Token(certificates.admin_token()?),
        })
    }
}

impl Site {
    /// Certificates, the administrator's kubeconfig, the audit policy and kwok's stages, in the folder.
    pub fn prepare(&self) -> Result<()> {
        self.facts().admin()?.write(&self.kubeconfig())?;
        std::fs::write(audit::policy_file(&self.folder), audit::POLICY).context("write the audit policy")?;
        std::fs::write(self.stages(), include_str!("stages.yaml")).context("write kwok's stages")
    }

    pub fn facts(&self) -> Facts {
        Facts {
            name: self.name.clone(),
            kind: self.kind,
            port: self.ports.apiserver,
            folder: self.folder.clone(),
        }
    }

    /// The administrator's.
    pub fn kubeconfig(&self) -> PathBuf {
        self.folder.join("admin.kubeconfig")
    }

    pub fn apiserver(&self, name: &str) -> Result<Launch> {
        let certificates = self.facts().certificates()?;
        let file = |file: &str| certificates.path(file).display().to_string();
        let launch = self.kube(name, "apiserver")?.args([
            format!("--etcd-servers={}", self.etcd.url),
            format!("--etcd-prefix=/{}", self.name),
            format!("--secure-port={}", self.ports.apiserver),
            format!("--tls-cert-file={}", file("server.crt")),
            format!("--tls-private-key-file={}", file("server.key")),
            format!("--client-ca-file={}", file("ca.crt")),
            format!("--token-auth-file={}", file("tokens.csv")),
            format!("--service-account-key-file={}", file("sa.pub")),
            format!("--service-account-signing-key-file={}", file("sa.key")),
            format!("--audit-policy-file={}", audit::policy_file(&self.folder).display()),
            format!("--audit-log-path={}", audit::log_file(&self.folder).display()),
        ]);
        let launch = launch.args(audit::LIMITS).args([
            "--bind-address=127.0.0.1",
            // Must be said: a machine without a default route has no address to guess.
            "--advertise-address=127.0.0.1",
            "--endpoint-reconciler-type=none",
            "--service-cluster-ip-range=10.0.0.0/24",
            "--authorization-mode=RBAC",
            "--service-account-issuer=https://kubernetes.default.svc",
            // No limits: tests measure us, not the API server's fairness.
            "--enable-priority-and-fairness=false",
            "--max-requests-inflight=0",
            "--max-mutating-requests-inflight=0",
            "--event-ttl=10m",
        ]);
        Ok(match self.kind {
            // Without a garbage collector foreground deletion would never end, and without its controller no
            // namespace has the ServiceAccount that admission asks for.
            Kind::Light => launch
                .args(["--enable-garbage-collector=false", "--disable-admission-plugins=ServiceAccount"]),
            Kind::Full => launch,
        })
    }

    pub fn controller_manager(&self, name: &str) -> Result<Launch> {
        let certificates = self.facts().certificates()?;
        Ok(self.kube(name, "controller-manager")?.args([
            format!("--kubeconfig={}", self.kubeconfig().display()),
            format!("--secure-port={}", self.ports.controller_manager),
            format!("--root-ca-file={}", certificates.path("ca.crt").display()),
            format!("--service-account-private-key-file={}", certificates.path("sa.key").display()),
            format!("--controllers={CONTROLLERS}"),
            "--bind-address=127.0.0.1".to_owned(),
            "--leader-elect=false".to_owned(),
            "--use-service-account-credentials=false".to_owned(),
        ]))
    }

    pub fn scheduler(&self, name: &str) -> Result<Launch> {
        Ok(self.kube(name, "scheduler")?.args([
            format!("--kubeconfig={}", self.kubeconfig().display()),
            format!("--secure-port={}", self.ports.scheduler),
            "--bind-address=127.0.0.1".to_owned(),
            "--leader-elect=false".to_owned(),
        ]))
    }

    /// kwok plays the kubelet of the one node.
    pub fn kwok(&self, name: &str) -> Result<Launch> {
        Ok(Launch::new(name, go::program("kwok")?, &self.folder).ending(Ending::Kill).args([
            format!("--kubeconfig={}", self.kubeconfig().display()),
            format!("--config={}", self.stages().display()),
            format!("--server-address=127.0.0.1:{}", self.ports.kwok),
            "--manage-all-nodes=true".to_owned(),
        ]))
    }

    pub async fn apiserver_ready(&self, process: &mut Process) -> Result<()> {
        process.ready(Duration::from_secs(60), || self.probe_apiserver()).await
    }

    pub async fn controller_manager_ready(&self, process: &mut Process) -> Result<()> {
        process.ready(Duration::from_secs(60), || self.probe_controller_manager()).await
    }

    pub async fn scheduler_ready(&self, process: &mut Process) -> Result<()> {
        process.ready(Duration::from_secs(60), || self.probe_scheduler()).await
    }

    pub async fn kwok_ready(&self, process: &mut Process) -> Result<()> {
        process.ready(Duration::from_secs(60), || self.probe_kwok()).await
    }

    /// One look: would it serve?
    pub async fn probe_apiserver(&self) -> Result<()> {
        let client = http::trusting(&self.facts().certificates()?.ca_pem()?)?;
        http::healthy(&client, &format!("{}/readyz", self.facts().server())).await
    }

    pub async fn probe_controller_manager(&self) -> Result<()> {
        http::healthy(
            &http::unverified()?,
            &format!("https://127.0.0.1:{}/healthz", self.ports.controller_manager),
        )
        .await
    }

    pub async fn probe_scheduler(&self) -> Result<()> {
        http::healthy(&http::unverified()?, &format!("https://127.0.0.1:{}/healthz", self.ports.scheduler))
            .await
    }

    pub async fn probe_kwok(&self) -> Result<()> {
        http::healthy(&http::plain()?, &format!("http://127.0.0.1:{}/healthz", self.ports.kwok)).await
    }

    fn stages(&self) -> PathBuf {
        self.folder.join("stages.yaml")
    }

    fn kube(&self, name: &str, component: &str) -> Result<Launch> {
        let launch =
            Launch::new(name, go::program("kube")?, &self.folder).ending(Ending::Kill).arg(component);
        // Self-signed serving certificates land here and not in /var/run/kubernetes.
        Ok(launch.arg(format!("--cert-dir={}", self.folder.join(component).display())))
    }
}
