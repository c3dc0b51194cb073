//! A database a test, made in milliseconds from a template that is migrated once a server.

use std::future::Future;

use anyhow::{Context, Result};
use sha2::{Digest, Sha256};

use super::{Facts, Postgres, query, url};

/// A database of one test. Dropped with the handle.
#[derive(Debug)]
pub struct Database {
    facts: Facts,
    name: String,
}

impl Postgres {
    /// An empty database.
    pub async fn database(&self) -> Result<Database> {
        let name = format!("test_{}", uuid::Uuid::new_v4().simple());
        self.create(&name, "template1").await?;
        Ok(Database { facts: self.facts.clone(), name })
    }

    /// A copy of a template. `prepare` fills the template and runs once a server and key, whoever asks first.
    pub async fn database_from<F>(&self, key: &str, prepare: impl FnOnce(String) -> F) -> Result<Database>
    where
        F: Future<Output = Result<()>>,
    {
        let template =
            self.template(key, prepare).await.with_context(|| format!("prepare template {key:?}"))?;
        let name = format!("test_{}", uuid::Uuid::new_v4().simple());
        self.create(&name, &template).await?;
        Ok(Database { facts: self.facts.clone(), name })
    }

    async fn create(&self, name: &str, template: &str) -> Result<()> {
        let sql = format!(r#"create database "{name}" template "{template}""#);
        query(&self.url("postgres"), &sql).await.with_context(|| format!("create database {name}")).map(drop)
    }

    async fn template<F>(&self, key: &str, prepare: impl FnOnce(String) -> F) -> Result<String>
    where
        F: Future<Output = Result<()>>,
    {
        let digest = Sha256::digest(key);
        let name = format!("template_{}", hex::encode(&digest[..8]));
        let lock = i64::from_be_bytes(digest[..8].try_into().expect("eight bytes"));
        // Held by the session, so that a test that dies in the middle lets the next one try.
        let (client, connection) =
            tokio_postgres::connect(&self.url("postgres"), tokio_postgres::NoTls).await?;
        let mut driver = tokio::task::JoinSet::new();
        driver.spawn(connection);
        client.execute("select pg_advisory_lock($1)", &[&lock]).await.context("wait for the template")?;
        let made = client.query_opt("select 1 from pg_database where datname = $1", &[&name]).await?;
        if made.is_none() {
            let making = format!("{name}_making");
            client.batch_execute(&format!(r#"drop database if exists "{making}" with (force)"#)).await?;
            client.batch_execute(&format!(r#"create database "{making}""#)).await?;
            prepare(self.url(&making)).await?;
            client.batch_execute(&format!(r#"alter database "{making}" rename to "{name}""#)).await?;
        }
        Ok(name)
    }
}

impl Database {
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The superuser's way in.
    pub fn url(&self) -> String {
        self.url_as(super::SUPERUSER, &self.facts.password)
    }

    pub fn url_as(&self, role: &str, password: &str) -> String {
        url(role, password, self.facts.port, &self.name)
    }

    /// The same, through something that listens on another port (a [`crate::Proxy`]).
    pub fn url_through(&self, port: u16, role: &str, password: &str) -> String {
        url(role, password, port, &self.name)
    }

    /// Run SQL as the superuser.
    pub async fn query(&self, sql: &str) -> Result<Vec<Vec<Option<String>>>> {
        query(&self.url(), sql).await
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        // A runtime of its own on a thread of its own: the test's may be gone, and drop cannot wait inside one.
        let url = url(super::SUPERUSER, &self.facts.password, self.facts.port, "postgres");
        let sql = format!(r#"drop database if exists "{}" with (force)"#, self.name);
        let dropping = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
            runtime.block_on(query(&url, &sql)).map(drop)
        });
        // A server that was stopped by its test took the database with it.
        let _ = dropping.join();
    }
}
