//! Members come, change, and go; but the last owner stays.

use domain::access::{KeyScope, Role};
use domain::ids::Generation;
use store::{Call, Condition, Effect, Refused, Would};

use super::people::{call, holder, key, member, named, owner, person, place, principal, tenant, value};

fn is_last_owner<T: std::fmt::Debug>(answer: &Result<T, Refused>) -> bool {
    matches!(answer, Err(Refused::State { code: "last_owner", .. }))
}

#[tokio::test]
async fn members_come_change_and_go() {
    let place = place().await;
    let acme = tenant(&place.store, "acme", "corp:ann").await;
    let (ann, dan) = (owner(&acme), principal("corp:dan"));

    let put = async |role| place.store.put_member(&ann, (&dan, role), &call("put")).await.unwrap().unwrap();
    let made = put(Role::Viewer).await;
    assert_eq!((made.effect, made.thing.generation), (Effect::Created, Generation(1)));
    let changed = put(Role::Deployer).await;
    assert_eq!((changed.effect, changed.thing.generation), (Effect::Changed, Generation(2)));
    let before = value(&place.database, "select count(*) from audit").await;
    assert_eq!(put(Role::Deployer).await.effect, Effect::Unchanged);
    assert_eq!(value(&place.database, "select count(*) from audit").await, before, "nothing was done");

    let page = place.store.members(&ann, (None, 1)).await.unwrap();
    assert_eq!(
        (page.items[0].principal.as_str(), page.next.clone()),
        ("corp:ann", Some(principal("corp:ann")))
    );
    let page = place.store.members(&ann, (page.next.as_ref(), 1)).await.unwrap();
    assert_eq!((page.items[0].principal.as_str(), page.next), ("corp:dan", None));

    let gone = place.store.remove_member(&ann, &dan, &call("out")).await.unwrap().unwrap();
    assert_eq!(gone.effect, Effect::Deleted);
    assert_eq!(place.store.member(&ann, &dan).await.unwrap(), Err(Refused::Absent { noun: "member" }));
    let again = place.store.remove_member(&ann, &dan, &call("out")).await.unwrap();
    assert_eq!(again.map(|_| ()), Err(Refused::Absent { noun: "member" }));

    let told = "select string_agg(action, ',' order by at, place) from audit where noun = 'member'";
    assert_eq!(value(&place.database, told).await, "member.put,member.put,member.delete");
    let fed = "select string_agg(change, ',' order by position) from feed where noun = 'member'";
    assert_eq!(value(&place.database, fed).await, "created,changed,deleted");
}

#[tokio::test]
async fn the_last_owner_neither_goes_nor_becomes_less() {
    let place = place().await;
    let acme = tenant(&place.store, "acme", "corp:ann").await;
    let (ann, me) = (owner(&acme), principal("corp:ann"));
    let go = async || place.store.remove_member(&ann, &me, &call("out")).await.unwrap().map(|_| ());
    let step_down = async || {
        place.store.put_member(&ann, (&me, Role::Deployer), &call("down")).await.unwrap().map(|_| ())
    };
    member(&place.store, &acme, "corp:dan", Role::Deployer).await;
    assert!(is_last_owner(&go().await));
    assert!(is_last_owner(&step_down().await));

    member(&place.store, &acme, "group:corp:admins", Role::Owner).await;
    assert_eq!(step_down().await, Ok(()));
    assert_eq!(go().await, Ok(()));
}

#[tokio::test]
async fn two_owners_that_remove_each_other_at_once_leave_one() {
    let place = place().await;
    for round in 0..15 {
        let name = format!("acme-{round}");
        let acme = tenant(&place.store, &name, "corp:ann").await;
        member(&place.store, &acme, "corp:bob", Role::Owner).await;
        let bob = place.store.admit(&person("corp:bob"), &named(&name)).await.unwrap().unwrap();
        let (anns, bobs) = (owner(&acme), owner(&bob));
        let (ann, bob, call) = (principal("corp:ann"), principal("corp:bob"), call("out"));
        let (one, other) = tokio::join!(
            place.store.remove_member(&anns, &bob, &call),
            place.store.remove_member(&bobs, &ann, &call),
        );
        let (one, other) = (one.unwrap().map(|_| ()), other.unwrap().map(|_| ()));
        assert!(one.is_ok() != other.is_ok(), "{one:?} {other:?}");
        assert!(is_last_owner(&one.and(other)));
        let left = format!("select count(*) from members where tenant_id = '{}'", acme.tenant());
        assert_eq!(value(&place.database, &left).await, "1");
    }
}

#[tokio::test]
async fn with_a_member_the_keys_that_stand_on_them_go() {
    let place = place().await;
    let acme = tenant(&place.store, "acme", "corp:ann").await;
    member(&place.store, &acme, "corp:dan", Role::Deployer).await;
    let dan = place.store.admit(&person("corp:dan"), &named("acme")).await.unwrap().unwrap();
    let (theirs, ours) = (key(Role::Deployer, &[KeyScope::Deploy]), key(Role::Viewer, &[KeyScope::Read]));
    place.store.create_api_key(&dan, &theirs, &call("key")).await.unwrap().unwrap();
    place.store.create_api_key(&acme, &ours, &call("key")).await.unwrap().unwrap();
    let counted = "select api_keys from tenant_ledger";
    assert_eq!(value(&place.database, counted).await, "2");

    let dan = principal("corp:dan");
    place.store.remove_member(&owner(&acme), &dan, &call("out")).await.unwrap().unwrap();
    assert!(holder(&place.store, &theirs).await.is_none(), "it dies with its owner");
    assert!(holder(&place.store, &ours).await.is_some());
    assert_eq!(value(&place.database, counted).await, "1");

    // Who comes back comes back without them.
    member(&place.store, &acme, "corp:dan", Role::Deployer).await;
    assert!(holder(&place.store, &theirs).await.is_none());
}

#[tokio::test]
async fn a_key_is_no_member_and_conditions_hold() {
    let place = place().await;
    let acme = tenant(&place.store, "acme", "corp:ann").await;
    let ann = owner(&acme);
    let key = principal("key:018f2b5e-7c1d-7a4e-9b3a-5d0c1e2f3a4b");
    let refused = place.store.put_member(&ann, (&key, Role::Owner), &call("put")).await.unwrap();
    assert!(matches!(refused, Err(Refused::Fields(_))), "{refused:?}");

    let dan = principal("corp:dan");
    let only_new = Call { condition: Condition::Absent, ..call("put") };
    let dry = Call { dry_run: true, ..call("put") };
    let would = place.store.put_member(&ann, (&dan, Role::Viewer), &dry).await.unwrap().unwrap();
    assert_eq!(would.effect, Effect::WouldBe(Would::Create));
    assert!(place.store.member(&ann, &dan).await.unwrap().is_err(), "a dry run made somebody a member");
    place.store.put_member(&ann, (&dan, Role::Viewer), &only_new).await.unwrap().unwrap();
    let twice = place.store.put_member(&ann, (&dan, Role::Owner), &only_new).await.unwrap();
    assert_eq!(twice.map(|_| ()), Err(Refused::Condition { current: Some(Generation(1)) }));
}
