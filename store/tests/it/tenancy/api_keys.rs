//! API keys: what they open, for how long, and that they never grow.

use domain::access::{KeyScope, PlatformRole, Power, Role};
use domain::ids::ApiKeyId;
use domain::text::DisplayName;
use jiff::SignedDuration;
use store::api_keys::{NewApiKey, NewOperatorKey};
use store::{Admitted, Caller, Effect, Refused, Store};
use uuid::Uuid;

use super::people::{
    Place, call, holder, key, member, named, operator, owner, person, place, principal, tenant, value,
};

async fn made(store: &Store, by: &Admitted, wanted: &NewApiKey) -> Caller {
    store.create_api_key(by, wanted, &call("key")).await.unwrap().unwrap();
    holder(store, wanted).await.expect("a new key is good")
}

async fn power(store: &Store, caller: &Caller) -> Option<Power> {
    store.admit(caller, &named("acme")).await.unwrap().map(|admitted| admitted.power())
}

async fn acme() -> (Place, Admitted) {
    let place = place().await;
    let acme = tenant(&place.store, "acme", "corp:ann").await;
    (place, acme)
}

#[tokio::test]
async fn a_key_opens_its_own_tenant_as_far_as_its_scopes_say() {
    let (place, acme) = acme().await;
    // Its maker is in another tenant too; the key is not.
    tenant(&place.store, "globex", "corp:ann").await;
    for (scopes, expected) in [
        (&[KeyScope::Read][..], Power::Read),
        (&[KeyScope::Read, KeyScope::Sync], Power::Sync),
        (&[KeyScope::Deploy], Power::Deploy),
        (&[KeyScope::Manage], Power::Manage),
    ] {
        let caller = made(&place.store, &acme, &key(Role::Owner, scopes)).await;
        assert_eq!(power(&place.store, &caller).await, Some(expected), "{scopes:?}");
        assert!(place.store.admit(&caller, &named("globex")).await.unwrap().is_none());
        assert!(place.store.platform_roles(&caller).await.unwrap().is_empty());
        let mine = store::Page { after: None, limit: 10 };
        let names: Vec<_> = place.store.my_tenants(&caller, &mine).await.unwrap().items;
        assert_eq!(names.iter().map(|one| one.name.as_str()).collect::<Vec<_>>(), ["acme"]);
    }
}

#[tokio::test]
async fn a_wrong_secret_opens_nothing_and_neither_does_an_unknown_key() {
    let (place, acme) = acme().await;
    let good = key(Role::Viewer, &[KeyScope::Read]);
    made(&place.store, &acme, &good).await;
    let mut nearly = good.hash;
    nearly[31] ^= 1;
    assert!(place.store.authenticate_key(good.id, &nearly).await.unwrap().is_none());
    assert!(place.store.authenticate_key(ApiKeyId(Uuid::new_v4()), &good.hash).await.unwrap().is_none());
    assert!(place.store.authenticate_key(good.id, &good.hash).await.unwrap().is_some());
}

#[tokio::test]
async fn a_key_that_is_revoked_or_expired_is_nothing() {
    let (place, acme) = acme().await;
    let (revoked, expired) = (key(Role::Viewer, &[KeyScope::Read]), key(Role::Viewer, &[KeyScope::Read]));
    made(&place.store, &acme, &revoked).await;
    made(&place.store, &acme, &expired).await;
    let gone = place.store.revoke_api_key(&acme, revoked.id, &call("end")).await.unwrap().unwrap();
    assert_eq!(gone.effect, Effect::Deleted);
    assert!(gone.thing.unwrap().revoked_at.is_some());
    let again = place.store.revoke_api_key(&acme, revoked.id, &call("end")).await.unwrap().unwrap();
    assert_eq!(again.effect, Effect::Unchanged);
    let past = format!("update api_keys set expires_at = now() - interval '1 s' where id = '{}'", expired.id);
    place.database.query(&past).await.unwrap();
    for nothing in [&revoked, &expired] {
        assert!(holder(&place.store, nothing).await.is_none());
    }
    assert_eq!(value(&place.database, "select api_keys from tenant_ledger").await, "1");
}

#[tokio::test]
async fn a_key_never_may_more_than_whoever_vouches_for_it() {
    let (place, acme) = acme().await;
    member(&place.store, &acme, "corp:dan", Role::Deployer).await;
    let dan = place.store.admit(&person("corp:dan"), &named("acme")).await.unwrap().unwrap();
    for (role, scopes) in [(Role::Owner, KeyScope::Read), (Role::Deployer, KeyScope::Manage)] {
        let refused = place.store.create_api_key(&dan, &key(role, &[scopes]), &call("key")).await.unwrap();
        assert!(matches!(refused, Err(Refused::Fields(_))), "{role} {scopes}: {refused:?}");
    }
    let caller = made(&place.store, &dan, &key(Role::Deployer, &[KeyScope::Deploy])).await;
    assert_eq!(power(&place.store, &caller).await, Some(Power::Deploy));

    member(&place.store, &acme, "corp:dan", Role::Viewer).await;
    assert_eq!(power(&place.store, &caller).await, Some(Power::Read));
    // What the admission knew is not what counts: dan is a viewer now.
    let stale = place
        .store
        .create_api_key(&dan, &key(Role::Deployer, &[KeyScope::Deploy]), &call("key"))
        .await
        .unwrap();
    assert!(matches!(stale, Err(Refused::Fields(_))), "{stale:?}");
    member(&place.store, &acme, "corp:dan", Role::Owner).await;
    assert_eq!(power(&place.store, &caller).await, Some(Power::Deploy), "it grew with its owner");
}

