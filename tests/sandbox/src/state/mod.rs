//! The folder `.argosy`: everything the sandbox keeps between runs, and how it is doing.

pub mod env;
pub mod leftovers;
mod lock;
pub mod ports;
mod report;
mod secrets;

use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

pub use lock::Lock;
pub use ports::Ports;
pub use report::{Engines, Report};
pub use secrets::Secrets;

/// The folder, by name.
#[derive(Clone, Debug)]
pub struct Folder {
    path: PathBuf,
}

impl Folder {
    /// Whether it is there or not.
    pub fn at(path: &Path) -> Result<Self> {
        let path = std::path::absolute(path).with_context(|| format!("find {}", path.display()))?;
        Ok(Self { path })
    }

    pub fn make(&self) -> Result<()> {
        std::fs::create_dir_all(self.logs()).with_context(|| format!("make {}", self.path.display()))
    }

    pub fn path(&self) -> &Path {
        &self.path
    }

    pub fn logs(&self) -> PathBuf {
        self.path.join("log")
    }

    /// Where a part works and keeps its data.
    pub fn part(&self, name: &str) -> PathBuf {
        self.path.join("parts").join(name)
    }

    pub fn programs(&self) -> PathBuf {
        self.path.join("bin")
    }

    /// `.argosy/postgres`, or the folder that `.argosy/postgres-data` names.
    pub fn postgres_data(&self) -> PathBuf {
        match std::fs::read_to_string(self.postgres_pointer()) {
            Ok(elsewhere) => PathBuf::from(elsewhere.trim_end()),
            Err(_) => self.path.join("postgres"),
        }
    }

    pub fn postgres_pointer(&self) -> PathBuf {
        self.path.join("postgres-data")
    }

    pub fn env(&self) -> PathBuf {
        self.path.join("env")
    }

    pub fn supervisor_log(&self) -> PathBuf {
        self.logs().join("supervisor.log")
    }
}

/// Write a file that is there whole or not at all, and that only we can read.
pub(crate) fn write_secretly(path: &Path, text: &str) -> Result<()> {
    let making = path.with_extension("making");
    let write = || -> std::io::Result<()> {
        use std::io::Write;
        let mut file =
            std::fs::OpenOptions::new().create(true).truncate(true).write(true).mode(0o600).open(&making)?;
        // The mode above counts only for a file that was not there.
        file.set_permissions(std::fs::Permissions::from_mode(0o600))?;
        file.write_all(text.as_bytes())?;
        std::fs::rename(&making, path)
    };
    write().with_context(|| format!("write {}", path.display()))
}

pub fn read_if_there(path: &Path) -> Result<Option<String>> {
    match std::fs::read_to_string(path) {
        Ok(text) => Ok(Some(text)),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error).with_context(|| format!("read {}", path.display())),
    }
}
