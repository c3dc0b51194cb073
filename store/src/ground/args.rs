//! Where the database is and how much of it to use.

use std::path::PathBuf;
use std::str::FromStr;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use domain::SecretUrl;
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use tokio::sync::Mutex;

use crate::{Doorbell, Error, Result, Store, Watch};

/// Where the database is and how much of it to use.
///
/// There are no timeouts of statements here: they belong to the role (`argosy-migrate roles` sets them), because a
/// pooler refuses startup options and would hand a `SET` on to the next client.
#[derive(Clone, Debug, clap::Args)]
#[group(skip)]
#[command(next_help_heading = "Database")]
pub struct Args {
    /// The database, e.g. `postgres://argosy_backend@db:5432/argosy?sslmode=verify-full`. Required.
    ///
    /// May be a transaction pooler that knows prepared statements (`PgBouncer` 1.21 or later with
    /// `max_prepared_statements` of at least 100). Given as an argument, other users of the machine see it: prefer the
    /// variable, or leave the password to --database-password-file.
    #[arg(long, env = "ARGOSY_DATABASE_URL", hide_env_values = true, global = true, value_name = "URL")]
    pub database_url: Option<SecretUrl>,

    /// The same database without a pooler, for what needs a session: LISTEN. Default: the database URL.
    #[arg(
        long,
        env = "ARGOSY_DIRECT_DATABASE_URL",
        hide_env_values = true,
        global = true,
        value_name = "URL"
    )]
    pub direct_database_url: Option<SecretUrl>,

    /// A file with the password; it beats a password in the URLs. Read at start.
    #[arg(long, env = "ARGOSY_DATABASE_PASSWORD_FILE", global = true, value_name = "FILE")]
    pub database_password_file: Option<PathBuf>,

    /// The most connections this process opens, besides one that watches over the database.
    #[arg(long, env = "ARGOSY_DATABASE_CONNECTIONS", default_value_t = 10, global = true, value_name = "N")]
    #[arg(value_parser = clap::value_parser!(u32).range(1..=1000))]
    pub database_connections: u32,

    /// How long to wait for a free connection before a request is answered with "try again".
    #[arg(
        long,
        env = "ARGOSY_DATABASE_ACQUIRE_TIMEOUT",
        default_value = "3s",
        global = true,
        value_name = "DURATION"
    )]
    #[arg(value_parser = humantime::parse_duration)]
    pub database_acquire_timeout: Duration,
}

/// Named statements kept on each connection; poolers must keep as many.
const STATEMENTS: usize = 100;

impl Args {
    /// The URL of the pool, complete with its password.
    pub fn url(&self) -> Result<SecretUrl> {
        let missing =
            || Error::Misconfigured("no database: give --database-url or ARGOSY_DATABASE_URL".to_owned());
        self.complete(self.database_url.as_ref().ok_or_else(missing)?)
    }

    /// The URL for sessions, complete with its password.
    pub fn direct_url(&self) -> Result<SecretUrl> {
        self.direct_database_url.as_ref().map_or_else(|| self.url(), |url| self.complete(url))
    }

    /// A store that connects when it is first used: a process may start while the database is away.
    ///
    /// `program` is what the database's own views show.
    pub fn open(&self, program: &str) -> Result<Store> {
        let url = self.url()?;
        let watching = options(&url, &format!("{program} (watch)"))?;
        let pool = PgPoolOptions::new()
            .max_connections(self.database_connections)
            .acquire_timeout(self.database_acquire_timeout)
            // A ping before each use would be one more round trip a request; `Store::begin` copes with dead ones.
            .test_before_acquire(false)
            .connect_lazy_with(options(&url, program)?);
        let doorbell =
            Doorbell::new(pool.clone(), options(&self.direct_url()?, &format!("{program} (listen)"))?);
        Ok(Store {
            pool,
            doorbell,
            watch: Arc::new(Watch { options: watching, idle: Mutex::new(None), judged: OnceLock::new() }),
            access: Arc::default(),
            seals: None,
        })
    }

    /// The settings as they were understood, without secrets; fails where opening would.
    pub fn describe(&self) -> Result<Vec<(&'static str, String)>> {
        options(&self.url()?, "argosy")?;
        options(&self.direct_url()?, "argosy")?;
        let file = self.database_password_file.as_ref();
        let file = file.map_or_else(|| "(none)".to_owned(), |file| file.display().to_string());
        Ok(vec![
            ("database-url", self.url()?.to_string()),
            ("direct-database-url", self.direct_url()?.to_string()),
            ("database-password-file", file),
            ("database-connections", self.database_connections.to_string()),
            (
                "database-acquire-timeout",
                humantime::format_duration(self.database_acquire_timeout).to_string(),
            ),
        ])
    }

    fn complete(&self, url: &SecretUrl) -> Result<SecretUrl> {
        let misconfigured = |error: domain::InvalidUrl| Error::Misconfigured(error.to_string());
        url.parse().map_err(misconfigured)?;
        let Some(file) = &self.database_password_file else { return Ok(url.clone()) };
        let password = std::fs::read_to_string(file).map_err(|error| {
            Error::Misconfigured(format!(
                "cannot read the database password from {}: {error}",
                file.display()
            ))
        })?;
        url.with_password(password.trim_end_matches(['\r', '\n'])).map_err(misconfigured)
    }
}

fn options(url: &SecretUrl, program: &str) -> Result<PgConnectOptions> {
    let misconfigured =
        |error: &dyn std::fmt::Display| Error::Misconfigured(format!("the database URL: {error}"));
    let url = url.parse().map_err(|error| misconfigured(&error))?;
    let options = PgConnectOptions::from_str(url.as_str()).map_err(|error| misconfigured(&error))?;
    Ok(options
        .application_name(program)
        .statement_cache_capacity(STATEMENTS)
        // PgBouncer refuses a startup parameter it does not know, and this one only matters for floats as text.
        .extra_float_digits(None))
}
