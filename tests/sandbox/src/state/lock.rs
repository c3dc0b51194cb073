//! Who supervises this folder: whoever holds the lock. The kernel releases it however the holder ends, so a lock that
//! is free means that no supervisor lives, whatever any file says.

use std::fs::{File, OpenOptions};
use std::io::{Seek, Write};
use std::path::PathBuf;

use anyhow::{Context, Result};
use rustix::fs::FlockOperation;

use super::{Folder, read_if_there};

/// Held as long as this value lives.
#[derive(Debug)]
pub struct Lock {
    file: File,
}

impl Folder {
    /// `None` when a supervisor holds it.
    pub fn try_lock(&self) -> Result<Option<Lock>> {
        let path = self.lock_file();
        let file = OpenOptions::new()
            .create(true)
            .truncate(false)
            .write(true)
            .open(&path)
            .with_context(|| format!("open {}", path.display()))?;
        let taken = rustix::fs::flock(&file, FlockOperation::NonBlockingLockExclusive);
        Ok(taken.is_ok().then_some(Lock { file }))
    }

    pub fn is_supervised(&self) -> Result<bool> {
        // Asking must not make a folder that is not there.
        Ok(self.lock_file().exists() && self.try_lock()?.is_none())
    }

    /// The process id of the supervisor that holds the lock; `None` when it has not said so yet.
    pub fn supervisor(&self) -> Result<Option<i32>> {
        let text = read_if_there(&self.lock_file())?.unwrap_or_default();
        let Ok(pid) = text.trim().parse::<i32>() else { return Ok(None) };
        // The file may still name an earlier one, whose number is a stranger's by now.
        let command = std::fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
        let supervises = command.split(|&byte| byte == 0).any(|word| word == b"supervise");
        Ok(supervises.then_some(pid))
    }

    fn lock_file(&self) -> PathBuf {
        self.path().join("supervisor.lock")
    }
}

impl Lock {
    /// Say who holds it: this process.
    pub fn sign(&mut self) -> Result<()> {
        let mut write = || -> std::io::Result<()> {
            self.file.set_len(0)?;
            self.file.rewind()?;
            write!(self.file, "{}", std::process::id())
        };
        write().context("sign the supervisor's lock")
    }
}
