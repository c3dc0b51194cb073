//! How much a tenant may have: counted once, under every race, and a limit only stops growth.

use domain::access::{KeyScope, Role};
use store::Refused;
use store::tenants::WantedLimits;
use tokio::task::JoinSet;

use super::people::{call, key, operator, place, tenant, value};

fn keys(most: u32) -> WantedLimits {
    WantedLimits { api_keys: Some(most), ..WantedLimits::default() }
}

#[tokio::test]
async fn of_many_at_once_exactly_as_many_as_there_may_be_are_made() {
    let place = place().await;
    let acme = tenant(&place.store, "acme", "corp:ann").await;
    let operator = operator(&place.store).await;
    place.store.change_limits(&operator, acme.tenant(), (keys(3), &call("limit"))).await.unwrap().unwrap();

    let mut making = JoinSet::new();
    for _ in 0..12 {
        let (store, acme) = (place.store.clone(), acme.clone());
        making.spawn(async move {
            store.create_api_key(&acme, &key(Role::Viewer, &[KeyScope::Read]), &call("key")).await.unwrap()
        });
    }
    let answers = making.join_all().await;
    let full =
        answers.iter().filter(|answer| matches!(answer, Err(Refused::Quota { limit: "api_keys" }))).count();
    assert_eq!((answers.iter().filter(|answer| answer.is_ok()).count(), full), (3, 9), "{answers:?}");
    assert_eq!(
        value(&place.database, "select count(*) from api_keys where tenant_id is not null").await,
        "3"
    );
    assert_eq!(value(&place.database, "select api_keys from tenant_ledger").await, "3");
}

#[tokio::test]
async fn a_limit_below_what_is_there_takes_nothing_away_and_lets_it_shrink() {
    let place = place().await;
    let acme = tenant(&place.store, "acme", "corp:ann").await;
    let operator = operator(&place.store).await;
    let made = [(); 3].map(|()| key(Role::Viewer, &[KeyScope::Read]));
    for wanted in &made {
        place.store.create_api_key(&acme, wanted, &call("key")).await.unwrap().unwrap();
    }
    let limited =
        place.store.change_limits(&operator, acme.tenant(), (keys(1), &call("limit"))).await.unwrap();
    let limit = limited.unwrap().thing.limits.api_keys;
    assert_eq!((limit.used, limit.max), (3, 1));

    let more = async || {
        let answer =
            place.store.create_api_key(&acme, &key(Role::Viewer, &[KeyScope::Read]), &call("key")).await;
        answer.unwrap().map(|_| ())
    };
    let full = Err(Refused::Quota { limit: "api_keys" });
    for wanted in &made {
        assert_eq!(more().await, full);
        place.store.revoke_api_key(&acme, wanted.id, &call("end")).await.unwrap().unwrap();
    }
    assert_eq!(more().await, Ok(()));
    assert_eq!(more().await, full);
}

#[tokio::test]
async fn each_limit_is_named_when_it_is_reached() {
    let place = place().await;
    tenant(&place.store, "acme", "corp:ann").await;
    for limit in ["deployments", "environments", "repository_credentials", "api_keys", "open_operations"] {
        let full = format!("update tenant_ledger set {limit} = max_{limit} + 1");
        let error = format!("{:#}", place.database.query(&full).await.unwrap_err());
        assert!(error.contains(&format!("as many {limit} as")), "{error}");
        let below = format!("update tenant_ledger set {limit} = -1");
        let error = format!("{:#}", place.database.query(&below).await.unwrap_err());
        assert!(error.contains("tenant_ledger_counts_check"), "{error}");
    }
}
