//! The keeper's own side: answer wishes, count leases, and end when nobody is left.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinSet;

use super::shared::Shared;
use crate::lease::{self, ADDRESS, Address, Wish};

/// How long to wait for the first lease, at least.
const FIRST_LEASE: Duration = Duration::from_secs(20);

#[derive(Debug, clap::Args)]
pub struct Args {
    /// Where to write the address to be found by; `target/testbed` if not given.
    #[arg(long)]
    folder: Option<PathBuf>,

    /// End when nobody held a lease for so many seconds.
    #[arg(long, default_value_t = 20)]
    idle_seconds: u64,
}

/// Serve until nobody needs us any more.
pub fn keep(args: Args) -> Result<()> {
    let Args { folder, idle_seconds } = args;
    let address = match folder {
        Some(folder) => folder.join(ADDRESS),
        None => lease::folder()?.join(ADDRESS),
    };
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    let idle = Duration::from_secs(idle_seconds);
    runtime.block_on(serve(&address, idle))
}

async fn serve(address: &Path, idle: Duration) -> Result<()> {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.context("listen on loopback")?;
    publish(address, &Address { port: listener.local_addr()?.port(), pid: std::process::id() })?;
    let shared = Arc::new(Shared::default());
    let (end, mut ended) = watch::channel(false);
    let mut tenants = JoinSet::new();
    // Whoever started us is given the time to come.
    let mut patience = idle.max(FIRST_LEASE);
    loop {
        tokio::select! {
            accepted = listener.accept() => {
                let (stream, _) = accepted.context("accept a lease")?;
                patience = idle;
                tenants.spawn(tenancy(stream, Arc::clone(&shared), end.clone()));
            }
            Some(_) = tenants.join_next() => {}
            _ = ended.wait_for(|over| *over) => break,
            () = tokio::time::sleep(patience), if tenants.is_empty() => break,
        }
    }
    // Nobody finds us from here on; a test that comes now starts a new keeper.
    let _ = std::fs::remove_file(address);
    drop(listener);
    tenants.shutdown().await;
    drop(shared);
    Ok(())
}

/// Written aside and renamed, so that nobody reads half an address.
fn publish(file: &Path, address: &Address) -> Result<()> {
    let aside = file.with_extension("new");
    std::fs::write(&aside, serde_json::to_vec(address)?).context("write the keeper's address")?;
    std::fs::rename(&aside, file).context("publish the keeper's address")
}

/// One test process. Its connection is its lease; it ends when the process does.
async fn tenancy(stream: TcpStream, shared: Arc<Shared>, end: watch::Sender<bool>) {
    let (reading, mut writing) = stream.into_split();
    let mut lines = BufReader::new(reading).lines();
    while let Ok(Some(line)) = lines.next_line().await {
        let answer = match serde_json::from_str::<Wish>(&line) {
            Ok(Wish::End) => {
                let _ = end.send(true);
                Ok(serde_json::Value::Null)
            }
            Ok(wish) => shared.grant(wish).await.map_err(|error| format!("{error:#}")),
            Err(error) => Err(format!("not a wish: {error}")),
        };
        let Ok(mut text) = serde_json::to_string(&answer) else { return };
        text.push('\n');
        if writing.write_all(text.as_bytes()).await.is_err() {
            return;
        }
    }
}
