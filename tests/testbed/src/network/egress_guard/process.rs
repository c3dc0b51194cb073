//! The guard as a process: `argosy-testbed egress-guard`. Its log is the list of what was refused.

use std::io::Write;
use std::net::{Ipv4Addr, SocketAddr};

use anyhow::{Context, Result};

use super::refuse_all;
use crate::listening::listen;

/// A proxy on loopback (HTTP and SOCKS) that refuses everything and prints a line for each refusal.
#[derive(Clone, Debug, clap::Args)]
pub struct Args {
    /// The port, on 127.0.0.1.
    #[arg(long)]
    port: u16,
}

/// Refuses until the process is ended.
pub async fn run(args: Args) -> Result<()> {
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, args.port));
    let listener = listen(address)?;
    writeln!(std::io::stdout(), "refusing everything at {address}").context("say so")?;
    refuse_all(listener, |asked_for| {
        // A log that cannot be written must not turn a refusal into anything else.
        let _ = writeln!(std::io::stdout(), "refused {asked_for}");
    })
    .await;
    Ok(())
}
