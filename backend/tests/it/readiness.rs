//! Ready when it really is, and otherwise in words.

use migrations::{Passwords, roles};
use store::SCHEMA_VERSION;
use testbed::Postgres;

use crate::support::{self, PASSWORD, start};

#[tokio::test]
async fn it_is_ready_only_while_the_schema_is_its_own() {
    let postgres = Postgres::shared().await.unwrap();
    let database = postgres.database().await.unwrap();
    roles(&database.url(), &Passwords::all(PASSWORD)).await.unwrap();
    let mut backend = start(&database.url_as("argosy_backend", PASSWORD), &[]);
    backend.until(503, "never migrated").await;

    migrations::up(&database.url()).await.unwrap();
    backend.until(200, r#""ready":true"#).await;

    let older = format!("delete from refinery_schema_history where version = {SCHEMA_VERSION}");
    database.query(&older).await.unwrap();
    backend.until(503, "run `argosy-migrate` of this release").await;

    let newer = format!(
        "update refinery_schema_history set version = {} where version = {}",
        SCHEMA_VERSION + 1,
        SCHEMA_VERSION - 1
    );
    database.query(&newer).await.unwrap();
    backend.until(200, "true").await;
    let contract = format!("update installation set suits_from = {}", SCHEMA_VERSION + 1);
    database.query(&contract).await.unwrap();
    backend.until(503, "run a newer release").await;
    assert!(backend.process.running());
}

#[tokio::test]
async fn a_database_that_goes_away_makes_it_unready_and_it_recovers_by_itself() {
    let mut postgres = Postgres::start().await.unwrap();
    let database = support::migrated(&postgres).await;
    let url = database.url_as("argosy_backend", PASSWORD);
    postgres.stop().unwrap();

    // Away at the start: it waits, and says for what.
    let mut backend = start(&url, &[]);
    backend.until(503, "the database is not available: ").await;
    postgres.restart().await.unwrap();
    backend.until(200, "true").await;

    postgres.kill().unwrap();
    let begun = std::time::Instant::now();
    backend.until(503, "the database is not available: ").await;
    assert!(begun.elapsed().as_secs() < 6, "it took {:?} to notice", begun.elapsed());
    postgres.restart().await.unwrap();
    backend.until(200, "true").await;
    assert!(backend.process.running());
}

#[tokio::test]
async fn a_database_that_hangs_makes_it_unready() {
    let postgres = Postgres::shared().await.unwrap();
    let database = support::migrated(&postgres).await;
    let proxy = testbed::Proxy::to(postgres.address()).unwrap();
    let mut backend = start(&database.url_through(proxy.port(), "argosy_backend", PASSWORD), &[]);
    backend.until(200, "true").await;
    proxy.black_hole();
    backend.until(503, "no answer within 2s").await;
    proxy.heal();
    backend.until(200, "true").await;
}

#[tokio::test]
async fn wrong_credentials_are_said_to_be_wrong() {
    let postgres = Postgres::shared().await.unwrap();
    let database = support::migrated(&postgres).await;
    let mut backend = start(&database.url_as("argosy_backend", "not-the-password"), &[]);
    backend.until(503, "password authentication failed").await;
    assert!(!backend.log().contains("not-the-password"));
}
