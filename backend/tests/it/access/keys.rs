//! API keys at the door: a good one is somebody, and nothing is said about a bad one.

use backend::access::{Denied, create_operator_key};
use domain::access::PlatformRole;
use store::Store;
use testbed::{Database, Postgres};

use super::door::{Door, no_database};
use crate::support::{PASSWORD, migrated};

async fn ground() -> (Database, Store) {
    let postgres = Postgres::shared().await.unwrap();
    let database = migrated(&postgres).await;
    let args = store::Args {
        database_url: Some(database.url_as("argosy_backend", PASSWORD).into()),
        direct_database_url: None,
        database_password_file: None,
        database_connections: 4,
        database_acquire_timeout: std::time::Duration::from_secs(5),
    };
    let store = args.open("access-test").unwrap();
    (database, store)
}

#[tokio::test]
async fn an_operators_key_is_made_on_the_database_and_runs_the_platform() {
    let (database, store) = ground().await;
    let key = create_operator_key(&store, "first", (PlatformRole::Operator, None)).await.unwrap();
    let door = Door::with(store.clone(), &[]);
    let caller = door.show(key.expose()).await.unwrap();
    assert!(caller.is_key());
    assert!(store.admit_operator(&caller).await.unwrap().is_some());

    // Nothing of it is in the database but its id.
    let secret = &key.expose()["argosy_".len() + 33..];
    let rows = database
        .query("select to_jsonb(k)::text from api_keys k union all select to_jsonb(a)::text from audit a");
    for row in rows.await.unwrap() {
        assert!(!row[0].as_ref().unwrap().contains(&secret[..16]), "{row:?}");
    }
    let unnamed = create_operator_key(&store, "two\nlines", (PlatformRole::Operator, None)).await;
    assert!(unnamed.is_err());
    let founder = create_operator_key(&store, "founder", (PlatformRole::Founder, None)).await.err().unwrap();
    assert!(founder.to_string().contains("a founder is a person"), "{founder}");
}

#[tokio::test]
async fn nothing_is_said_about_which_part_of_a_key_is_wrong() {
    let (_database, store) = ground().await;
    let key = create_operator_key(&store, "first", (PlatformRole::Operator, None)).await.unwrap();
    let unknown =
        create_operator_key(&ground().await.1, "elsewhere", (PlatformRole::Operator, None)).await.unwrap();
    let door = Door::with(store, &[]);
    let good = key.expose();
    let mut bad: Vec<String> = (7..good.len()).step_by(5).map(|at| flipped(good, at)).collect();
    bad.extend([
        good[..good.len() - 1].to_owned(),
        format!("{good}0"),
        "argosy_".to_owned(),
        good.to_uppercase(),
    ]);
    // Well formed: another database's, and ours with the secret of another, by a checksum that fits.
    bad.push(unknown.expose().clone());
    bad.push(resealed(good, unknown.expose()));
    let mut said: Vec<String> = Vec::new();
    for key in bad.iter().filter(|key| key.starts_with("argosy_")) {
        let denied = door.show(key).await.expect_err(key);
        assert!(matches!(denied, Denied::Refused(_)), "{denied:?}");
        said.push(format!("{denied} {:?}", denied.challenge()));
    }
    said.dedup();
    assert_eq!(said.len(), 1, "{said:?}");
    door.show(good).await.unwrap();
}

#[tokio::test]
async fn without_a_database_a_key_is_not_refused_but_unknown() {
    let (_database, store) = ground().await;
    let key = create_operator_key(&store, "first", (PlatformRole::Operator, None)).await.unwrap();
    let door = Door::with(no_database(), &[]);
    let denied = door.show(key.expose()).await.unwrap_err();
    assert!(matches!(denied, Denied::Store(_)), "{denied:?}");
    assert!(denied.challenge().is_none());
}

/// The same with one digit another.
fn flipped(key: &str, at: usize) -> String {
    let mut bytes = key.as_bytes().to_vec();
    bytes[at] = if bytes[at] == b'0' { b'1' } else { b'0' };
    String::from_utf8(bytes).unwrap()
}

/// The id of one key with the secret of another, as somebody who knows how keys are written would make it.
fn resealed(one: &str, other: &str) -> String {
    use domain::access::ApiKey;
    let (one, other) = (ApiKey::parse(one).unwrap(), ApiKey::parse(other).unwrap());
    ApiKey { id: one.id, secret: other.secret }.text().expose().clone()
}
