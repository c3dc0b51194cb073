//! A wish with a name is done once, and answered the same however often it is asked.

use domain::access::{KeyScope, Role};
use domain::text::{DisplayName, Name};
use store::tenants::NewTenant;
use store::{Call, Effect, Idempotency, Refused};
use testbed::postgres::query;

use super::people::{call, key, operator, owner, place, principal, tenant, value};

fn under(key: &str, path: &str, body: u8) -> Call {
    let (key, path) = (key.to_owned(), path.to_owned());
    Call {
        idempotency: Some(Idempotency { key, method: "PUT", path, body: [body; 32] }),
        ..call("with a key")
    }
}

const PATH: &str = "/v1/tenants/acme/members/corp:dan";

#[tokio::test]
async fn a_repetition_is_answered_like_the_first_time_and_does_nothing() {
    let place = place().await;
    let acme = tenant(&place.store, "acme", "corp:ann").await;
    let (ann, dan) = (owner(&acme), principal("corp:dan"));
    let put = async |role, call: Call| {
        place
            .store
            .put_member(&ann, (&dan, role), &call)
            .await
            .unwrap()
            .map(|done| (done.effect, done.thing.role))
    };
    let first = put(Role::Viewer, under("k1", PATH, 1)).await;
    assert_eq!(first, Ok((Effect::Created, Role::Viewer)));
    // Somebody changes it in between; the repetition changes nothing back.
    put(Role::Deployer, call("without")).await.unwrap();
    let again = put(Role::Viewer, under("k1", PATH, 1)).await;
    assert_eq!(again, Ok((Effect::Replayed { status: 201 }, Role::Deployer)));
    assert_eq!(value(&place.database, "select count(*) from idempotency_keys").await, "1");

    for other in [under("k1", PATH, 2), under("k1", "/v1/tenants/acme/members/corp:eve", 1)] {
        assert_eq!(put(Role::Viewer, other).await, Err(Refused::KeyReused));
    }
    assert_eq!(put(Role::Viewer, under("k2", PATH, 1)).await, Ok((Effect::Changed, Role::Viewer)));
}

#[tokio::test]
async fn the_same_word_of_two_callers_is_two_keys() {
    let place = place().await;
    let acme = tenant(&place.store, "acme", "corp:ann").await;
    super::people::member(&place.store, &acme, "corp:bob", Role::Owner).await;
    let bob = super::people::person("corp:bob");
    let bob = place.store.admit(&bob, &super::people::named("acme")).await.unwrap().unwrap();
    let dan = principal("corp:dan");
    for (by, expected) in [(owner(&acme), Effect::Created), (owner(&bob), Effect::Unchanged)] {
        let call = under("same", PATH, 1);
        let done = place.store.put_member(&by, (&dan, Role::Viewer), &call).await.unwrap().unwrap();
        assert_eq!(done.effect, expected);
    }
}

#[tokio::test]
async fn what_is_refused_is_not_remembered() {
    let place = place().await;
    let acme = tenant(&place.store, "acme", "corp:ann").await;
    let (ann, me) = (owner(&acme), principal("corp:ann"));
    let call = under("k", "/v1/tenants/acme/members/corp:ann", 1);
    let go = async || place.store.remove_member(&ann, &me, &call).await.unwrap().map(|done| done.effect);
    assert!(matches!(go().await, Err(Refused::State { code: "last_owner", .. })));
    super::people::member(&place.store, &acme, "corp:bob", Role::Owner).await;
    assert_eq!(go().await, Ok(Effect::Deleted));
    assert_eq!(go().await, Ok(Effect::Replayed { status: 204 }));
}

#[tokio::test]
async fn a_twin_waits_and_gets_the_same_answer() {
    let place = place().await;
    let acme = tenant(&place.store, "acme", "corp:ann").await;
    let wanted = [(); 6].map(|()| key(Role::Viewer, &[KeyScope::Read]));
    let call = under("k", "/v1/tenants/acme/api-keys", 1);
    let mut asking = tokio::task::JoinSet::new();
    for wanted in wanted {
        let (store, acme, call) = (place.store.clone(), acme.clone(), call.clone());
        asking.spawn(async move { store.create_api_key(&acme, &wanted, &call).await.unwrap().unwrap() });
    }
    let answers = asking.join_all().await;
    let made: Vec<_> = answers.iter().filter(|done| done.effect == Effect::Created).collect();
    let replayed = answers.iter().filter(|done| done.effect == Effect::Replayed { status: 201 }).count();
    assert_eq!((made.len(), replayed), (1, 5));
    assert!(answers.iter().all(|done| done.thing.id == made[0].thing.id));
    assert_eq!(
        value(&place.database, "select count(*) from api_keys where tenant_id is not null").await,
        "1"
    );
}

#[tokio::test]
async fn a_twin_that_waits_too_long_is_told_that_the_first_is_under_way() {
    let place = place().await;
    let acme = tenant(&place.store, "acme", "corp:ann").await;
    let (ann, dan) = (owner(&acme), principal("corp:dan"));
    let url = place.database.url();
    let twin = "begin; select argosy_replay('corp:ann', 'k'); select pg_sleep(4); rollback";
    let (held, answer) = tokio::join!(query(&url, twin), async {
        let locked = "select count(*) from pg_locks where locktype = 'advisory' and granted
                       and database = (select oid from pg_database where datname = current_database())";
        testbed::wait::until("the twin", std::time::Duration::from_secs(3), async || {
            if value(&place.database, locked).await == "0" { Err("not yet".to_owned()) } else { Ok(()) }
        })
        .await
        .unwrap();
        let begun = std::time::Instant::now();
        let answer = place.store.put_member(&ann, (&dan, Role::Viewer), &under("k", PATH, 1)).await.unwrap();
        (answer.map(|_| ()), begun.elapsed())
    });
    held.unwrap();
    let (answer, waited) = answer;
    assert_eq!(answer, Err(Refused::InProgress));
    assert!((1900..3500).contains(&waited.as_millis()), "{waited:?}");
    // The twin was rolled back: the wish is new.
    let now =
        place.store.put_member(&ann, (&dan, Role::Viewer), &under("k", PATH, 1)).await.unwrap().unwrap();
    assert_eq!(now.effect, Effect::Created);
}

#[tokio::test]
async fn a_key_is_forgotten_after_a_day() {
    let place = place().await;
    let operator = operator(&place.store).await;
    let wanted = NewTenant {
        name: Name::chosen("acme").unwrap(),
        display_name: DisplayName::parse("").unwrap(),
        owner: principal("corp:ann"),
    };
    let call = under("k", "/v1/tenants", 1);
    let make =
        async || place.store.create_tenant(&operator, &wanted, &call).await.unwrap().map(|done| done.effect);
    assert_eq!(make().await, Ok(Effect::Created));
    assert_eq!(make().await, Ok(Effect::Replayed { status: 201 }));
    place
        .database
        .query("update idempotency_keys set made_at = made_at - interval '25 hours'")
        .await
        .unwrap();
    assert!(matches!(make().await, Err(Refused::State { code: "name_taken", .. })));
}
