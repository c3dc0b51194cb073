//! `argosy-sandbox`: all of Argosy with real parts on this machine, for people. `make up` calls it.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, Result, bail};
use clap::{Args, Parser, Subcommand, ValueEnum};
use sandbox::commands::logs::Follow;
use sandbox::commands::reset::Consent;
use sandbox::commands::{down, logs, reset, status, supervise, up};
use sandbox::say;
use sandbox::state::ports::Taken;
use sandbox::state::{Engines, Folder};

/// A local Argosy with its own PostgreSQL, Kubernetes clusters, Argo CD engines and Git host, all on loopback.
#[derive(Debug, Parser)]
#[command(name = "argosy-sandbox", version)]
struct Command {
    /// Where its data, ports, secrets and logs are kept.
    #[arg(long, env = "ARGOSY_STATE", default_value = ".argosy", global = true)]
    state: PathBuf,
    #[command(subcommand)]
    wish: Wish,
}

#[derive(Debug, Subcommand)]
enum Wish {
    /// Start everything in the background, and return when all is ready. Does nothing when it runs.
    Up(Start),
    /// What `up` starts in the background.
    #[command(hide = true)]
    Supervise(Start),
    /// A part: the Git host.
    #[command(hide = true)]
    GitHost(testbed::git::Args),
    /// A part: the proxy that refuses whatever is not loopback.
    #[command(hide = true)]
    EgressGuard(testbed::egress_guard::Args),
    /// Say what runs, where, and what is wrong with the rest. Fails when not everything is ready.
    Status,
    /// Show the ends of the logs.
    Logs {
        /// Of this part only.
        part: Option<String>,
        /// Go on as they grow.
        #[arg(short, long)]
        follow: bool,
    },
    /// Stop everything. Data and ports are kept.
    Down,
    /// Stop everything and remove the data.
    Reset {
        /// Do not ask.
        #[arg(long)]
        force: bool,
    },
    /// Print shell `export` lines for using it: eval "$(argosy-sandbox env)".
    Env,
}

#[derive(Debug, Args)]
struct Start {
    /// Whose Argo CD and clusters Argosy works with.
    #[arg(long, value_enum, default_value = "own")]
    engines: Whose,
    /// With `--engines existing`: how to reach the cluster where the Argo CD instances are.
    #[arg(long)]
    kubeconfig: Option<PathBuf>,
    /// Choose other ports in place of those that somebody else has by now.
    #[arg(long)]
    new_ports: bool,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Whose {
    /// Two engines and two clusters of the sandbox.
    Own,
    /// Yours.
    Existing,
}

impl Start {
    fn engines(&self) -> Result<Engines> {
        match (self.engines, &self.kubeconfig) {
            (Whose::Own, _) => Ok(Engines::Own),
            (Whose::Existing, Some(kubeconfig)) => {
                let found = std::path::absolute(kubeconfig)?;
                if !found.is_file() {
                    bail!("there is no kubeconfig at {}", found.display());
                }
                Ok(Engines::Existing(found))
            }
            (Whose::Existing, None) => {
                bail!("your own engines are reached by a kubeconfig: make up ENGINES=existing KUBECONFIG=…")
            }
        }
    }

    fn taken(&self) -> Taken {
        if self.new_ports { Taken::Replace } else { Taken::Complain }
    }
}

#[tokio::main]
async fn main() -> ExitCode {
    let Command { state, wish } = Command::parse();
    run(&state, wish).await.unwrap_or_else(|error| {
        say::error(&format!("argosy sandbox: {error:#}"));
        ExitCode::FAILURE
    })
}

async fn run(state: &Path, wish: Wish) -> Result<ExitCode> {
    let folder = Folder::at(state)?;
    match wish {
        Wish::Up(start) => up::run(&folder, &start.engines()?, start.taken()).await?,
        Wish::Supervise(start) => supervise::run(folder, start.engines()?, start.taken()).await?,
        Wish::GitHost(args) => testbed::git::run(args).await?,
        Wish::EgressGuard(args) => testbed::egress_guard::run(args).await?,
        Wish::Status => {
            let ready = status::run(&folder)?;
            return Ok(if ready { ExitCode::SUCCESS } else { ExitCode::FAILURE });
        }
        Wish::Logs { part, follow } => {
            logs::run(&folder, part.as_deref(), if follow { Follow::Yes } else { Follow::No })?;
        }
        Wish::Down => down::run(&folder).await?,
        Wish::Reset { force } => {
            reset::run(&folder, if force { Consent::Given } else { Consent::Ask }).await?
        }
        Wish::Env => {
            let text = std::fs::read_to_string(folder.env()).context("there is no sandbox yet: make up")?;
            say::line(text.trim_end());
        }
    }
    Ok(ExitCode::SUCCESS)
}
