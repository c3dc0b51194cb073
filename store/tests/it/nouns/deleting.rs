//! Taking environments and credentials down.

use serde_json::json;
use store::environments::Cascade;
use store::{Answer, Call, Condition, Done, Effect, Named, Refused, Would};

use super::ground::{Ground, SERVER, a_credential, an_environment, call, named};

const URL: &str = "https://git.example.com/org/app";

async fn delete(ground: &Ground, name: &str, cascade: Cascade, call: &Call) -> Answer<Done<Named>> {
    ground.store.delete_environment(&ground.access, &named(name), (cascade, call)).await
}

#[tokio::test]
async fn an_environment_that_no_engine_knows_is_gone_at_once() {
    let ground = Ground::new().await;
    ground.put(&an_environment("prod", json!({"server": SERVER, "token": "t"}))).await;
    let done = delete(&ground, "prod", Cascade::No, &call()).await.unwrap().unwrap();
    assert_eq!((done.effect, done.operation), (Effect::Deleted, None));
    assert_eq!(ground.one("select count(*) from environments").await, "0");
    assert_eq!(ground.one("select environments from tenant_ledger").await, "0");
    assert_eq!(ground.one("select change from feed order by position desc limit 1").await, "deleted");
    let again = delete(&ground, "prod", Cascade::No, &call()).await.unwrap().unwrap_err();
    assert_eq!(again, Refused::Absent { noun: "environment" });
}

#[tokio::test]
async fn an_environment_that_an_engine_knows_is_taken_down_and_its_name_is_free() {
    let ground = Ground::new().await;
    let made = ground.put(&an_environment("prod", json!({"server": SERVER, "token": "t"}))).await.thing;
    ground.place(made.id).await;
    ground.put(&an_environment("prod", json!({"server": SERVER, "token": "u"}))).await;
    let done = delete(&ground, "prod", Cascade::No, &call()).await.unwrap().unwrap();
    assert_eq!(done.effect, Effect::Deleting);
    assert_eq!(ground.open().await, ["connection_check due 2", "environment_take_down due 3"]);
    let again = delete(&ground, "prod", Cascade::No, &call()).await.unwrap().unwrap();
    assert_eq!((again.effect, again.operation), (Effect::Deleting, done.operation));
    assert!(ground.environment("prod").await.deleting);

    let new = ground.put(&an_environment("prod", json!({"server": SERVER, "token": "v"}))).await;
    assert_eq!(new.effect, Effect::Created);
    assert_ne!(new.thing.id, made.id);
    assert_eq!(ground.environment("prod").await.id, new.thing.id);
    assert_eq!(ground.one("select environments from tenant_ledger").await, "2");
}

#[tokio::test]
async fn an_environment_in_use_names_its_users_and_stays() {
    let ground = Ground::new().await;
    let made = ground.put(&an_environment("prod", json!({"server": SERVER, "token": "t"}))).await.thing;
    ground.deploy("web", made.id, URL).await;
    ground.deploy("api", made.id, URL).await;
    let refused = delete(&ground, "prod", Cascade::No, &call()).await.unwrap().unwrap_err();
    assert_eq!(
        refused,
        Refused::InUse { by: vec!["deployment api".to_owned(), "deployment web".to_owned()] }
    );
    assert!(!ground.environment("prod").await.deleting);
}

#[tokio::test]
async fn a_cascade_marks_the_environment_and_leaves_the_rest_to_the_sweep() {
    let ground = Ground::new().await;
    let made = ground.put(&an_environment("prod", json!({"server": SERVER, "token": "t"}))).await.thing;
    ground.place(made.id).await;
    ground.deploy("web", made.id, URL).await;
    ground.settle().await;
    let done = delete(&ground, "prod", Cascade::Yes, &call()).await.unwrap().unwrap();
    assert_eq!((done.effect, done.operation), (Effect::Deleting, None));
    assert_eq!(ground.one("select state, cascades from environments").await, "deleting t");
    assert_eq!(ground.open().await, [""; 0], "the parent goes last");
}

#[tokio::test]
async fn a_delete_has_conditions_and_can_be_tried_dry() {
    let ground = Ground::new().await;
    let made = ground.put(&an_environment("prod", json!({"server": SERVER, "token": "t"}))).await.thing;
    let mut other = made.version();
    other.generation.0 += 1;
    let stale = Call { condition: Condition::Is(vec![other]), ..call() };
    let refused = delete(&ground, "prod", Cascade::No, &stale).await.unwrap().unwrap_err();
    assert_eq!(refused, Refused::Condition { current: Some(made.generation) });
    let dry = Call { dry_run: true, ..call() };
    let would = delete(&ground, "prod", Cascade::No, &dry).await.unwrap().unwrap();
    assert_eq!(would.effect, Effect::WouldBe(Would::Delete));
    assert!(!ground.environment("prod").await.deleting);
}

#[tokio::test]
async fn a_credential_in_use_names_its_users_and_stays() {
    let ground = Ground::new().await;
    let made = ground.put(&an_environment("prod", json!({"server": SERVER, "token": "t"}))).await.thing;
    ground.deploy("web", made.id, URL).await;
    let body = |prefix: &str| json!({"prefix": prefix, "bearer": {"token": "t"}});
    ground.put_credential(&a_credential("org", body("https://git.example.com/org"))).await;
    ground.put_credential(&a_credential("idle", body("https://git.example.com/idle"))).await;
    let delete = async |name: &str| {
        ground.store.delete_repository_credential(&ground.access, &named(name), &call()).await.unwrap()
    };
    assert_eq!(delete("org").await.unwrap_err(), Refused::InUse { by: vec!["deployment web".to_owned()] });
    assert_eq!(delete("idle").await.unwrap().effect, Effect::Deleted);
    assert_eq!(ground.one("select name from repository_credentials").await, "org");
    assert_eq!(ground.one("select repository_credentials from tenant_ledger").await, "1");
}
