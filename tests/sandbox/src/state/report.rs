//! What the supervisor last wrote about itself and its parts.

use std::path::PathBuf;

use anyhow::{Context, Result};
use serde::{Deserialize, Serialize};

use super::{Folder, read_if_there, write_secretly};
use crate::supervisor::{State, Status};

/// Whose engines this sandbox runs Argosy against.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Engines {
    /// Ours: two Argo CD on clusters of our own.
    Own,
    /// The user's, through this kubeconfig.
    Existing(PathBuf),
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Report {
    /// Its process id.
    pub supervisor: u32,
    pub engines: Engines,
    /// The supervisor was told to end and did.
    pub ended: bool,
    pub parts: Vec<Status>,
}

impl Report {
    pub fn is_ready(&self) -> bool {
        !self.parts.is_empty() && self.parts.iter().all(|part| part.state.serves())
    }

    /// A part that cannot get ready: it was tried again and again, and never was.
    pub fn hopeless(&self) -> Option<&Status> {
        self.parts.iter().find(|part| part.state == State::Down && !part.was_ready && part.starts >= 6)
    }
}

impl Folder {
    pub fn report(&self) -> Result<Option<Report>> {
        let Some(text) = read_if_there(&self.path().join("status.json"))? else { return Ok(None) };
        serde_json::from_str(&text).context("read status.json").map(Some)
    }

    pub fn write_report(&self, report: &Report) -> Result<()> {
        write_secretly(&self.path().join("status.json"), &serde_json::to_string_pretty(report)?)
    }
}
