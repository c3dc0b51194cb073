//! Where things lie: the cache outside the work tree, and the folders of one run inside `target/`.

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

use anyhow::{Context, Result};
use sha2::{Digest, Sha256};

/// The cache: `$ARGOSY_CACHE`, or `/var/cache/argosy` for root (PostgreSQL's user must be able to reach it, and root's
/// home is closed), or `~/.cache/argosy`.
pub fn folder() -> Result<PathBuf> {
    let folder = if let Some(chosen) = env("ARGOSY_CACHE") {
        PathBuf::from(chosen)
    } else if rustix::process::geteuid().is_root() {
        PathBuf::from("/var/cache/argosy")
    } else if let Some(cache) = env("XDG_CACHE_HOME") {
        Path::new(&cache).join("argosy")
    } else {
        Path::new(&env("HOME").context("neither ARGOSY_CACHE nor HOME is set")?).join(".cache/argosy")
    };
    std::fs::create_dir_all(&folder).with_context(|| format!("make the cache {}", folder.display()))?;
    Ok(folder)
}

#[expect(clippy::disallowed_methods, reason = "a test has no command line; these are its only settings")]
pub(crate) fn env(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

/// Cargo's target folder, found from the running program, so that it is right under any `CARGO_TARGET_DIR`.
pub fn target() -> Result<PathBuf> {
    let program = std::env::current_exe().context("find the running program")?;
    program
        .ancestors()
        .find(|folder| folder.join("CACHEDIR.TAG").exists())
        .map(Path::to_owned)
        .with_context(|| format!("{} does not lie in a cargo target folder", program.display()))
}

/// The folder that holds our compiled programs (`target/debug`).
pub fn programs() -> Result<PathBuf> {
    let program = std::env::current_exe().context("find the running program")?;
    let folder = program.parent().context("the running program lies in a folder")?;
    let folder = if folder.ends_with("deps") { folder.parent().unwrap_or(folder) } else { folder };
    Ok(folder.to_owned())
}

/// Where in the cache the runs of this target folder put what user `postgres` must reach.
pub fn runs() -> Result<PathBuf> {
    let whose = Sha256::digest(target()?.as_os_str().as_encoded_bytes());
    Ok(folder()?.join("run").join(hex::encode(&whose[..6])))
}

/// A folder of one part of one run. Removed with the handle, but kept after a panic: its logs are wanted then.
#[derive(Debug)]
pub struct Folder {
    path: PathBuf,
}

impl Folder {
    /// Under `target/testbed/`.
    pub fn in_target(name: &str) -> Result<Self> {
        Self::make(&target()?.join("testbed"), name)
    }

    /// Under the cache, open to PostgreSQL's user.
    pub fn in_cache(name: &str) -> Result<Self> {
        let made = Self::make(&runs()?, name)?;
        if rustix::process::geteuid().is_root() {
            std::fs::set_permissions(made.path(), std::fs::Permissions::from_mode(0o777))
                .context("open the folder to user postgres")?;
        }
        Ok(made)
    }

    fn make(parent: &Path, name: &str) -> Result<Self> {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        let path = parent.join(format!("{name}-{}-{count}", std::process::id()));
        // A leftover of a killed run with the same process id.
        let _ = std::fs::remove_dir_all(&path);
        std::fs::create_dir_all(&path).with_context(|| format!("make {}", path.display()))?;
        Ok(Self { path })
    }

    pub fn path(&self) -> &Path {
        &self.path
    }

    pub fn join(&self, name: impl AsRef<Path>) -> PathBuf {
        self.path.join(name)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            let _ = std::fs::remove_dir_all(&self.path);
        }
    }
}
