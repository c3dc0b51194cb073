//! What grows for ever is kept for a while: a partition a day, made ahead and dropped whole.

use testbed::Database;
use testbed::postgres::query;

use super::people::{place, tenant, value};
use crate::support::PASSWORD;

/// As the backend does it.
async fn tend(database: &Database, noun: &str) -> (String, String, Option<String>) {
    let url = database.url_as("argosy_backend", PASSWORD);
    let sql =
        format!("select made, dropped, left_for_later from argosy_tend_partitions() where noun = '{noun}'");
    let row = query(&url, &sql).await.unwrap().remove(0);
    (row[0].clone().unwrap(), row[1].clone().unwrap(), row[2].clone())
}

fn done(made: &str, dropped: &str) -> (String, String, Option<String>) {
    (made.to_owned(), dropped.to_owned(), None)
}

async fn lies_in(database: &Database) -> String {
    value(
        database,
        "select string_agg(distinct tableoid::regclass::text, ',') from audit where action = 'test'",
    )
    .await
}

fn row(at: &str) -> String {
    format!(
        "insert into audit (at, principal, action, noun, resource_id)
         values ({at}, 'corp:ann', 'test', 'test', gen_random_uuid())"
    )
}

#[tokio::test]
async fn today_and_a_week_ahead_have_partitions_and_tending_again_changes_nothing() {
    let place = place().await;
    let ahead = "select count(*) from pg_inherits where inhparent = 'audit'::regclass";
    assert_eq!(value(&place.database, ahead).await, "9", "eight days, and the default");
    assert_eq!(tend(&place.database, "audit").await, done("0", "0"));
    tenant(&place.store, "acme", "corp:ann").await;
    let default = "select count(*) from audit_default";
    assert_eq!(value(&place.database, default).await, "0", "what is written now has its partition");
}

#[tokio::test]
async fn what_found_no_partition_moves_into_it_when_it_is_made() {
    let place = place().await;
    let day =
        value(&place.database, "select to_char(now() at time zone 'utc' + interval '7 days', 'YYYYMMDD')")
            .await;
    place.database.query(&format!("drop table audit_{day}")).await.unwrap();
    place.database.query(&row("now() + interval '7 days'")).await.unwrap();
    assert_eq!(lies_in(&place.database).await, "audit_default");

    assert_eq!(tend(&place.database, "audit").await, done("1", "0"));
    assert_eq!(lies_in(&place.database).await, format!("audit_{day}"));
    // It is a partition like all others: with the indexes of its parent.
    let indexes = format!("select count(*) from pg_index where indrelid = 'audit_{day}'::regclass");
    assert_eq!(value(&place.database, &indexes).await, "2");
}

#[tokio::test]
async fn what_is_older_than_it_is_kept_goes_with_its_partition_and_nothing_else_does() {
    let place = place().await;
    for (days, name) in [(31, "old"), (29, "young")] {
        let make = format!(
            "do $$ declare day date := (now() at time zone 'utc')::date - {days}; begin
                 execute format('create table audit_%s partition of audit for values from (%L) to (%L)',
                                to_char(day, 'YYYYMMDD'), day::timestamp at time zone 'utc', (day + 1)::timestamp at time zone 'utc');
             end $$"
        );
        place.database.query(&make).await.unwrap();
        let insert =
            row(&format!("date_trunc('day', now(), 'utc') - interval '{days} days' + interval '1 hour'"));
        place.database.query(&insert.replace("'test',", &format!("'{name}',"))).await.unwrap();
    }
    let left = "select string_agg(noun, ',' order by noun) from audit where noun in ('old', 'young')";
    let rename = "update audit set noun = action where action in ('old', 'young')";
    place.database.query(rename).await.unwrap();
    assert_eq!(tend(&place.database, "audit").await, done("0", "0"), "it is kept for 90 days");
    place
        .database
        .query("update retention set keep = interval '30 days' where noun = 'audit'")
        .await
        .unwrap();
    assert_eq!(tend(&place.database, "audit").await, done("0", "1"));
    assert_eq!(value(&place.database, left).await, "young");
}

#[tokio::test]
async fn a_table_that_is_busy_is_left_for_the_next_time_and_the_others_are_not() {
    let place = place().await;
    let day =
        value(&place.database, "select to_char(now() at time zone 'utc' + interval '7 days', 'YYYYMMDD')")
            .await;
    place.database.query(&format!("drop table audit_{day}; drop table feed_{day}")).await.unwrap();
    let url = place.database.url();
    let (held, tended) = tokio::join!(
        query(&url, "begin; lock table audit_default in access exclusive mode; select pg_sleep(4); commit"),
        async {
            let locked =
                "select count(*) from pg_locks where relation = 'audit_default'::regclass and granted";
            testbed::wait::until("the lock", std::time::Duration::from_secs(3), async || {
                if value(&place.database, locked).await == "0" { Err("not yet".to_owned()) } else { Ok(()) }
            })
            .await
            .unwrap();
            let sql = "select noun || ' ' || made || ' ' || (left_for_later is not null)::text
                         from argosy_tend_partitions() where noun in ('audit', 'feed') order by 1";
            query(&url, sql).await.unwrap()
        },
    );
    held.unwrap();
    let said: Vec<_> = tended.into_iter().map(|row| row[0].clone().unwrap()).collect();
    assert_eq!(said, ["audit 0 true", "feed 1 false"]);
    assert_eq!(tend(&place.database, "audit").await, done("1", "0"));
}

#[tokio::test]
async fn nobody_keeps_anything_for_less_than_a_day_and_only_an_operator_changes_it() {
    let place = place().await;
    let short = "update retention set keep = interval '1 hour' where noun = 'audit'";
    let error = format!("{:#}", place.database.query(short).await.unwrap_err());
    assert!(error.contains("retention_keep_check"), "{error}");
    let url = place.database.url_as("argosy_backend", PASSWORD);
    let change = "update retention set keep = interval '2 days' where noun = 'audit'";
    query(&url, change).await.unwrap();
    let keep = "select keep::text from retention where noun = 'audit'";
    assert_eq!(value(&place.database, keep).await, "90 days", "without the scope of the platform");
    query(&url, &format!("begin; set local argosy.platform = 'on'; {change}; commit")).await.unwrap();
    assert_eq!(value(&place.database, keep).await, "2 days");
}
