//! `argosy-migrate`: the program an operator runs before each upgrade, and once on each server.

use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use clap::Parser;
use domain::SecretUrl;
use migrations::{Options, Passwords, Session};

/// Prepare a PostgreSQL database for Argosy.
///
/// Run `argosy-migrate roles` once on each PostgreSQL server, and `argosy-migrate` before each upgrade of the other
/// programs. Both may be run again at any time: what is done is not done again. Several at once wait for each other.
///
/// Only this program needs the database's owner. The others log in as `argosy_backend` and `argosy_agent`, and stay
/// unready until the schema is theirs. Migrations add first and take away releases later, so the programs of the
/// release before keep working while you upgrade.
#[derive(Debug, Parser)]
#[command(name = "argosy-migrate", version, after_long_help = EXAMPLES)]
struct Cli {
    #[command(subcommand)]
    command: Option<Command>,

    /// The database as its owner, e.g. `postgres://owner@db:5432/argosy?sslmode=verify-full`. Required.
    ///
    /// Not through a transaction pooler: a lock is held by the session. sslmode and sslrootcert mean what they mean
    /// to psql.
    #[arg(
        long,
        env = "ARGOSY_OWNER_DATABASE_URL",
        hide_env_values = true,
        global = true,
        value_name = "URL"
    )]
    owner_database_url: Option<SecretUrl>,

    /// A file with the owner's password; it beats a password in the URL.
    #[arg(long, env = "ARGOSY_OWNER_PASSWORD_FILE", global = true, value_name = "FILE")]
    owner_password_file: Option<PathBuf>,

    /// How long to wait for another migration to end.
    #[arg(
        long,
        env = "ARGOSY_MIGRATE_LOCK_WAIT",
        default_value = "5m",
        global = true,
        value_name = "DURATION"
    )]
    #[arg(value_parser = humantime::parse_duration)]
    lock_wait: Duration,

    /// How long one statement may wait for a table that is in use, before the run gives up for you to try again.
    #[arg(
        long,
        env = "ARGOSY_MIGRATE_LOCK_TIMEOUT",
        default_value = "10s",
        global = true,
        value_name = "DURATION"
    )]
    #[arg(value_parser = humantime::parse_duration)]
    lock_timeout: Duration,
}

const EXAMPLES: &str = "Examples:
  # once a server; passwords are made in ./secrets/<role>.password unless they are there
  argosy-migrate roles --passwords ./secrets

  # before each upgrade; does nothing when there is nothing to do
  argosy-migrate

  # in a pipeline: fails while something is missing
  argosy-migrate check";

#[derive(Debug, clap::Subcommand)]
enum Command {
    /// Apply what is not yet applied (the default).
    Up,
    /// Say what is applied and what is not.
    Status,
    /// Fail unless everything is applied and every role is there.
    Check,
    /// Make the least-privilege roles, once a server: `argosy_backend`, `argosy_agent`, `argosy_platform`, `argosy_operator`
    /// (they log in) and `argosy_views` (it does not).
    ///
    /// Needs a superuser or a role with CREATEROLE. Sets each role's timeouts unless they are set already.
    Roles {
        /// A folder with one file `<role>.password` for each role that logs in. Missing ones are made, random and
        /// readable only by you. Without this, passwords are left as they are: a new role has none.
        #[arg(long, env = "ARGOSY_PASSWORDS_DIR", value_name = "DIR")]
        passwords: Option<PathBuf>,
    },
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    match run(Cli::parse()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // Nobody can be told that standard error is closed.
            let _told = writeln!(std::io::stderr(), "argosy-migrate: {error:#}");
            ExitCode::FAILURE
        }
    }
}

async fn run(cli: Cli) -> Result<()> {
    let Cli { command, owner_database_url, owner_password_file, lock_wait, lock_timeout } = cli;
    let url =
        owner_database_url.context("no database: give --owner-database-url or ARGOSY_OWNER_DATABASE_URL")?;
    let url = match owner_password_file {
        None => url,
        Some(file) => {
            let shown = file.display();
            let text = std::fs::read_to_string(&file).with_context(|| format!("cannot read {shown}"))?;
            url.with_password(text.trim_end_matches(['\r', '\n']))?
        }
    };
    match command.unwrap_or(Command::Up) {
        Command::Up => {
            let applied = migrations::up_with(&url, Options { lock_wait, lock_timeout }, &say).await?;
            applied.now.iter().for_each(|one| say(&format!("applied {one}")));
            say(&format!("the schema is at version {}", applied.version));
            Ok(())
        }
        Command::Status => status(&url).await.map(drop),
        Command::Check if status(&url).await? => Ok(()),
        Command::Check => bail!("not ready for Argosy {}", env!("CARGO_PKG_VERSION")),
        Command::Roles { passwords } => {
            let passwords = passwords.map(|folder| Passwords::in_folder(&folder)).transpose()?;
            let done = migrations::roles(url.parse()?.as_str(), &passwords.unwrap_or_default()).await?;
            done.iter().for_each(|one| say(one));
            say("the server has every role");
            Ok(())
        }
    }
}

/// Whether everything is there.
async fn status(url: &SecretUrl) -> Result<bool> {
    let session = Session::connect(url, "status").await?;
    let missing = migrations::missing_roles(&session).await?;
    if !missing.is_empty() {
        say(&format!("roles missing: {} (argosy-migrate roles)", missing.join(", ")));
    }
    let status = migrations::status(&session).await?;
    match status.found {
        Some(found) => {
            say(&format!("the schema is at version {found}; this program knows {}", migrations::latest()))
        }
        None => say("the database was never migrated"),
    }
    status.pending.iter().for_each(|one| say(&format!("not applied: {one} (argosy-migrate)")));
    Ok(missing.is_empty() && status.pending.is_empty())
}

fn say(line: &str) {
    // Whoever closed our output does not want to know.
    let _said = writeln!(std::io::stdout(), "{line}");
}
