//! Two full Kubernetes clusters on one etcd: the hub, where engines live, and the target, where things are deployed.

use anyhow::{Context, Result};
use testbed::cluster::{EtcdSite, Kind, Objects, Ports, Site, register_node};
use testbed::{Launch, go};

use super::Plan;
use crate::supervisor::Part;

fn etcd_site(plan: &Plan) -> Result<EtcdSite> {
    Ok(EtcdSite {
        folder: plan.folder.part("etcd"),
        client_port: plan.ports.of("etcd")?,
        peer_port: plan.ports.of("etcd-peer")?,
        fsync: true,
    })
}

pub(super) fn site(plan: &Plan, name: &str) -> Result<Site> {
    let port = |component: &str| plan.ports.of(&format!("{name}-{component}"));
    Ok(Site {
        name: name.to_owned(),
        kind: Kind::Full,
        folder: plan.folder.part(name),
        ports: Ports {
            apiserver: port("apiserver")?,
            controller_manager: port("controller-manager")?,
            scheduler: port("scheduler")?,
            kwok: port("kwok")?,
        },
        etcd: etcd_site(plan)?.facts(),
    })
}

pub(super) fn etcd(plan: &Plan) -> Result<Part> {
    let site = etcd_site(plan)?;
    let (port, probed) = (site.client_port, site.clone());
    let launch = move || std::future::ready(site.launch("etcd"));
    let probe = move || {
        let site = probed.clone();
        async move { site.probe().await }
    };
    Ok(Part::keep("etcd", launch, probe).at(port))
}

/// `kubectl` beside the data, for a person who has none. What it remembers of our clusters lies there too, and not
/// under somebody's home.
pub(super) fn offer_kubectl(plan: &Plan) -> Result<()> {
    use std::os::unix::fs::PermissionsExt;
    let programs = plan.folder.programs();
    std::fs::create_dir_all(&programs).context("make the folder of programs")?;
    let (script, memory) = (programs.join("kubectl"), plan.folder.path().join("kubectl-cache"));
    let text = format!(
        "#!/bin/sh\nKUBECACHEDIR='{}' exec '{}' \"$@\"\n",
        memory.display(),
        go::program("kubectl")?.display()
    );
    // Written aside and renamed: somebody may be running it, and it may be a link of an older build.
    let aside = script.with_extension("new");
    std::fs::write(&aside, text).context("write kubectl")?;
    std::fs::set_permissions(&aside, std::fs::Permissions::from_mode(0o755)).context("write kubectl")?;
    std::fs::rename(&aside, &script).context("put kubectl in its place")
}

/// The names of a cluster's parts.
#[derive(Clone, Copy, Debug)]
pub(super) struct Names {
    pub(super) apiserver: &'static str,
    pub(super) controller_manager: &'static str,
    pub(super) scheduler: &'static str,
    pub(super) kwok: &'static str,
    /// The step after which pods can run.
    pub(super) node: &'static str,
}

pub(super) const HUB: Names = Names {
    apiserver: "hub-apiserver",
    controller_manager: "hub-controller-manager",
    scheduler: "hub-scheduler",
    kwok: "hub-kwok",
    node: "hub-node",
};

pub(super) const TARGET: Names = Names {
    apiserver: "target-apiserver",
    controller_manager: "target-controller-manager",
    scheduler: "target-scheduler",
    kwok: "target-kwok",
    node: "target-node",
};

/// One cluster's parts.
pub(super) fn cluster(site: &Site, names: Names) -> Result<Vec<Part>> {
    site.prepare()?;
    let ports = site.ports;
    let keep = |name, launch: fn(&Site, &str) -> Result<Launch>, probe| kept(site, name, launch, probe);
    let api = &[names.apiserver];
    let registered = site.clone();
    Ok(vec![
        keep(names.apiserver, Site::apiserver, Probe::ApiServer).after(&["etcd"]).at(ports.apiserver),
        keep(names.controller_manager, Site::controller_manager, Probe::ControllerManager)
            .after(api)
            .at(ports.controller_manager),
        keep(names.scheduler, Site::scheduler, Probe::Scheduler).after(api).at(ports.scheduler),
        keep(names.kwok, Site::kwok, Probe::Kwok).after(api).at(ports.kwok),
        Part::once(names.node, move || register(registered.clone())).after(&[names.scheduler, names.kwok]),
    ])
}

async fn register(site: Site) -> Result<()> {
    register_node(&Objects::new(site.facts().admin()?.client().await?)).await
}

#[derive(Clone, Copy, Debug)]
enum Probe {
    ApiServer,
    ControllerManager,
    Scheduler,
    Kwok,
}

fn kept(site: &Site, name: &'static str, launch: fn(&Site, &str) -> Result<Launch>, probe: Probe) -> Part {
    let (launched, probed) = (site.clone(), site.clone());
    Part::keep(name, move || std::future::ready(launch(&launched, name)), move || look(probed.clone(), probe))
}

async fn look(site: Site, probe: Probe) -> Result<()> {
    match probe {
        Probe::ApiServer => site.probe_apiserver().await,
        Probe::ControllerManager => site.probe_controller_manager().await,
        Probe::Scheduler => site.probe_scheduler().await,
        Probe::Kwok => site.probe_kwok().await,
    }
}
