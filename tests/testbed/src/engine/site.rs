//! An Argo CD instance before it runs: its namespace, folders and ports, and how its two processes are started.

use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context, Result};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::manifests::{SERVICE_ACCOUNT, namespace_objects};
use crate::cluster::{Credential, Facts as Hub, Objects};
use crate::{Ending, Launch, Process, go, http};

/// Which redis, and which database in it. Keys carry no instance: two engines in one database would mix up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Redis {
    pub port: u16,
    pub database: u32,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ports {
    pub repo_server: u16,
    pub repo_server_metrics: u16,
    pub controller_metrics: u16,
}

#[derive(Clone, Debug)]
pub struct Site {
    pub namespace: String,
    pub folder: PathBuf,
    pub ports: Ports,
    pub redis: Redis,
    /// More environment for both processes, such as a proxy that refuses what is not loopback.
    pub env: Vec<(String, String)>,
    /// Put before the rest of the repo-server's PATH.
    pub programs: Option<PathBuf>,
}

impl Site {
    /// Folders for the two processes.
    pub fn prepare(&self) -> Result<()> {
        for folder in ["tls", "ssh", "plugins", "repositories", "controller", "repo-server"] {
            std::fs::create_dir_all(self.folder.join(folder))
                .with_context(|| format!("make the folder {folder}"))?;
        }
        let known_hosts = self.known_hosts();
        if !known_hosts.exists() {
            std::fs::write(&known_hosts, "").context("make the file of known hosts")?;
        }
        Ok(())
    }

    /// Custom resources, namespace, settings and RBAC on the hub, and the controller's kubeconfig with a token of its
    /// ServiceAccount. To be done again by whoever resumes: everything is applied, nothing is created twice.
    pub async fn install(&self, hub: &Hub, objects: &Objects, token_lifetime: Duration) -> Result<()> {
        custom_resources(objects).await?;
        for object in namespace_objects(&self.namespace) {
            objects.apply(object).await?;
        }
        let token = objects.token(&self.namespace, SERVICE_ACCOUNT, token_lifetime).await?;
        hub.admin()?.with(Credential::Token(token)).write(&self.kubeconfig())
    }

    /// Hosts that ssh may talk to; the repo-server reads it at each use.
    pub fn known_hosts(&self) -> PathBuf {
        self.folder.join("ssh").join("ssh_known_hosts")
    }

    /// Trust this authority (PEM) for Git and Helm hosts called `host`.
    pub fn trust(&self, host: &str, ca_pem: &str) -> Result<()> {
        std::fs::write(self.folder.join("tls").join(host), ca_pem).context("write the authority of a host")
    }

    pub fn kubeconfig(&self) -> PathBuf {
        self.folder.join("controller.kubeconfig")
    }

    pub fn repo_server(&self, name: &str) -> Result<Launch> {
        let path = |path: &str| self.folder.join(path).display().to_string();
        let launch = self.argocd(name, "argocd-repo-server", "repo-server")?;
        // It runs `git`, `helm`, `kustomize`, and itself as `argocd` for git's questions about passwords.
        let launch = launch.path_first(&go::tools()?).path_first(&go::folder_of("argocd")?);
        let launch = match &self.programs {
            Some(programs) => launch.path_first(programs),
            None => launch,
        };
        Ok(launch
            .env("TMPDIR", path("repositories"))
            .env("ARGOCD_ASK_PASS_SOCK", self.socket())
            .env("ARGOCD_PLUGINSOCKFILEPATH", path("plugins"))
            .args([
                "--address=127.0.0.1".to_owned(),
                format!("--port={}", self.ports.repo_server),
                "--metrics-address=127.0.0.1".to_owned(),
                format!("--metrics-port={}", self.ports.repo_server_metrics),
                "--disable-tls".to_owned(),
                "--parallelismlimit=4".to_owned(),
                "--revision-cache-expiration=5s".to_owned(),
            ])
            .args(self.redis_args()))
    }

