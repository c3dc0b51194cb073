//! The sqlx trap (#4385): a `begin` that is dropped in the middle must not leave its connection in a transaction.

use std::pin::pin;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use testbed::{Database, Postgres, Proxy, wait};

use crate::support::{self, PASSWORD};

const SOON: Duration = Duration::from_secs(10);

/// The sessions of this test's pool: their states.
async fn states(database: &Database, program: &str) -> Vec<String> {
    let sql = format!(
        "select state from pg_stat_activity
          where datname = current_database() and application_name = '{program}'"
    );
    let rows = database.query(&sql).await.unwrap();
    rows.into_iter().map(|row| row[0].clone().unwrap_or_default()).collect()
}

async fn until_state(database: &Database, program: &str, wanted: &str) {
    wait::until(&format!("{program} to be {wanted}"), SOON, async || {
        let seen = states(database, program).await;
        if seen == [wanted] { Ok(()) } else { Err(format!("{seen:?}")) }
    })
    .await
    .unwrap();
}

/// Polls this often, letting the rest of the runtime go on in between, then drops. True if it was not done by then.
async fn dropped_after<T>(polls: u32, future: impl Future<Output = T>) -> bool {
    let mut future = pin!(future);
    for _ in 0..polls {
        if let Poll::Ready(_done) = future.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
            return false;
        }
        tokio::task::yield_now().await;
    }
    true
}

#[tokio::test]
async fn a_begin_that_is_dropped_leaves_nothing_inside_a_transaction() {
    let postgres = Postgres::shared().await.unwrap();
    let database = support::migrated(&postgres).await;
    let store = support::store(database.url_as("argosy_backend", PASSWORD), 1);
    store.begin().await.unwrap().commit().await.unwrap();

    let mut dropped = 0;
    for polls in 0..30 {
        dropped += u32::from(dropped_after(polls, store.begin()).await);
        until_state(&database, "store-test", "idle").await;
        let tx = store.begin().await.expect("the only connection of the pool is usable");
        tx.commit().await.unwrap();
    }
    assert!(dropped > 10, "only {dropped} were dropped in the middle: this test does not test");
}

/// The same with a slow network, so that every drop happens between BEGIN and its answer.
#[tokio::test]
async fn a_begin_whose_answer_is_awaited_when_it_is_dropped_is_rolled_back() {
    let postgres = Postgres::shared().await.unwrap();
    let database = support::migrated(&postgres).await;
    let proxy = Proxy::to(postgres.address()).unwrap();
    let store = support::store(database.url_through(proxy.port(), "argosy_backend", PASSWORD), 1);
    store.begin().await.unwrap().commit().await.unwrap();

    for _ in 0..10 {
        proxy.black_hole();
        assert!(dropped_after(20, store.begin()).await, "it began through a black hole");
        proxy.heal();
        store.begin().await.expect("the connection is usable").commit().await.unwrap();
        until_state(&database, "store-test", "idle").await;
    }
}

/// The other side: sqlx as it is. When this fails, a fixed sqlx has come, and `Store::begin` can be a plain call.
#[tokio::test]
async fn the_bare_begin_of_sqlx_still_poisons_the_pool() {
    let postgres = Postgres::shared().await.unwrap();
    let database = support::migrated(&postgres).await;
    let proxy = Proxy::to(postgres.address()).unwrap();
    let url = database.url_through(proxy.port(), "argosy_backend", PASSWORD);
    let options: sqlx::postgres::PgConnectOptions = url.parse().unwrap();
    let pool = sqlx::postgres::PgPoolOptions::new()
        .max_connections(1)
        .test_before_acquire(false)
        .connect_with(options.application_name("bare"))
        .await
        .unwrap();

    proxy.black_hole();
    #[expect(clippy::disallowed_methods, reason = "to show what is wrong with it")]
    let bare = pool.begin();
    assert!(dropped_after(20, bare).await);
    proxy.heal();
    // The connection is back in the pool, and inside a transaction that nobody knows of.
    let back = pool.acquire().await.unwrap();
    until_state(&database, "bare", "idle in transaction").await;
    drop(back);
    until_state(&database, "bare", "idle in transaction").await;
    pool.close().await;
}

#[tokio::test]
async fn after_a_restart_of_the_database_the_first_begin_works() {
    let mut postgres = Postgres::start().await.unwrap();
    let database = support::migrated(&postgres).await;
    let store = support::store(database.url_as("argosy_backend", PASSWORD), 3);
    let (a, b, c) = tokio::join!(store.begin(), store.begin(), store.begin());
    for tx in [a, b, c] {
        tx.unwrap().commit().await.unwrap();
    }
    wait::until("three idle connections", SOON, async || {
        let seen = states(&database, "store-test").await;
        if seen == ["idle", "idle", "idle"] { Ok(()) } else { Err(format!("{seen:?}")) }
    })
    .await
    .unwrap();
    postgres.restart().await.unwrap();
    store.begin().await.expect("dead connections are passed over").commit().await.unwrap();
}

#[tokio::test]
async fn a_transaction_that_is_not_committed_is_rolled_back() {
    let postgres = Postgres::shared().await.unwrap();
    let database = support::migrated(&postgres).await;
    let store = support::store(database.url_as("argosy_backend", PASSWORD), 1);
    let tx = store.begin().await.unwrap();
    until_state(&database, "store-test", "idle in transaction").await;
    drop(tx);
    until_state(&database, "store-test", "idle").await;
}

#[tokio::test]
async fn whoever_waits_too_long_for_a_connection_is_told_to_try_again() {
    let postgres = Postgres::shared().await.unwrap();
    let database = support::migrated(&postgres).await;
    let mut args = support::args(database.url_as("argosy_backend", PASSWORD), 1);
    args.database_acquire_timeout = Duration::from_secs(2);
    let store = args.open("store-test").unwrap();
    let held = store.begin().await.unwrap();
    let error = store.begin().await.unwrap_err();
    assert_eq!(error.disposition(), store::Disposition::RetryLater, "{error}");
    held.commit().await.unwrap();
}
