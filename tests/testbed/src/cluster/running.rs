//! The processes of a cluster that somebody owns.

use anyhow::Result;

use super::{Cluster, Kind, Objects, Ports, Site, etcd, node};
use crate::{Folder, Port, Process};

#[derive(Debug)]
pub(super) struct Running {
    // In the order they end: the API server last.
    others: Vec<Process>,
    apiserver: Process,
    site: Site,
    _folder: Folder,
    _ports: [Port; 4],
}

/// Start a cluster on an etcd, under a prefix of its own.
pub async fn start_on(etcd: &etcd::Facts, name: &str, kind: Kind) -> Result<Cluster> {
    let ports = [Port::free()?, Port::free()?, Port::free()?, Port::free()?];
    let folder = Folder::in_target(name)?;
    let site = Site {
        name: name.to_owned(),
        kind,
        folder: folder.path().to_owned(),
        ports: Ports {
            apiserver: ports[0].number(),
            controller_manager: ports[1].number(),
            scheduler: ports[2].number(),
            kwok: ports[3].number(),
        },
        etcd: etcd.clone(),
    };
    site.prepare()?;
    let apiserver = site.apiserver("apiserver")?.start()?;
    let objects = Objects::new(site.facts().admin()?.client().await?);
    let facts = site.facts();
    let mut running = Running { others: Vec::new(), apiserver, site, _folder: folder, _ports: ports };
    running.complete(&objects).await?;
    Ok(Cluster { facts, objects, owned: Some(running) })
}

impl Running {
    pub(super) fn stop(&mut self) {
        for process in &mut self.others {
            process.stop();
        }
        self.apiserver.stop();
    }

    pub(super) fn kill(&mut self) {
        self.apiserver.kill();
    }

    pub(super) async fn start_again(&mut self) -> Result<()> {
        self.stop();
        self.apiserver = self.apiserver.launch().clone().start()?;
        let objects = Objects::new(self.site.facts().admin()?.client().await?);
        self.complete(&objects).await
    }

    /// Wait for the API server, then bring up what a full cluster has besides.
    async fn complete(&mut self, objects: &Objects) -> Result<()> {
        let site = &self.site;
        site.apiserver_ready(&mut self.apiserver).await?;
        if site.kind == Kind::Light {
            return Ok(());
        }
        let mut controllers = site.controller_manager("controller-manager")?.start()?;
        let mut scheduler = site.scheduler("scheduler")?.start()?;
        let mut kwok = site.kwok("kwok")?.start()?;
        site.controller_manager_ready(&mut controllers).await?;
        site.scheduler_ready(&mut scheduler).await?;
        site.kwok_ready(&mut kwok).await?;
        self.others = vec![kwok, scheduler, controllers];
        node::register(objects).await
    }
}