    pub fn controller(&self, name: &str) -> Result<Launch> {
        Ok(self
            .argocd(name, "argocd-application-controller", "controller")?
            .env("ARGOCD_CONTROLLER_REPLICAS", "1")
            .env("ARGOCD_SYNC_WAVE_DELAY", "0")
            .args([
                format!("--namespace={}", self.namespace),
                format!("--kubeconfig={}", self.kubeconfig().display()),
                format!("--repo-server=127.0.0.1:{}", self.ports.repo_server),
                "--repo-server-plaintext".to_owned(),
                // The one port of the testbed that is open beyond loopback: Argo CD's controller knows no address here.
                format!("--metrics-port={}", self.ports.controller_metrics),
                "--status-processors=4".to_owned(),
                "--operation-processors=4".to_owned(),
                "--app-resync=0".to_owned(),
                "--app-resync-jitter=0".to_owned(),
                "--app-hard-resync=0".to_owned(),
                "--repo-error-grace-period-seconds=0".to_owned(),
                "--self-heal-backoff-timeout-seconds=1".to_owned(),
                "--self-heal-backoff-cap-seconds=5".to_owned(),
                // Health of single resources exists nowhere else.
                "--persist-resource-health".to_owned(),
                "--enable-k8s-event=none".to_owned(),
            ])
            .args(self.redis_args()))
    }

    pub async fn repo_server_ready(&self, process: &mut Process) -> Result<()> {
        process.ready(Duration::from_secs(60), || self.probe_repo_server()).await
    }

    pub async fn controller_ready(&self, process: &mut Process) -> Result<()> {
        process.ready(Duration::from_secs(60), || self.probe_controller()).await
    }

    /// One look: does it serve?
    pub async fn probe_repo_server(&self) -> Result<()> {
        let url = format!("http://127.0.0.1:{}/healthz?full=true", self.ports.repo_server_metrics);
        http::healthy(&http::plain()?, &url).await
    }

    pub async fn probe_controller(&self) -> Result<()> {
        http::healthy(&http::plain()?, &format!("http://127.0.0.1:{}/healthz", self.ports.controller_metrics))
            .await
    }

    fn argocd(&self, name: &str, program: &str, folder: &str) -> Result<Launch> {
        let mut launch = Launch::new(name, go::program("argocd")?, self.folder.join(folder))
            .ending(Ending::Kill)
            .env("ARGOCD_BINARY_NAME", program)
            .env("ARGOCD_TLS_DATA_PATH", self.folder.join("tls").display().to_string())
            .env("ARGOCD_SSH_DATA_PATH", self.folder.join("ssh").display().to_string())
            .env("ARGOCD_GPG_ENABLED", "false");
        for (name, value) in &self.env {
            launch = launch.env(name, value);
        }
        Ok(launch)
    }

    fn redis_args(&self) -> [String; 2] {
        [format!("--redis=127.0.0.1:{}", self.redis.port), format!("--redisdb={}", self.redis.database)]
    }

    /// The default is one fixed path in /tmp for all repo-servers of a machine.
    fn socket(&self) -> String {
        self.folder.join("askpass.sock").display().to_string()
    }
}

/// Argo CD's two custom resources, once a hub, and wait until they are served.
async fn custom_resources(objects: &Objects) -> Result<()> {
    for name in ["application", "appproject"] {
        let text = go::argocd_crd(name)?;
        let definition: Value =
            serde_yaml_ng::from_str(&text).with_context(|| format!("read the CRD {name}"))?;
        objects.apply(definition).await?;
        let key = crate::cluster::Key::of("apiextensions.k8s.io/v1", "CustomResourceDefinition")
            .named(&format!("{name}s.argoproj.io"));
        let established = |definition: &Value| {
            let conditions = definition.pointer("/status/conditions").and_then(Value::as_array);
            conditions.is_some_and(|all| {
                all.iter().any(|one| one["type"] == "Established" && one["status"] == "True")
            })
        };
        objects.until(&key, Duration::from_secs(30), established).await?;
    }
    Ok(())
}