#[tokio::test]
async fn a_key_cannot_make_keys() {
    let (place, acme) = acme().await;
    let caller = made(&place.store, &acme, &key(Role::Owner, &[KeyScope::Manage])).await;
    let admitted = place.store.admit(&caller, &named("acme")).await.unwrap().unwrap();
    let child = key(Role::Viewer, &[KeyScope::Read]);
    let refused = place.store.create_api_key(&admitted, &child, &call("key")).await.unwrap();
    assert!(matches!(refused, Err(Refused::Forbidden { .. })), "{refused:?}");
    assert!(holder(&place.store, &child).await.is_none());
}

#[tokio::test]
async fn everybody_sees_and_ends_their_own_keys_and_an_owner_all() {
    let (place, acme) = acme().await;
    member(&place.store, &acme, "corp:dan", Role::Deployer).await;
    let dan = place.store.admit(&person("corp:dan"), &named("acme")).await.unwrap().unwrap();
    let (theirs, mine) = (key(Role::Viewer, &[KeyScope::Read]), key(Role::Owner, &[KeyScope::Read]));
    let their_caller = made(&place.store, &dan, &theirs).await;
    made(&place.store, &acme, &mine).await;

    assert_eq!(place.store.api_keys(&acme, (None, 10)).await.unwrap().items.len(), 2);
    let seen = place.store.api_keys(&dan, (None, 10)).await.unwrap().items;
    assert_eq!(seen.iter().map(|key| key.id).collect::<Vec<_>>(), [theirs.id]);
    let refused = place.store.revoke_api_key(&dan, mine.id, &call("end")).await.unwrap();
    assert_eq!(refused.map(|_| ()), Err(Refused::Absent { noun: "api_key" }));
    // A key that is found where it should not be can end itself.
    let itself = place.store.admit(&their_caller, &named("acme")).await.unwrap().unwrap();
    place.store.revoke_api_key(&itself, theirs.id, &call("end")).await.unwrap().unwrap();
    assert!(holder(&place.store, &theirs).await.is_none());
}

#[tokio::test]
async fn a_use_is_written_down_later_and_to_the_hour() {
    let (place, acme) = acme().await;
    let used = key(Role::Viewer, &[KeyScope::Read]);
    made(&place.store, &acme, &used).await;
    let last = "select coalesce(last_used_at = date_trunc('hour', now()), false)::text from api_keys where tenant_id is not null";
    assert_eq!(value(&place.database, last).await, "false", "a use is no write");
    let job = place.store.platform_access();
    place.store.record_key_uses(&job).await.unwrap();
    assert_eq!(value(&place.database, last).await, "true");

    // Nothing was used since: nothing is asked.
    place.database.query("alter table api_keys rename to not_there").await.unwrap();
    place.store.record_key_uses(&job).await.expect("no statement");
}

#[tokio::test]
async fn a_key_that_expires_is_made_for_later_only() {
    let (place, acme) = acme().await;
    let now: jiff::Timestamp =
        value(&place.database, "select to_char(now() at time zone 'utc', 'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"')")
            .await
            .parse()
            .unwrap();
    let until = |hours| NewApiKey {
        expires_at: Some(now + SignedDuration::from_hours(hours)),
        ..key(Role::Viewer, &[KeyScope::Read])
    };
    let refused = place.store.create_api_key(&acme, &until(-1), &call("key")).await.unwrap();
    let Err(Refused::Fields(errors)) = refused else { panic!("{refused:?}") };
    assert_eq!(errors[0].pointer.as_str(), "/expiresAt");
    let caller = made(&place.store, &acme, &until(1)).await;
    assert_eq!(power(&place.store, &caller).await, Some(Power::Read));
}

#[tokio::test]
async fn an_operators_key_opens_the_platform_and_no_tenant() {
    let (place, _acme) = acme().await;
    let access = operator(&place.store).await;
    let wanted = NewOperatorKey {
        id: ApiKeyId(Uuid::new_v4()),
        hash: [9; 32],
        name: DisplayName::parse("grafana").unwrap(),
        role: PlatformRole::Auditor,
        expires_at: None,
    };
    place.store.create_operator_key(&place.store.platform_access(), &wanted).await.unwrap();
    let caller = place.store.authenticate_key(wanted.id, &wanted.hash).await.unwrap().unwrap();
    assert!(place.store.admit_auditor(&caller).await.unwrap().is_some());
    assert!(place.store.admit_operator(&caller).await.unwrap().is_none());
    assert!(place.store.admit(&caller, &named("acme")).await.unwrap().is_none());
    let shown = place.store.operator_keys(&access).await.unwrap();
    assert!(shown.iter().any(|key| key.id == wanted.id && key.role == PlatformRole::Auditor), "{shown:?}");

    place.store.revoke_operator_key(&access, wanted.id, &call("end")).await.unwrap().unwrap();
    assert!(place.store.authenticate_key(wanted.id, &wanted.hash).await.unwrap().is_none());
    let told = "select string_agg(action, ',' order by at, place) from audit where resource_name = 'grafana' or action like '%revoke'";
    assert_eq!(value(&place.database, told).await, "operator_key.create,operator_key.revoke");
}

#[tokio::test]
async fn the_owner_of_a_group_vouches_as_the_group() {
    let place = place().await;
    let acme = tenant(&place.store, "acme", "group:corp:admins").await;
    let wanted = key(Role::Owner, &[KeyScope::Read]);
    let caller = made(&place.store, &acme, &wanted).await;
    assert_eq!(power(&place.store, &caller).await, Some(Power::Read));
    member(&place.store, &acme, "corp:bob", Role::Owner).await;
    let group = principal("group:corp:admins");
    place.store.remove_member(&owner(&acme), &group, &call("out")).await.unwrap().unwrap();
    assert!(holder(&place.store, &wanted).await.is_none());
}
