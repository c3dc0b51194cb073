//! Whether the database is ours, and what is said when it is not.

use migrations::{Passwords, roles};
use store::{Error, SCHEMA_VERSION, Schema};
use testbed::{Database, Postgres, Proxy};

use crate::support::{self, PASSWORD};

async fn schema(database: &Database) -> Schema {
    support::store(database.url_as("argosy_backend", PASSWORD), 1).schema().await.unwrap()
}

#[tokio::test]
async fn a_database_that_was_never_migrated_is_missing() {
    let postgres = Postgres::shared().await.unwrap();
    let database = postgres.database().await.unwrap();
    roles(&database.url(), &Passwords::all(PASSWORD)).await.unwrap();
    assert_eq!(schema(&database).await, Schema::Missing);
}

#[tokio::test]
async fn the_schema_is_judged_by_its_version_and_by_whom_it_suits() {
    let postgres = Postgres::shared().await.unwrap();
    let database = support::migrated(&postgres).await;
    assert_eq!(schema(&database).await, Schema::Ours { found: SCHEMA_VERSION });

    let newest = format!("delete from refinery_schema_history where version = {SCHEMA_VERSION}");
    database.query(&newest).await.unwrap();
    assert_eq!(schema(&database).await, Schema::Older { found: SCHEMA_VERSION - 1 });

    // Expanded: a newer release has migrated, and we still fit.
    let ahead = format!(
        "update refinery_schema_history set version = {} where version = {}",
        SCHEMA_VERSION + 1,
        SCHEMA_VERSION - 1
    );
    database.query(&ahead).await.unwrap();
    assert_eq!(schema(&database).await, Schema::Ours { found: SCHEMA_VERSION + 1 });

    // Contracted: something we need is gone.
    let contract = format!("update installation set suits_from = {}", SCHEMA_VERSION + 1);
    database.query(&contract).await.unwrap();
    let newer = Schema::Newer { found: SCHEMA_VERSION + 1, needs: SCHEMA_VERSION + 1 };
    assert_eq!(schema(&database).await, newer);
}

#[tokio::test]
async fn a_busy_pool_does_not_hide_that_the_database_is_well() {
    let postgres = Postgres::shared().await.unwrap();
    let database = support::migrated(&postgres).await;
    let store = support::store(database.url_as("argosy_backend", PASSWORD), 1);
    let held = store.begin().await.unwrap();
    assert_eq!(store.fits().await, Ok(()));
    held.commit().await.unwrap();
}

#[tokio::test]
async fn the_cause_is_named_and_it_recovers() {
    let postgres = Postgres::shared().await.unwrap();
    let database = support::migrated(&postgres).await;
    let proxy = Proxy::to(postgres.address()).unwrap();
    let store = support::store(database.url_through(proxy.port(), "argosy_backend", PASSWORD), 1);
    assert_eq!(store.fits().await, Ok(()));
    proxy.cut();
    let reason = store.fits().await.unwrap_err();
    assert!(reason.starts_with("the database is not available: "), "{reason}");
    proxy.heal();
    assert_eq!(store.fits().await, Ok(()));
}

#[tokio::test]
async fn a_wrong_password_is_for_a_person_to_solve() {
    let postgres = Postgres::shared().await.unwrap();
    let database = support::migrated(&postgres).await;
    let error = support::store(database.url_as("argosy_backend", "wrong"), 1).schema().await.unwrap_err();
    assert!(matches!(error, Error::Misconfigured(_)), "{error:?}");
    assert!(!error.to_string().contains("wrong"), "{error}");
}

#[tokio::test]
async fn a_role_that_walks_through_walls_is_complained_about() {
    let postgres = Postgres::shared().await.unwrap();
    let database = support::migrated(&postgres).await;
    let ours = support::store(database.url_as("argosy_backend", PASSWORD), 1).session().await.unwrap();
    assert_eq!((ours.role.as_str(), ours.complaints.len()), ("argosy_backend", 0), "{ours:?}");
    let root = support::store(database.url(), 1).session().await.unwrap();
    assert!(root.complaints[0].contains("walks through row-level security"), "{root:?}");
    assert!(root.complaints[1].contains("no statement_timeout"), "{root:?}");
}

#[tokio::test]
async fn a_password_file_beats_the_password_of_the_url() {
    let postgres = Postgres::shared().await.unwrap();
    let database = support::migrated(&postgres).await;
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), format!("{PASSWORD}\n")).unwrap();
    let mut args = support::args(database.url_as("argosy_backend", "wrong"), 1);
    args.database_password_file = Some(file.path().to_owned());
    assert_eq!(args.open("store-test").unwrap().fits().await, Ok(()));
}
