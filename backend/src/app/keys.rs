//! The keys that secrets are sealed with, for the operator: `argosy-backend keys generate | status | rotate`.
//!
//! How a key is changed: `generate` makes one beside the old; every process gets the folder and is restarted, so that all
//! can open what it seals; its id is written into `primary` and the processes are restarted again; `rotate` seals
//! everything anew while they serve; when `status` shows nothing under the old key, its file may go.

use std::fmt::Write as _;

use anyhow::{Context, Result, ensure};
use store::Args;
use store::seal::{self, KeyId, Made};

const PROGRAM: &str = "argosy-backend keys";

/// Makes a new key in the folder of keys. Answers what to do with it.
pub fn generate(keys: &seal::Args, id: &KeyId) -> Result<String> {
    let Made { id, file, primary } = seal::generate(keys.folder()?, id.clone())?;
    let file = file.display();
    Ok(if primary {
        format!(
            "made {file}, which seals from now on, and fingerprint.key beside it\n\
             give the whole folder to every backend and agent, and keep a copy: without it, all stored credentials are lost\n"
        )
    } else {
        format!(
            "made {file}\n\
             1. give it to every backend and agent, and restart them: then all can open what it seals\n\
             2. write `{id}` into the file `primary` beside it, and restart them again: then it seals\n\
             3. run `argosy-backend keys rotate`\n"
        )
    })
}

/// What is sealed with which key, on this database.
pub async fn status(database: &Args, keys: &seal::Args) -> Result<String> {
    let ring = keys.ring()?;
    let store = database.open(PROGRAM)?;
    let sealed = store.sealed(&store.platform_access()).await.context("cannot look at what is sealed")?;
    let mut text = String::new();
    for one in &sealed {
        let known = match &ring {
            None => "",
            Some(ring) if one.key == ring.primary().as_str() => " (the primary)",
            Some(ring) if ring.ids().any(|id| id.as_str() == one.key) => "",
            Some(_) => " (MISSING: its file is not in the folder)",
        };
        let _ = writeln!(text, "{}: {} under {}{known}", one.table, one.values, one.key);
    }
    for id in ring.iter().flat_map(|ring| ring.ids()) {
        if !sealed.iter().any(|one| one.key == id.as_str()) {
            let _ = writeln!(text, "nothing is sealed under {id}");
        }
    }
    store.close().await;
    Ok(text)
}

/// Seals everything anew under the primary key, while others serve. Fails if something is left.
pub async fn rotate(database: &Args, keys: &seal::Args) -> Result<String> {
    let store = keys.onto(database.open(PROGRAM)?)?;
    keys.folder()?;
    let done = store
        .reseal(&store.platform_access(), |so_far| {
            tracing::info!(resealed = so_far.resealed, unopened = so_far.unopened, "sealing anew");
        })
        .await
        .context("stopped in the middle; what was sealed anew stays so, run it again")?;
    store.close().await;
    ensure!(
        done.unopened == 0,
        "{} values do not open and stay as they are; {} were sealed anew:\n  {}",
        done.unopened,
        done.resealed,
        done.reasons.join("\n  ")
    );
    ensure!(
        done.left == 0,
        "{} were sealed anew, but {} are under another key again: some process still has it as its primary; restart all \
         of them, then run this again",
        done.resealed,
        done.left
    );
    Ok(format!("{} values were sealed anew; everything is under the primary key\n", done.resealed))
}
