//! What a killed supervisor left running for a moment: its parts end with it, by the kernel's hand, each in its own time.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use rustix::process::{Pid, Signal};

use super::Folder;

/// They may end by themselves until then, and are killed after.
const PATIENCE: Duration = Duration::from_secs(10);
const PAUSE: Duration = Duration::from_millis(50);

/// Returns when none of the parts that the last supervisor knew lives.
pub async fn end(folder: &Folder) -> Result<()> {
    let Some(report) = folder.report()? else { return Ok(()) };
    let pids: Vec<u32> = report.parts.iter().filter_map(|part| part.pid).collect();
    let places = [folder.path().to_owned(), folder.postgres_data()];
    let begun = Instant::now();
    loop {
        let left: Vec<u32> = pids.iter().copied().filter(|&pid| works_in(pid, &places)).collect();
        if left.is_empty() {
            return Ok(());
        }
        ensure!(begun.elapsed() < 2 * PATIENCE, "processes of an earlier start do not end: {left:?}");
        if begun.elapsed() > PATIENCE {
            for pid in left.into_iter().filter_map(|pid| i32::try_from(pid).ok().and_then(Pid::from_raw)) {
                let _ = rustix::process::kill_process(pid, Signal::KILL);
            }
        }
        tokio::time::sleep(PAUSE).await;
    }
}

/// A number alone may be a stranger's by now; ours work in our folder.
fn works_in(pid: u32, places: &[PathBuf]) -> bool {
    let place = std::fs::read_link(Path::new("/proc").join(pid.to_string()).join("cwd"));
    place.is_ok_and(|place| places.iter().any(|ours| place.starts_with(ours)))
}
