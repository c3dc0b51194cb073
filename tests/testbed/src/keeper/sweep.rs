//! After a run: the keeper ends, and nothing of ours may be left.

use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use crate::cache;
use crate::lease::{Wish, connect, exchange, folder};

/// How long the keeper may take to end its clusters.
const PATIENCE: Duration = Duration::from_secs(60);

/// End the keeper of this target folder, then list what still runs in our folders: that is a defect.
pub fn sweep(report: &mut dyn FnMut(&str)) -> Result<()> {
    if let Some(keeper) = connect() {
        report("testbed: ending the shared parts");
        exchange(&keeper, Wish::End).context("tell the keeper to end")?;
    }
    let deadline = Instant::now() + PATIENCE;
    loop {
        let left = leftovers()?;
        if left.is_empty() {
            break;
        }
        if Instant::now() > deadline {
            bail!("processes of the testbed are left after {PATIENCE:?}:\n{}", left.join("\n"));
        }
        std::thread::park_timeout(Duration::from_millis(100));
    }
    report("testbed: nothing is left running");
    Ok(())
}

/// Processes that work in a folder of a run. (Their environment is no guide: PostgreSQL overwrites its own.)
pub fn leftovers() -> Result<Vec<String>> {
    let ours = [folder()?, cache::runs()?];
    let mut left = Vec::new();
    for entry in std::fs::read_dir("/proc").context("list processes")?.flatten() {
        let Some(pid) = entry.file_name().to_str().and_then(|name| name.parse::<u32>().ok()) else {
            continue;
        };
        let Ok(folder) = std::fs::read_link(entry.path().join("cwd")) else { continue };
        if pid != std::process::id() && ours.iter().any(|ours| folder.starts_with(ours)) {
            let command = std::fs::read(entry.path().join("cmdline")).unwrap_or_default();
            let command = String::from_utf8_lossy(&command).replace('\0', " ");
            left.push(format!(
                "  {pid} in {}: {}",
                folder.display(),
                command.chars().take(120).collect::<String>()
            ));
        }
    }
    Ok(left)
}
