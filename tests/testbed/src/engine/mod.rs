//! A real Argo CD instance: a namespace on a hub, a repo-server and an application controller, and nothing else.
//!
//! Engines are cheap: a test starts its own and may kill what it likes of it.

mod declare;
mod manifests;
mod site;

use std::time::Duration;

use anyhow::{Context, Result};
use serde_json::{Value, json};

pub use declare::{Application, Destination};
pub use site::{Ports, Redis, Site};

use crate::cluster::{Cluster, Key, Objects};
use crate::{Folder, Port, Process, lease};

/// Tests are over long before.
const TOKEN_LIFETIME: Duration = Duration::from_secs(24 * 3600);

/// A running instance.
#[derive(Debug)]
pub struct Engine {
    // In the order they end.
    pub controller: Process,
    pub repo_server: Process,
    site: Site,
    hub: Objects,
    _folder: Folder,
    _ports: [Port; 3],
}

impl Engine {
    /// In a namespace of its own on this hub, up when it acknowledged a refresh.
    pub async fn start(hub: &Cluster) -> Result<Self> {
        let redis: Redis = lease::ask(lease::Wish::Redis).await?;
        let ports = [Port::free()?, Port::free()?, Port::free()?];
        let folder = Folder::in_target("engine")?;
        let id = uuid::Uuid::new_v4().simple().to_string();
        let site = Site {
            namespace: format!("argocd-{}", &id[..12]),
            folder: folder.path().to_owned(),
            ports: Ports {
                repo_server: ports[0].number(),
                repo_server_metrics: ports[1].number(),
                controller_metrics: ports[2].number(),
            },
            redis,
            env: Vec::new(),
            programs: None,
        };
        site.prepare()?;
        let objects = hub.objects();
        site.install(hub.facts(), objects, TOKEN_LIFETIME).await?;
        let repo_server = site.repo_server("repo-server")?.start()?;
        let controller = site.controller("controller")?.start()?;
        let mut engine =
            Self { controller, repo_server, site, hub: objects.clone(), _folder: folder, _ports: ports };
        engine.ready().await?;
        Ok(engine)
    }

    pub fn namespace(&self) -> &str {
        &self.site.namespace
    }

    pub fn site(&self) -> &Site {
        &self.site
    }

    /// Act on the hub, as its administrator.
    pub fn hub(&self) -> &Objects {
        &self.hub
    }

    /// `kill -9` of both processes.
    pub fn kill(&mut self) {
        self.controller.kill();
        self.repo_server.kill();
    }

    /// Start both again, on the same ports and folders.
    pub async fn restart(&mut self) -> Result<()> {
        self.kill();
        self.repo_server = self.repo_server.launch().clone().start()?;
        self.controller = self.controller.launch().clone().start()?;
        self.ready().await
    }

    /// A repo-server is only trusted to have forgotten when its folder is gone: restart it with an empty one.
    pub async fn restart_empty(&mut self) -> Result<()> {
        self.kill();
        std::fs::remove_dir_all(self.site.folder.join("repositories"))
            .context("empty the repo-server's folder")?;
        self.site.prepare()?;
        self.restart().await
    }

    /// Both serve, and the controller acknowledges a refresh: it watches its namespace and works.
    async fn ready(&mut self) -> Result<()> {
        self.site.repo_server_ready(&mut self.repo_server).await?;
        self.site.controller_ready(&mut self.controller).await?;
        acknowledged(&self.hub, &self.site.namespace)
            .await
            .with_context(|| format!("the end of the controller's log:\n{}", self.controller.log_end()))
    }
}

/// Ask for a refresh of an Application that can lead to nothing, wait for the answer, and take it away.
pub async fn acknowledged(hub: &Objects, namespace: &str) -> Result<()> {
    let key = Key::of("argoproj.io/v1alpha1", "Application").named("testbed-canary").within(namespace);
    hub.apply(json!({
        "apiVersion": "argoproj.io/v1alpha1", "kind": "Application",
        "metadata": {
            "name": "testbed-canary", "namespace": namespace,
            "annotations": {"argocd.argoproj.io/refresh": "normal"},
        },
        "spec": {
            "project": "testbed-canary",
            "source": {"repoURL": "https://127.0.0.1:1/nothing", "path": ".", "targetRevision": "HEAD"},
            "destination": {"name": "nowhere", "namespace": "default"},
        },
    }))
    .await?;
    let answered = |application: &Value| {
        let annotations = application.pointer("/metadata/annotations");
        annotations.is_none_or(|all| all.get("argocd.argoproj.io/refresh").is_none())
    };
    hub.until(&key, Duration::from_secs(60), answered).await.context("no refresh was acknowledged")?;
    hub.delete(&key).await?;
    hub.until_gone(&key, Duration::from_secs(20)).await
}
