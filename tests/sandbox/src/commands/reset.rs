//! `reset`: end everything and remove the data.

use std::io::IsTerminal;

use anyhow::{Context, Result, bail};

use super::down;
use crate::parts::postgres;
use crate::say;
use crate::state::Folder;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Consent {
    Ask,
    Given,
}

pub async fn run(folder: &Folder, consent: Consent) -> Result<()> {
    if !folder.path().exists() {
        say::line("argosy sandbox: there is none, so nothing was removed");
        return Ok(());
    }
    if consent == Consent::Ask {
        if !std::io::stdin().is_terminal() {
            bail!("this removes the sandbox's data, and there is nobody to ask: FORCE=1 make reset");
        }
        let question = format!("Remove all data of the sandbox in {}? (yes/no) ", folder.path().display());
        if say::ask(&question)? != "yes" {
            say::line("argosy sandbox: nothing was removed");
            return Ok(());
        }
    }
    down::stop(folder).await?;
    postgres::remove_data(folder)?;
    std::fs::remove_dir_all(folder.path()).with_context(|| format!("remove {}", folder.path().display()))?;
    say::line("argosy sandbox: stopped, and its data removed");
    Ok(())
}
