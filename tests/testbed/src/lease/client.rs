//! Finding the keeper, or starting it, and asking.

use std::io::{BufRead, BufReader, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::process::{Command, Stdio};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, anyhow, ensure};
use rustix::fs::FlockOperation;
use serde::de::DeserializeOwned;

use super::{ADDRESS, Address, Wish, folder};
use crate::{cache, process};

/// Starting a full cluster on a busy machine takes its time; the keeper's own deadlines are shorter than this.
const PATIENCE: Duration = Duration::from_secs(240);

/// The leases of this process. They end with it, however it ends.
static LEASES: Mutex<Vec<TcpStream>> = Mutex::new(Vec::new());

/// Ask for a shared part. Starts the keeper when there is none, and the part when it does not run yet.
pub async fn ask<F: DeserializeOwned + Send + 'static>(wish: Wish) -> Result<F> {
    tokio::task::spawn_blocking(move || ask_blocking(wish))
        .await
        .context("the asking thread panicked")?
        .with_context(|| format!("ask the keeper for {wish:?}"))
}

fn ask_blocking<F: DeserializeOwned>(wish: Wish) -> Result<F> {
    let mut stream = find_or_start()?;
    let answer = match exchange(&stream, wish) {
        // It was about to end, being idle, when we found it: the next one is ours.
        Err(error) if error.is::<Gone>() => {
            stream = find_or_start()?;
            exchange(&stream, wish)?
        }
        answer => answer?,
    };
    LEASES.lock().unwrap_or_else(PoisonError::into_inner).push(stream);
    serde_json::from_str(&answer).with_context(|| format!("understand the keeper's answer {answer}"))
}

fn find_or_start() -> Result<TcpStream> {
    connect().map_or_else(start, Ok)
}

/// The keeper closed the connection without an answer.
#[derive(Debug, thiserror::Error)]
#[error("the keeper ended; the end of its log:\n{0}")]
struct Gone(String);

/// One line there, one line back.
pub(crate) fn exchange(mut stream: &TcpStream, wish: Wish) -> Result<String> {
    stream.set_read_timeout(Some(PATIENCE))?;
    writeln!(stream, "{}", serde_json::to_string(&wish)?).context("write to the keeper")?;
    let mut line = String::new();
    BufReader::new(stream).read_line(&mut line).context("read from the keeper")?;
    if line.is_empty() {
        return Err(Gone(log()).into());
    }
    let answer: Result<serde_json::Value, String> = serde_json::from_str(&line)?;
    answer.map(|facts| facts.to_string()).map_err(|error| anyhow!("{error}"))
}

/// The running keeper, if there is one.
pub(crate) fn connect() -> Option<TcpStream> {
    let text = std::fs::read(folder().ok()?.join(ADDRESS)).ok()?;
    let address: Address = serde_json::from_slice(&text).ok()?;
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, address.port));
    TcpStream::connect_timeout(&address, Duration::from_secs(5)).ok()
}

fn start() -> Result<TcpStream> {
    let lock = std::fs::File::create(folder()?.join("keeper.lock")).context("open the keeper's lock")?;
    rustix::fs::flock(&lock, FlockOperation::LockExclusive).context("wait for whoever starts the keeper")?;
    if let Some(stream) = connect() {
        return Ok(stream); // another test was quicker
    }
    let program = cache::programs()?.join("argosy-testbed");
    ensure!(program.exists(), "{} is missing: run `cargo build --workspace --bins`", program.display());
    let output = std::fs::File::create(folder()?.join("keeper.log")).context("open the keeper's log")?;
    // A session of its own: a runner that kills a test's process group must not take the keeper along.
    let mut keeper = Command::new("setsid")
        .arg(&program)
        .arg("keep")
        .stdin(Stdio::null())
        .stdout(output.try_clone()?)
        .stderr(output)
        .spawn()
        .context("start the keeper by setsid (Debian package util-linux)")?;
    let deadline = Instant::now() + Duration::from_secs(20);
    while Instant::now() < deadline {
        if let Some(stream) = connect() {
            return Ok(stream);
        }
        if let Some(status) = keeper.try_wait()? {
            return Err(anyhow!("the keeper ended at once ({status}):\n{}", log()));
        }
        std::thread::park_timeout(Duration::from_millis(10));
    }
    Err(anyhow!("the keeper does not answer after 20 s; the end of its log:\n{}", log()))
}

fn log() -> String {
    folder().map_or_else(|error| error.to_string(), |folder| process::log_end(&folder.join("keeper.log")))
}
