//! One folder with the logs of all parts, none longer than a bound.

use std::path::{Path, PathBuf};
use std::time::Duration;

use tokio::sync::watch;

use super::Status;

/// A log longer than this is moved aside, in place of the one that was moved aside before.
const BOUND: u64 = 16 << 20;
const PAUSE: Duration = Duration::from_secs(10);

#[derive(Clone, Debug)]
pub(super) struct Logs {
    folder: PathBuf,
}

impl Logs {
    pub(super) fn new(folder: PathBuf) -> Self {
        Self { folder }
    }

    /// A part writes where it works; a person looks in one folder.
    pub(super) fn link(&self, name: &str, log: &Path) {
        let link = self.folder.join(format!("{name}.log"));
        if link != log && std::fs::read_link(&link).ok().as_deref() != Some(log) {
            let _ = std::fs::remove_file(&link);
            // Without the link the log is still named by `make status`.
            let _ = std::os::unix::fs::symlink(log, &link);
        }
    }

    /// Keep every log below the bound, for ever.
    pub(super) async fn keep_short(self, statuses: watch::Receiver<Vec<Status>>) {
        loop {
            tokio::time::sleep(PAUSE).await;
            let logs: Vec<PathBuf> =
                statuses.borrow().iter().filter_map(|status| status.log.clone()).collect();
            for log in logs {
                shorten(&log, BOUND);
            }
        }
    }
}

/// Copied and cut, not renamed: the process writes on into the same file, at its end (it was opened to append).
fn shorten(log: &Path, bound: u64) {
    if std::fs::metadata(log).is_ok_and(|facts| facts.len() > bound)
        && std::fs::copy(log, log.with_extension("log.1")).is_ok()
        && let Ok(file) = std::fs::OpenOptions::new().write(true).open(log)
    {
        // A log that cannot be cut is tried again in a moment.
        let _ = file.set_len(0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_log_over_the_bound_is_moved_aside_and_one_below_is_left() {
        let folder = tempfile::tempdir().unwrap();
        let (long, short) = (folder.path().join("long.log"), folder.path().join("short.log"));
        std::fs::write(&long, "0123456789").unwrap();
        std::fs::write(&short, "0123").unwrap();
        shorten(&long, 5);
        shorten(&short, 5);
        assert_eq!(std::fs::read_to_string(&long).unwrap(), "");
        assert_eq!(std::fs::read_to_string(folder.path().join("long.log.1")).unwrap(), "0123456789");
        assert_eq!(std::fs::read_to_string(&short).unwrap(), "0123");
    }
}
