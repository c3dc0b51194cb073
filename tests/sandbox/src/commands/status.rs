//! `status`: what runs, where, and what is wrong with the rest.

use anyhow::Result;

use crate::state::Folder;
use crate::{say, show};

/// False when not everything is ready, for the exit code.
pub fn run(folder: &Folder) -> Result<bool> {
    let supervised = folder.is_supervised()?;
    let report = folder.report()?;
    for line in show::status(folder, report.as_ref(), supervised) {
        say::line(&line);
    }
    Ok(supervised && report.is_some_and(|report| report.is_ready()))
}
