//! Loopback ports that stay ours. No port is a constant anywhere in the testbed.
//!
//! A port found by binding to port 0 may be given to somebody else between two starts of a server. So ports are taken
//! from a range *below* the kernel's ephemeral one (no outgoing connection lands there) and held by a file lock, which
//! other testbeds on this machine respect and the kernel releases when we die.

use std::fs::{File, OpenOptions};
use std::net::{Ipv4Addr, SocketAddr, TcpListener};

use anyhow::{Context, Result, bail};
use rand::RngExt;
use rustix::fs::FlockOperation;

use crate::{cache, listening};

const RANGE: std::ops::Range<u16> = 20_000..32_000;

/// A port held for as long as this value lives.
#[derive(Debug)]
pub struct Port {
    number: u16,
    _held: File,
}

impl Port {
    /// Some free port.
    pub fn free() -> Result<Self> {
        for _ in 0..200 {
            let number = rand::rng().random_range(RANGE);
            if let Some(port) = Self::try_take(number)? {
                return Ok(port);
            }
        }
        bail!("no free port in {RANGE:?} after 200 tries")
    }

    /// This one, if nobody has it.
    pub fn try_take(number: u16) -> Result<Option<Self>> {
        let folder = cache::folder()?.join("ports");
        std::fs::create_dir_all(&folder).with_context(|| format!("make {}", folder.display()))?;
        let held = OpenOptions::new()
            .create(true)
            .truncate(false)
            .write(true)
            .open(folder.join(number.to_string()))
            .context("open a port's lock file")?;
        let ours = rustix::fs::flock(&held, FlockOperation::NonBlockingLockExclusive).is_ok();
        // A process that is being forked holds a copy of the probe until its exec, so closing alone is not enough.
        let probe =
            TcpListener::bind((Ipv4Addr::LOCALHOST, number)).map(|probe| listening::stop_listening(&probe));
        let free = ours && probe.is_ok();
        Ok(free.then_some(Self { number, _held: held }))
    }

    pub fn number(&self) -> u16 {
        self.number
    }

    pub fn address(&self) -> SocketAddr {
        SocketAddr::from((Ipv4Addr::LOCALHOST, self.number))
    }
}
