//! Argo CD: a redis for all, and engines in namespaces of the hub.

use std::time::Duration;

use anyhow::Result;
use testbed::cluster::{Objects, Site as Cluster};
use testbed::engine::{Ports, Redis, Site};
use testbed::{egress_guard, redis};

use super::{Plan, clusters, git};
use crate::supervisor::Part;

/// Made anew at each start of the sandbox.
const TOKEN_LIFETIME: Duration = Duration::from_secs(365 * 24 * 3600);

pub(super) fn redis(plan: &Plan) -> Result<Part> {
    let port = plan.ports.of("redis")?;
    let folder = plan.folder.part("redis");
    let launch = move || std::future::ready(redis::Site { port }.launch("redis", &folder));
    let probe = move || async move { redis::Site { port }.probe().await };
    Ok(Part::keep("redis", launch, probe).at(port))
}

/// The names of one engine, and which redis database it has.
#[derive(Clone, Copy, Debug)]
pub(super) struct Names {
    pub(super) namespace: &'static str,
    pub(super) redis_database: u32,
    pub(super) install: &'static str,
    pub(super) repo_server: &'static str,
    pub(super) controller: &'static str,
}

pub(super) const ENGINES: [Names; 2] = [
    Names {
        namespace: "argocd-1",
        redis_database: 0,
        install: "engine-1-install",
        repo_server: "engine-1-repo-server",
        controller: "engine-1-controller",
    },
    Names {
        namespace: "argocd-2",
        redis_database: 1,
        install: "engine-2-install",
        repo_server: "engine-2-repo-server",
        controller: "engine-2-controller",
    },
];

pub(super) fn site(plan: &Plan, names: Names) -> Result<Site> {
    Ok(Site {
        namespace: names.namespace.to_owned(),
        folder: plan.folder.part(names.namespace),
        ports: Ports {
            repo_server: plan.ports.of(names.repo_server)?,
            repo_server_metrics: plan.ports.of(&format!("{}-metrics", names.repo_server))?,
            controller_metrics: plan.ports.of(names.controller)?,
        },
        redis: Redis { port: plan.ports.of("redis")?, database: names.redis_database },
        env: git::guarded(plan)?,
        programs: Some(plan.folder.part(names.namespace).join("programs")),
    })
}

pub(super) fn parts(plan: &Plan, names: Names) -> Result<Vec<Part>> {
    let site = site(plan, names)?;
    let hub = clusters::site(plan, "hub")?;
    site.prepare()?;
    // ssh knows no proxy: a script of its name refuses in its place.
    if let Some(programs) = &site.programs {
        egress_guard::ssh_shim(programs)?;
    }
    let ports = site.ports;
    let (installed, served, looked, controlled, probed) =
        (site.clone(), site.clone(), site.clone(), site.clone(), site);
    Ok(vec![
        Part::once(names.install, move || install(installed.clone(), hub.clone()))
            .after(&[clusters::HUB.node, clusters::HUB.controller_manager]),
        Part::keep(
            names.repo_server,
            move || std::future::ready(served.repo_server(names.repo_server)),
            move || {
                let site = looked.clone();
                async move { site.probe_repo_server().await }
            },
        )
        .after(&["redis", "egress-guard"])
        .at(ports.repo_server),
        Part::keep(
            names.controller,
            move || std::future::ready(controlled.controller(names.controller)),
            move || {
                let site = probed.clone();
                async move { site.probe_controller().await }
            },
        )
        .after(&[names.install, names.repo_server])
        .at(ports.controller_metrics),
    ])
}

async fn install(site: Site, hub: Cluster) -> Result<()> {
    let facts = hub.facts();
    let objects = Objects::new(facts.admin()?.client().await?);
    site.install(&facts, &objects, TOKEN_LIFETIME).await
}
