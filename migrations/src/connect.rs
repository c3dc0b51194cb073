//! A session of the owner's: one connection and the task that drives it, gone together.

use std::ops::{Deref, DerefMut};

use anyhow::{Context, Result, bail};
use domain::SecretUrl;
use tokio::task::JoinSet;
use tokio_postgres::config::SslMode;
use tokio_postgres::{Client, Config, NoTls};

use crate::tls::{self, Verify};

/// An open session. Dropping it ends it.
#[derive(Debug)]
pub struct Session {
    client: Client,
    _driver: JoinSet<()>,
}

impl Session {
    /// Connects, honouring `sslmode` and `sslrootcert` as libpq does.
    pub async fn connect(url: &SecretUrl, purpose: &str) -> Result<Self> {
        let (mut config, verify) = settings(url)?;
        config.application_name(format!("argosy-migrate ({purpose})"));
        let mut driver = JoinSet::new();
        let client = match verify {
            None => {
                let (client, connection) = config.connect(NoTls).await.with_context(|| failed(url))?;
                driver.spawn(async move { ended(connection.await) });
                client
            }
            Some(verify) => {
                let tls = tokio_postgres_rustls::MakeRustlsConnect::new(tls::config(&verify)?);
                let (client, connection) = config.connect(tls).await.with_context(|| failed(url))?;
                driver.spawn(async move { ended(connection.await) });
                client
            }
        };
        Ok(Self { client, _driver: driver })
    }
}

impl Deref for Session {
    type Target = Client;

    fn deref(&self) -> &Client {
        &self.client
    }
}

impl DerefMut for Session {
    fn deref_mut(&mut self) -> &mut Client {
        &mut self.client
    }
}

fn failed(url: &SecretUrl) -> String {
    format!("cannot connect to {url}")
}

/// Whoever waits for an answer on this connection gets the error; there is nobody else to tell.
fn ended(_end: Result<(), tokio_postgres::Error>) {}

/// tokio-postgres knows neither `verify-ca` nor `verify-full` nor `sslrootcert`, so we take them out of the URL.
fn settings(url: &SecretUrl) -> Result<(Config, Option<Verify>)> {
    let mut url = url.parse().context("the owner's database URL")?;
    let (mut mode, mut roots) = ("prefer".to_owned(), None);
    let mut rest = Vec::new();
    for (key, value) in url.query_pairs().into_owned() {
        match key.as_str() {
            "sslmode" => mode = value,
            "sslrootcert" => roots = Some(value),
            _ => rest.push((key, value)),
        }
    }
    url.set_query(None);
    if !rest.is_empty() {
        url.query_pairs_mut().extend_pairs(rest);
    }
    let mut config: Config = url.as_str().parse().context("the owner's database URL")?;
    config.connect_timeout(std::time::Duration::from_secs(10));
    let (ssl_mode, verify) = match (mode.as_str(), roots) {
        ("disable", _) => (SslMode::Disable, None),
        ("allow" | "prefer", _) => (SslMode::Prefer, Some(Verify::Nothing)),
        ("require", None) => (SslMode::Require, Some(Verify::Nothing)),
        // libpq: a root certificate turns `require` into `verify-ca`.
        ("require" | "verify-ca", roots) => (SslMode::Require, Some(Verify::Chain(roots))),
        ("verify-full", roots) => (SslMode::Require, Some(Verify::ChainAndName(roots))),
        (mode, _) => {
            bail!("sslmode={mode} is none of disable, allow, prefer, require, verify-ca, verify-full")
        }
    };
    config.ssl_mode(ssl_mode);
    Ok((config, verify))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mode(query: &str) -> (SslMode, Option<Verify>) {
        let url = SecretUrl::from(format!("postgres://owner@db/argosy?connect_timeout=3&{query}"));
        let (config, verify) = settings(&url).unwrap();
        (config.get_ssl_mode(), verify)
    }

    #[test]
    fn sslmode_means_what_libpq_means() {
        let ca = || Some("/ca.pem".to_owned());
        assert_eq!(mode(""), (SslMode::Prefer, Some(Verify::Nothing)));
        assert_eq!(mode("sslmode=disable"), (SslMode::Disable, None));
        assert_eq!(mode("sslmode=require"), (SslMode::Require, Some(Verify::Nothing)));
        assert_eq!(
            mode("sslmode=require&sslrootcert=/ca.pem"),
            (SslMode::Require, Some(Verify::Chain(ca())))
        );
        assert_eq!(mode("sslmode=verify-ca"), (SslMode::Require, Some(Verify::Chain(None))));
        assert_eq!(
            mode("sslmode=verify-full&sslrootcert=/ca.pem"),
            (SslMode::Require, Some(Verify::ChainAndName(ca())))
        );
    }

    #[test]
    fn an_unknown_sslmode_is_refused_instead_of_ignored() {
        let url = SecretUrl::from("postgres://owner@db/argosy?sslmode=verify-all".to_owned());
        assert!(settings(&url).unwrap_err().to_string().contains("verify-all"));
    }
}
