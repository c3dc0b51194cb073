//! The PostgreSQL part keeps what it promises.

use testbed::{Postgres, postgres};

#[tokio::test]
async fn a_test_has_a_database_of_its_own_and_it_goes_with_the_handle() {
    let postgres = Postgres::shared().await.unwrap();
    let database = postgres.database().await.unwrap();
    let other = postgres.database().await.unwrap();
    database.query("create table only_here (id int)").await.unwrap();

    let seen = other.query("select to_regclass('only_here')").await.unwrap();
    assert_eq!(seen, [[None]]);

    let name = database.name().to_owned();
    drop(database);
    let left = format!("select count(*) from pg_database where datname = '{name}'");
    assert_eq!(postgres::query(&postgres.url("postgres"), &left).await.unwrap(), [[Some("0".to_owned())]]);
}

#[tokio::test]
async fn a_template_is_prepared_once_and_copied() {
    let postgres = Postgres::shared().await.unwrap();
    let key = uuid::Uuid::new_v4().to_string();
    let prepare = |url: String| async move {
        postgres::query(&url, "create table filled as select 42 as answer").await.map(drop)
    };
    let (first, second) = tokio::join!(
        postgres.database_from(&key, prepare),
        // Whoever comes second waits for the first, and must not prepare again: the table would be there already.
        postgres.database_from(&key, prepare),
    );
    for database in [first.unwrap(), second.unwrap()] {
        assert_eq!(database.query("select answer from filled").await.unwrap(), [[Some("42".to_owned())]]);
    }
}

#[tokio::test]
async fn a_template_that_failed_is_prepared_again() {
    let postgres = Postgres::shared().await.unwrap();
    let key = uuid::Uuid::new_v4().to_string();
    let failing = |_| async { Err(anyhow::anyhow!("as if killed in the middle")) };
    assert!(postgres.database_from(&key, failing).await.is_err());
    let database = postgres.database_from(&key, |_| async { Ok(()) }).await.unwrap();
    database.query("select 1").await.unwrap();
}

#[tokio::test]
async fn statements_are_counted() {
    let postgres = Postgres::shared().await.unwrap();
    let database = postgres.database().await.unwrap();
    database.query("create extension pg_stat_statements").await.unwrap();
    database.query("select 'counted me' as mark").await.unwrap();
    let counted = "select sum(calls)::text from pg_stat_statements s join pg_database d on d.oid = s.dbid
                   where d.datname = current_database() and query like '%as mark%' and query not like '%sum(calls)%'";
    assert_eq!(database.query(counted).await.unwrap(), [[Some("1".to_owned())]]);
}

#[tokio::test]
async fn a_wrong_password_is_refused() {
    let postgres = Postgres::shared().await.unwrap();
    let database = postgres.database().await.unwrap();
    let refused = postgres::query(&database.url_as(postgres::SUPERUSER, "wrong"), "select 1").await;
    assert!(format!("{:#}", refused.unwrap_err()).contains("password authentication failed"));
}

#[tokio::test]
async fn a_killed_server_comes_back_with_what_was_committed() {
    let mut postgres = Postgres::start().await.unwrap();
    let url = postgres.url("postgres");
    postgres::query(&url, "create table kept as select 7 as number").await.unwrap();

    postgres.kill().unwrap();
    assert!(postgres::query(&url, "select 1").await.is_err());

    postgres.restart().await.unwrap();
    assert_eq!(postgres::query(&url, "select number from kept").await.unwrap(), [[Some("7".to_owned())]]);
}

#[tokio::test]
async fn the_shared_server_cannot_be_stopped() {
    let mut postgres = Postgres::shared().await.unwrap();
    assert!(postgres.stop().unwrap_err().to_string().contains("belongs to everybody"));
}
