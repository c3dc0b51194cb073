//! What can be set, from the command line and the environment, and how it is shown.

use std::net::SocketAddr;

use anyhow::Result;
use clap::Parser;
use runtime::{admin, supervisor, telemetry};

use crate::{cluster, git, work};

/// The cluster agent of Argosy: makes the engines (Argo CD) agree with the database, and reports back.
///
/// It takes no requests of users: its one port is for metrics and health. It starts while the database or an engine
/// cluster is away, and reports ready (GET /readyz) when the database has the schema that this release needs, and every
/// engine cluster is known to an operator and accepts the identity it was given. On SIGTERM it ends its work and exits with 0. Every setting can
/// be given as an argument or as a variable.
#[derive(Debug, Parser)]
#[command(name = "argosy-agent", version, after_long_help = EXAMPLES)]
pub struct Cli {
    #[command(subcommand)]
    pub command: Option<Command>,
    #[command(flatten)]
    pub settings: Settings,
}

const EXAMPLES: &str = "Examples:
  # one engine cluster, called hub
  argosy-agent --database-url 'postgres://argosy_agent@db/argosy?sslmode=verify-full' \\
               --database-password-file /etc/argosy/argosy_agent.password \\
               --engine-clusters hub=/etc/argosy/hub.kubeconfig

  # is it ready, and if not, why
  curl -s http://127.0.0.1:8082/readyz";

#[derive(Clone, Copy, Debug, clap::Subcommand)]
pub enum Command {
    /// Work (the default).
    Serve,
    /// Print the settings as they were understood, without secrets, and exit.
    CheckConfig,
}

#[derive(Debug, clap::Args)]
pub struct Settings {
    /// Where to serve metrics, health and the log filter. For the operator: keep it from users.
    #[arg(long, env = "ARGOSY_METRICS_LISTEN", default_value = "127.0.0.1:8082", global = true)]
    #[arg(value_name = "ADDRESS")]
    pub metrics_listen: SocketAddr,

    #[command(flatten)]
    pub database: store::Args,
    #[command(flatten)]
    pub seals: store::seal::Args,
    #[command(flatten)]
    pub clusters: cluster::Args,
    #[command(flatten)]
    pub git: git::Args,
    #[command(flatten)]
    pub work: work::Args,
    #[command(flatten)]
    pub process: supervisor::Args,
    #[command(flatten)]
    pub operator: admin::Args,
    #[command(flatten)]
    pub logs: telemetry::Args,
}

impl Settings {
    /// Every setting as it was understood. Fails where serving would.
    pub fn describe(&self) -> Result<String> {
        let Self { metrics_listen, database, seals, clusters, git, work, process, operator, logs } = self;
        let mut lines = vec![("metrics-listen", metrics_listen.to_string())];
        lines.extend(database.describe()?);
        lines.extend(seals.describe()?);
        lines.extend(clusters.describe()?);
        lines.extend(git.describe()?);
        lines.extend(work.describe());
        lines.extend(process.describe());
        lines.extend(operator.describe()?);
        lines.extend(logs.describe()?);
        Ok(lines.into_iter().map(|(name, value)| format!("{name} = {value}\n")).collect())
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }
}
