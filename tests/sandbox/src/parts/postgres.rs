//! PostgreSQL, with data that survives.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};
use sha2::{Digest, Sha256};
use testbed::postgres::{Durability, Site};

use super::Plan;
use crate::state::Folder;
use crate::supervisor::Part;

/// The folder for data that user `postgres` cannot reach where the sandbox is.
const ELSEWHERE: &str = "/var/lib/argosy-sandbox";

pub(super) fn site(plan: &Plan) -> Result<Site> {
    Ok(Site {
        data: data(&plan.folder)?.join("data"),
        port: plan.ports.of("postgres")?,
        password: plan.secrets.of("postgres")?.to_owned(),
        durability: Durability::Kept,
    })
}

pub(super) fn part(plan: &Plan) -> Result<Part> {
    let site = site(plan)?;
    let port = site.port;
    let logs = plan.folder.part("postgres");
    let probed = site.clone();
    Ok(Part::keep(
        "postgres",
        move || {
            let (site, logs) = (site.clone(), logs.clone());
            async move {
                super::unhurried(move || {
                    site.prepare()?;
                    site.launch("postgres", &logs)
                })
                .await
            }
        },
        move || {
            let site = probed.clone();
            async move { site.probe().await }
        },
    )
    .at(port))
}

/// Chosen once. As root the server runs as user `postgres`, who cannot enter a closed home.
fn data(folder: &Folder) -> Result<PathBuf> {
    let known = folder.postgres_data();
    if known.exists() || folder.postgres_pointer().exists() {
        return Ok(known);
    }
    if !rustix::process::geteuid().is_root() || postgres_reaches(folder.path()) {
        return Ok(known);
    }
    let digest = Sha256::digest(folder.path().as_os_str().as_encoded_bytes());
    let far = Path::new(ELSEWHERE).join(hex::encode(&digest[..8]));
    std::fs::write(folder.postgres_pointer(), format!("{}\n", far.display()))
        .context("note where PostgreSQL's data lies")?;
    Ok(far)
}

/// With the folder's end, also what lies outside of it.
pub fn remove_data(folder: &Folder) -> Result<()> {
    let far = folder.postgres_data();
    // The name may have been read from a file that anybody can edit.
    if far.parent() == Some(Path::new(ELSEWHERE)) && far.exists() {
        std::fs::remove_dir_all(&far).with_context(|| format!("remove {}", far.display()))?;
        let _ = std::fs::remove_dir(ELSEWHERE); // when it was the last
    }
    Ok(())
}

fn postgres_reaches(folder: &Path) -> bool {
    let test = Command::new("setpriv")
        .args(["--reuid", "postgres", "--regid", "postgres", "--init-groups", "--", "test", "-x"])
        .arg(folder)
        .output();
    test.is_ok_and(|output| output.status.success())
}
