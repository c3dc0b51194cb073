//! The git host with the sample repository, and the guard that refuses whatever is not loopback.

use std::net::{Ipv4Addr, SocketAddr};

use anyhow::Result;
use testbed::{Launch, cache, egress_guard, http};

use super::Plan;
use crate::sample;
use crate::state::{Folder, write_secretly};
use crate::supervisor::Part;

const USER: &str = "argosy";

/// Where the sample repository is: for engines to read, and for a person to push to.
#[derive(Clone, Debug)]
pub(super) struct Addresses {
    pub(super) read: String,
    pub(super) push: String,
}

pub(super) fn addresses(plan: &Plan) -> Result<Addresses> {
    let place = format!("127.0.0.1:{}/{}.git", plan.ports.of("git")?, sample::NAME);
    let password = plan.secrets.of("git")?;
    Ok(Addresses { read: format!("http://{place}"), push: format!("http://{USER}:{password}@{place}") })
}

pub(super) fn host(plan: &Plan) -> Result<Part> {
    let port = plan.ports.of("git")?;
    let state = plan.folder.clone();
    let password = plan.secrets.of("git")?.to_owned();
    let look = format!("{}/info/refs?service=git-upload-pack", addresses(plan)?.read);
    let launch = move || {
        let (state, password) = (state.clone(), password.clone());
        async move {
            let folder = state.part("git");
            sample::fill(&folder).await?;
            let file = folder.join("password");
            write_secretly(&file, &password)?;
            Ok(our_program("git", &state)?.args([
                "git-host".to_owned(),
                format!("--root={}", folder.display()),
                format!("--port={port}"),
                format!("--user={USER}"),
                format!("--password-file={}", file.display()),
            ]))
        }
    };
    let probe = move || {
        let look = look.clone();
        async move { http::healthy(&http::plain()?, &look).await }
    };
    Ok(Part::keep("git", launch, probe).at(port))
}

pub(super) fn guard_address(plan: &Plan) -> Result<SocketAddr> {
    Ok(SocketAddr::from((Ipv4Addr::LOCALHOST, plan.ports.of("egress-guard")?)))
}

pub(super) fn guard(plan: &Plan) -> Result<Part> {
    let address = guard_address(plan)?;
    let state = plan.folder.clone();
    let launch = move || {
        let launch = our_program("egress-guard", &state);
        std::future::ready(
            launch.map(|launch| launch.args(["egress-guard", &format!("--port={}", address.port())])),
        )
    };
    let probe = move || async move {
        tokio::net::TcpStream::connect(address).await?;
        Ok(())
    };
    Ok(Part::keep("egress-guard", launch, probe).at(address.port()))
}

/// What tells a process to go out through the guard.
pub(super) fn guarded(plan: &Plan) -> Result<Vec<(String, String)>> {
    Ok(egress_guard::env(guard_address(plan)?))
}

/// Parts of the testbed that are no program of their own: ours runs them.
fn our_program(name: &str, state: &Folder) -> Result<Launch> {
    // By its name: the running file may have been replaced by a newer build.
    let program = cache::programs()?.join("argosy-sandbox");
    Ok(Launch::new(name, program, state.part(name)).arg("--state").arg(state.path().display().to_string()))
}
