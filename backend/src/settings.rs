//! What can be set, from the command line and the environment, and how it is shown.

use std::net::SocketAddr;

use anyhow::Result;
use clap::Parser;
use runtime::{admin, supervisor, telemetry};

/// The front doors of Argosy: the REST API.
///
/// It starts while the database is away, and reports ready (GET /readyz) when the database can be reached and has
/// the schema that this release needs; `argosy-migrate` brings it there. On SIGTERM it stops taking requests, lets
/// running ones end, and exits with 0. Every setting can be given as an argument or as a variable.
#[derive(Debug, Parser)]
#[command(name = "argosy-backend", version, after_long_help = EXAMPLES)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Option<Command>,
    #[command(flatten)]
    pub(crate) settings: Settings,
}

const EXAMPLES: &str = "Examples:
  # with the password in a file and everything else by default
  argosy-backend --database-url 'postgres://argosy_backend@db/argosy?sslmode=verify-full' \\
                 --database-password-file /etc/argosy/argosy_backend.password

  # is it ready, and if not, why
  curl -s http://127.0.0.1:8080/readyz

  # more logs, without a restart
  curl -X PUT -H \"Authorization: Bearer $(cat token)\" -d info,store=debug http://127.0.0.1:8081/log-filter";

#[derive(Clone, Copy, Debug, clap::Subcommand)]
pub(crate) enum Command {
    /// Serve (the default).
    Serve,
    /// Print the settings as they were understood, without secrets, and exit.
    CheckConfig,
}

#[derive(Debug, clap::Args)]
pub(crate) struct Settings {
    /// Where to serve the REST API.
    #[arg(
        long,
        env = "ARGOSY_LISTEN",
        default_value = "127.0.0.1:8080",
        global = true,
        value_name = "ADDRESS"
    )]
    pub(crate) listen: SocketAddr,

    /// Where to serve metrics, health and the log filter. For the operator: keep it from users.
    #[arg(long, env = "ARGOSY_METRICS_LISTEN", default_value = "127.0.0.1:8081", global = true)]
    #[arg(value_name = "ADDRESS")]
    pub(crate) metrics_listen: SocketAddr,

    #[command(flatten)]
    pub(crate) database: store::Args,
    #[command(flatten)]
    pub(crate) process: supervisor::Args,
    #[command(flatten)]
    pub(crate) operator: admin::Args,
    #[command(flatten)]
    pub(crate) logs: telemetry::Args,
}

impl Settings {
    /// Every setting as it was understood. Fails where serving would.
    pub(crate) fn describe(&self) -> Result<String> {
        let Self { listen, metrics_listen, database, process, operator, logs } = self;
        let mut lines = vec![("listen", listen.to_string()), ("metrics-listen", metrics_listen.to_string())];
        lines.extend(database.describe()?);
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
