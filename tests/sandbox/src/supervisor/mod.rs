//! The supervisor: starts parts in the order of their needs, keeps them alive, says how they are, and stops them in
//! reverse. It knows parts only as data; what they are is the business of [`crate::parts`].

mod board;
pub mod clock;
mod life;
mod logs;
mod part;

use std::path::PathBuf;
use std::sync::Arc;

use anyhow::{Result, bail};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

pub use board::{State, Status, Trouble};
pub use part::{Again, Part, Work};

/// Run these parts until `stop`, and end them all. `record` is told of every change.
pub async fn supervise(
    parts: Vec<Part>,
    logs: PathBuf,
    record: impl Fn(&[Status]) + Send + 'static,
    stop: CancellationToken,
) -> Result<()> {
    check_order(&parts)?;
    let board = Arc::new(board::Board::new(&parts));
    let logs = logs::Logs::new(logs);

    let mut background = JoinSet::new();
    background.spawn(logs.clone().keep_short(board.watch()));
    let mut changes = board.watch();
    let recorder = async move {
        loop {
            record(&changes.borrow_and_update());
            if changes.changed().await.is_err() {
                break;
            }
        }
    };
    let mut recording = JoinSet::new();
    recording.spawn(recorder);

    let mut lives = JoinSet::new();
    for part in parts {
        lives.spawn(life::Life::new(part, Arc::clone(&board), logs.clone()).live(stop.clone()));
    }
    let outcome = async {
        while let Some(life) = lives.join_next().await {
            life?; // a life that panics is a defect: end everything
        }
        Ok(())
    }
    .await;
    drop(lives);
    background.shutdown().await;
    drop(board); // the recorder writes the last state and ends
    while recording.join_next().await.is_some() {}
    outcome
}

/// Every need must name a part, and parts must not wait for each other in a circle.
fn check_order(parts: &[Part]) -> Result<()> {
    let mut placed: Vec<&str> = Vec::new();
    while placed.len() < parts.len() {
        let next = parts.iter().find(|part| {
            !placed.contains(&part.name) && part.after.iter().all(|needed| placed.contains(needed))
        });
        match next {
            Some(part) => placed.push(part.name),
            None => {
                let stuck: Vec<_> = parts.iter().filter(|part| !placed.contains(&part.name)).collect();
                bail!("these parts wait for each other, or for a part that is not there: {stuck:?}");
            }
        }
    }
    Ok(())
}
