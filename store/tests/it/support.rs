//! A migrated database and a store on it, as the backend's own role.

use std::time::Duration;

use migrations::{Passwords, roles, up};
use store::{Args, Store};
use testbed::{Database, Postgres};

pub(crate) use testbed::postgres::ROLE_PASSWORD as PASSWORD;

pub(crate) async fn migrated(postgres: &Postgres) -> Database {
    postgres
        .database_from("store", async |url: String| {
            roles(&url, &Passwords::all(PASSWORD)).await?;
            up(&url).await.map(drop)
        })
        .await
        .unwrap()
}

pub(crate) fn args(url: String, connections: u32) -> Args {
    Args {
        database_url: Some(url.into()),
        direct_database_url: None,
        database_password_file: None,
        database_connections: connections,
        database_acquire_timeout: Duration::from_secs(5),
    }
}

pub(crate) fn store(url: String, connections: u32) -> Store {
    args(url, connections).open("store-test").unwrap()
}
