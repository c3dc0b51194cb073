//! Migrations on a real database.

use migrations::{Passwords, Session, latest, roles, status, up};
use testbed::Postgres;
use testbed::postgres::ROLE_PASSWORD;

#[test]
fn the_programs_need_exactly_the_newest_migration() {
    assert_eq!(store::SCHEMA_VERSION, latest(), "raise store::SCHEMA_VERSION with every new migration");
}

#[test]
fn every_migration_begins_with_why() {
    for file in std::fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/sql")).unwrap() {
        let path = file.unwrap().path();
        let text = std::fs::read_to_string(&path).unwrap();
        assert!(text.starts_with("-- Why: "), "{} must begin with `-- Why: `", path.display());
    }
}

#[tokio::test]
async fn an_empty_database_becomes_ours_and_a_second_run_changes_nothing() {
    let postgres = Postgres::shared().await.unwrap();
    let database = postgres.database().await.unwrap();
    roles(&database.url(), &Passwords::all(ROLE_PASSWORD)).await.unwrap();

    let first = up(&database.url()).await.unwrap();
    assert_eq!((first.version, first.now.is_empty()), (latest(), false));
    let before = database.query("select id, epoch, suits_from, created_at from installation").await.unwrap();
    assert_eq!(before.len(), 1);

    let second = up(&database.url()).await.unwrap();
    assert_eq!((second.version, second.now.is_empty()), (latest(), true));
    let after = database.query("select id, epoch, suits_from, created_at from installation").await.unwrap();
    assert_eq!(before, after);

    let session = Session::connect(&database.url().into(), "test").await.unwrap();
    let status = status(&session).await.unwrap();
    assert_eq!((status.found, status.pending), (Some(latest()), Vec::new()));
}

#[tokio::test]
async fn there_is_one_installation_and_its_rules_have_names() {
    let postgres = Postgres::shared().await.unwrap();
    let database = postgres.database().await.unwrap();
    roles(&database.url(), &Passwords::all(ROLE_PASSWORD)).await.unwrap();
    up(&database.url()).await.unwrap();
    for (statement, constraint) in [
        ("insert into installation (suits_from) values (1)", "installation_pkey"),
        ("insert into installation (only_one, suits_from) values (false, 1)", "installation_only_one_check"),
        ("update installation set epoch = 0", "installation_epoch_check"),
    ] {
        let error = format!("{:#}", database.query(statement).await.unwrap_err());
        assert!(error.contains(constraint), "{statement}: {error}");
    }
}

#[tokio::test]
async fn each_role_reads_what_it_is_and_makes_nothing() {
    let postgres = Postgres::shared().await.unwrap();
    let database = postgres.database().await.unwrap();
    roles(&database.url(), &Passwords::all(ROLE_PASSWORD)).await.unwrap();
    up(&database.url()).await.unwrap();
    for role in ["argosy_backend", "argosy_agent", "argosy_platform", "argosy_operator"] {
        let url = database.url_as(role, ROLE_PASSWORD);
        let read = "select (select max(version) from refinery_schema_history), epoch from installation";
        let rows = testbed::postgres::query(&url, read).await.unwrap();
        assert_eq!(rows, [[Some(latest().to_string()), Some("1".to_owned())]], "{role}");
        for forbidden in [
            "create table mine (a int)",
            "update installation set epoch = 7",
            "delete from refinery_schema_history",
            "create role mine",
            "create database mine",
        ] {
            let refused = testbed::postgres::query(&url, forbidden).await;
            assert!(refused.is_err(), "{role} may: {forbidden}");
        }
    }
}

#[tokio::test]
async fn a_database_that_is_ahead_of_the_program_is_left_alone() {
    let postgres = Postgres::shared().await.unwrap();
    let database = postgres.database().await.unwrap();
    roles(&database.url(), &Passwords::all(ROLE_PASSWORD)).await.unwrap();
    up(&database.url()).await.unwrap();
    let next = latest() + 1;
    let ahead = format!(
        "insert into refinery_schema_history (version, name, applied_on, checksum)
         values ({next}, 'of_tomorrow', '2030-01-01T00:00:00Z', '1')"
    );
    database.query(&ahead).await.unwrap();
    let run = up(&database.url()).await.unwrap();
    assert_eq!((run.version, run.now.len()), (next, 0));
}
