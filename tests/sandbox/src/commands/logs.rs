//! `logs`: the ends of the parts' logs, by `tail`.

use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::state::Folder;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Follow {
    No,
    Yes,
}

/// Does not return when it works: `tail` takes our place.
pub fn run(folder: &Folder, part: Option<&str>, follow: Follow) -> Result<()> {
    // No folder, no logs: said below.
    let mut logs: Vec<(String, PathBuf)> = std::fs::read_dir(folder.logs())
        .into_iter()
        .flatten()
        .flatten()
        .filter_map(|entry| {
            let name = entry.file_name().to_str()?.strip_suffix(".log")?.to_owned();
            Some((name, entry.path()))
        })
        .collect();
    logs.sort();
    let names = logs.iter().map(|(name, _)| name.clone()).collect::<Vec<_>>().join(", ");
    // Of one part more lines than of each of many.
    let lines = if let Some(part) = part {
        logs.retain(|(name, _)| name == part);
        "200"
    } else {
        "15"
    };
    if logs.is_empty() {
        match part {
            Some(part) => bail!("no part is called {part:?}; there are: {names}"),
            None => bail!("there are no logs yet: make up"),
        }
    }
    let mut tail = Command::new("tail");
    tail.args(["-n", lines]);
    if follow == Follow::Yes {
        tail.arg("-F");
    }
    Err(tail.args(logs.into_iter().map(|(_, log)| log)).exec()).context("run tail")
}
