//! A wish that is repeated under its name is answered like the first time.

use serde_json::json;
use store::environments::Cascade;
use store::{Call, Effect, Idempotency, Refused};

use super::ground::{Ground, SERVER, a_credential, an_environment, call, named};

fn keyed(key: &str, body: u8) -> Call {
    let idempotency = Idempotency {
        key: key.to_owned(),
        method: "PUT",
        path: "/v1/tenants/acme/environments/prod".to_owned(),
        body: [body; 32],
    };
    Call { idempotency: Some(idempotency), ..call() }
}

#[tokio::test]
async fn a_repetition_does_nothing_and_holds_the_same_operation() {
    let ground = Ground::new().await;
    let wanted = an_environment("prod", json!({"server": SERVER, "token": "t"}));
    let put = async |call: Call| ground.store.put_environment(&ground.access, &wanted, &call).await.unwrap();
    let first = put(keyed("k", 1)).await.unwrap();
    // Somebody changes it in between: the repetition is not a change back.
    ground.put(&an_environment("prod", json!({"server": SERVER, "namespaces": ["x"]}))).await;
    let again = put(keyed("k", 1)).await.unwrap();
    assert_eq!((again.effect, again.operation), (Effect::Replayed { status: 202 }, first.operation));
    assert_eq!(again.thing.generation.0, 2);
    assert_eq!(put(keyed("k", 2)).await.unwrap_err(), Refused::KeyReused);
    assert_eq!(ground.one("select count(*) from audit").await, "2");
}

#[tokio::test]
async fn twins_at_the_same_time_do_it_once() {
    let ground = Ground::new().await;
    let wanted = an_environment("prod", json!({"server": SERVER, "token": "t"}));
    let put = async || {
        ground.store.put_environment(&ground.access, &wanted, &keyed("k", 1)).await.unwrap().unwrap()
    };
    let (one, two, three) = tokio::join!(put(), put(), put());
    let done = [one, two, three];
    assert_eq!(done.iter().filter(|done| done.effect == Effect::Created).count(), 1);
    assert!(done.iter().all(|other| other.operation == done[0].operation));
    assert_eq!(ground.one("select count(*) from audit").await, "1");
}

#[tokio::test]
async fn a_repeated_delete_is_answered_when_the_thing_is_gone() {
    let ground = Ground::new().await;
    ground.put(&an_environment("prod", json!({"server": SERVER, "token": "t"}))).await;
    let delete = async || {
        let call = keyed("k", 1);
        ground
            .store
            .delete_environment(&ground.access, &named("prod"), (Cascade::No, &call))
            .await
            .unwrap()
            .unwrap()
    };
    assert_eq!(delete().await.effect, Effect::Deleted);
    assert_eq!(delete().await.effect, Effect::Replayed { status: 204 });
}

#[tokio::test]
async fn credentials_are_made_once_too() {
    let ground = Ground::new().await;
    let body = json!({"prefix": "https://git.example.com/org", "bearer": {"token": "t"}});
    let wanted = a_credential("org", body);
    let put = async || {
        ground
            .store
            .put_repository_credential(&ground.access, &wanted, &keyed("k", 1))
            .await
            .unwrap()
            .unwrap()
    };
    assert_eq!(put().await.effect, Effect::Created);
    assert_eq!(put().await.effect, Effect::Replayed { status: 201 });
    assert_eq!(ground.one("select count(*) from audit").await, "1");
}
