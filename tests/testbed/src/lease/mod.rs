//! A test's side of what a run shares: find the keeper or start it, ask, and hold the lease.
//!
//! Everything that is shared is asked for here. The other side, which holds the parts, is [`crate::keeper`]; see
//! docs/adr/0004.

mod client;

use std::path::PathBuf;

use anyhow::{Context, Result};
use serde::{Deserialize, Serialize};

pub use client::ask;
pub(crate) use client::{connect, exchange};

use crate::cache;

/// What a test may ask for. The answer to each is that part's `Facts`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Wish {
    /// The PostgreSQL server.
    Postgres,
    /// The etcd that clusters, shared and owned, keep their data in.
    Etcd,
    /// A redis, with a database number that nobody else has.
    Redis,
    /// The cluster that engines live in (light).
    Hub,
    /// The cluster that applications are deployed to (full).
    Target,
    /// End now.
    End,
}

/// Where a keeper is to be found.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Address {
    pub(crate) port: u16,
    pub(crate) pid: u32,
}

/// The file that holds an [`Address`].
pub(crate) const ADDRESS: &str = "keeper.json";

/// Where the keeper of this target folder leaves its address and its log.
pub(crate) fn folder() -> Result<PathBuf> {
    let folder = cache::target()?.join("testbed");
    std::fs::create_dir_all(&folder).with_context(|| format!("make {}", folder.display()))?;
    Ok(folder)
}
