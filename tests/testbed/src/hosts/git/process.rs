//! The git host as a process: `argosy-testbed git-host`. The sandbox keeps one.

use std::io::Write;
use std::path::PathBuf;

use anyhow::{Context, Result};

use super::{GitHost, Owner, Site};

/// Serve the bare repositories of a folder over smart HTTP on loopback: anybody reads, the owner pushes.
#[derive(Clone, Debug, clap::Args)]
pub struct Args {
    /// Where everything lies; kept between runs.
    #[arg(long)]
    root: PathBuf,
    /// The HTTP port, on 127.0.0.1.
    #[arg(long)]
    port: u16,
    /// Who may push, with HTTP basic authentication. Nobody, when not given.
    #[arg(long, requires = "password_file")]
    user: Option<String>,
    /// The file with the password (its first line).
    #[arg(long, requires = "user")]
    password_file: Option<PathBuf>,
}

/// Serves until the process is ended.
pub async fn run(args: Args) -> Result<()> {
    let owner = match (args.user, args.password_file) {
        (Some(username), Some(file)) => {
            let text = std::fs::read_to_string(&file).with_context(|| format!("read {}", file.display()))?;
            Some(Owner { username, password: text.lines().next().unwrap_or_default().to_owned() })
        }
        _ => None,
    };
    let host = GitHost::serve(Site { root: args.root, http_port: args.port, owner })?;
    writeln!(std::io::stdout(), "serving {} at {}", host.root().display(), host.url()).context("say so")?;
    std::future::pending().await
}
