//! Real PostgreSQL: one server a run, a database a test.
//!
//! [`Postgres::shared`] is the run's server, held by the keeper: never stop it. Whoever stops, kills or restarts one
//! starts it with [`Postgres::start`]; whoever wants to cut the network puts a [`crate::Proxy`] in front.

mod database;
mod site;

use std::time::Duration;

use anyhow::{Context, Result};
use serde::{Deserialize, Serialize};
use tokio_postgres::{NoTls, SimpleQueryMessage};

pub use database::Database;
pub use site::{Durability, SUPERUSER, Site, programs};

/// The password of Argosy's roles in tests. Roles belong to the server, and the run's server is everybody's: who gives
/// them another locks the others out.
pub const ROLE_PASSWORD: &str = "hunter2-hunter2";

use crate::{Folder, Port, Process, lease};

/// Tests' servers live on loopback for minutes; the template is keyed by this.
const PASSWORD: &str = "testbed";

/// A running server.
#[derive(Debug)]
pub struct Postgres {
    facts: Facts,
    owned: Option<Owned>,
}

/// What anybody needs to use a server.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Facts {
    pub port: u16,
    pub password: String,
}

#[derive(Debug)]
struct Owned {
    process: Process,
    site: Site,
    // In this order: the folder goes after the process.
    folder: Folder,
    _port: Port,
}

impl Postgres {
    /// The run's server. It belongs to everybody.
    pub async fn shared() -> Result<Self> {
        Ok(Self { facts: lease::ask(lease::Wish::Postgres).await?, owned: None })
    }

    /// A server of your own.
    pub async fn start() -> Result<Self> {
        let port = Port::free()?;
        let folder = Folder::in_cache("postgres")?;
        let site = Site {
            data: folder.join("data"),
            port: port.number(),
            password: PASSWORD.to_owned(),
            durability: Durability::ThrownAway,
        };
        site.prepare_from_template()?;
        let mut process = site.launch("postgres", folder.path())?.start()?;
        site.ready(&mut process).await?;
        let facts = Facts { port: site.port, password: site.password.clone() };
        Ok(Self { facts, owned: Some(Owned { process, site, folder, _port: port }) })
    }

    pub fn facts(&self) -> &Facts {
        &self.facts
    }

    pub fn port(&self) -> u16 {
        self.facts.port
    }

    pub fn address(&self) -> std::net::SocketAddr {
        std::net::SocketAddr::from((std::net::Ipv4Addr::LOCALHOST, self.facts.port))
    }

    /// The superuser's way in.
    pub fn url(&self, database: &str) -> String {
        url(SUPERUSER, &self.facts.password, self.facts.port, database)
    }

    /// Shut down in order; data and port are kept for [`Postgres::restart`].
    pub fn stop(&mut self) -> Result<()> {
        self.owned()?.process.stop();
        Ok(())
    }

    /// `kill -9` of the server and its children.
    pub fn kill(&mut self) -> Result<()> {
        self.owned()?.process.kill();
        Ok(())
    }

    /// Start again on the same data and port, after it was stopped if it still runs.
    pub async fn restart(&mut self) -> Result<()> {
        let owned = self.owned()?;
        owned.process.stop();
        owned.process = owned.site.launch("postgres", owned.folder.path())?.start()?;
        owned.site.ready(&mut owned.process).await
    }

    fn owned(&mut self) -> Result<&mut Owned> {
        self.owned
            .as_mut()
            .context("the shared server belongs to everybody: start one of your own to stop it")
    }
}

/// Run one text of SQL as it is; the rows as text.
pub async fn query(url: &str, sql: &str) -> Result<Vec<Vec<Option<String>>>> {
    let connecting = tokio_postgres::connect(url, NoTls);
    let (client, connection) = tokio::time::timeout(Duration::from_secs(10), connecting)
        .await
        .context("PostgreSQL did not answer a connection within 10 s")?
        .context("connect to PostgreSQL")?;
    let mut driver = tokio::task::JoinSet::new();
    driver.spawn(connection);
    let messages = client.simple_query(sql).await.context("run SQL")?;
    let rows = messages.into_iter().filter_map(|message| {
        let SimpleQueryMessage::Row(row) = message else { return None };
        Some((0..row.len()).map(|column| row.get(column).map(ToOwned::to_owned)).collect())
    });
    Ok(rows.collect())
}

fn url(role: &str, password: &str, port: u16, database: &str) -> String {
    format!("postgres://{role}:{password}@127.0.0.1:{port}/{database}?sslmode=disable")
}
