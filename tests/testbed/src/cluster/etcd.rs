//! etcd: one for all clusters of a run, each cluster under a prefix of its own.

use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context, Result};
use serde::{Deserialize, Serialize};

use crate::{Ending, Folder, Launch, Port, Process, go, http, lease};

/// An etcd before it runs.
#[derive(Clone, Debug)]
pub struct Site {
    pub folder: PathBuf,
    pub client_port: u16,
    pub peer_port: u16,
    /// Whether every write must reach the disk. Tests do without.
    pub fsync: bool,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Facts {
    pub url: String,
}

#[derive(Debug)]
pub struct Etcd {
    _process: Process,
    _folder: Folder,
    _ports: [Port; 2],
    facts: Facts,
}

impl Site {
    pub fn facts(&self) -> Facts {
        Facts { url: format!("http://127.0.0.1:{}", self.client_port) }
    }

    pub fn launch(&self, name: &str) -> Result<Launch> {
        let launch = Launch::new(name, go::program("kube")?, &self.folder).ending(Ending::Kill).args([
            "etcd".to_owned(),
            "--dir".to_owned(),
            self.folder.join("data").display().to_string(),
            "--client-url".to_owned(),
            self.facts().url,
            "--peer-url".to_owned(),
            format!("http://127.0.0.1:{}", self.peer_port),
        ]);
        // What must survive gets the time to close its files.
        Ok(if self.fsync { launch.arg("--fsync").ending(Ending::Terminate) } else { launch })
    }

    pub async fn ready(&self, process: &mut Process) -> Result<()> {
        process.ready(Duration::from_secs(60), || self.probe()).await
    }

    /// One look: is it healthy?
    pub async fn probe(&self) -> Result<()> {
        http::healthy(&http::plain()?, &format!("{}/health", self.facts().url)).await
    }
}

impl Etcd {
    pub async fn start() -> Result<Self> {
        let ports = [Port::free()?, Port::free()?];
        let folder = Folder::in_target("etcd")?;
        let site = Site {
            folder: folder.path().to_owned(),
            client_port: ports[0].number(),
            peer_port: ports[1].number(),
            fsync: false,
        };
        let mut process = site.launch("etcd")?.start()?;
        site.ready(&mut process).await?;
        Ok(Self { _process: process, _folder: folder, _ports: ports, facts: site.facts() })
    }

    /// The run's etcd.
    pub async fn shared() -> Result<Facts> {
        lease::ask(lease::Wish::Etcd).await.context("ask for the shared etcd")
    }

    pub fn facts(&self) -> &Facts {
        &self.facts
    }
}
