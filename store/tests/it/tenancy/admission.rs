//! Who is let in, what it costs, and how soon somebody is out.

use std::time::Duration;

use domain::access::{PlatformRole, Power, Role};
use store::{Caller, Store};
use testbed::{Postgres, Proxy, wait};
use tokio::task::JoinSet;

use super::people::{call, member, named, operator, owner, person, place, principal, tenant};
use super::wire::Wire;
use crate::support::{self, PASSWORD};

const SOON: Duration = Duration::from_secs(10);

/// A process that hears what others change.
async fn hearing(store: &Store) -> JoinSet<()> {
    let mut tasks = JoinSet::new();
    let (ears, follows) = (store.clone(), store.clone());
    tasks.spawn(async move { ears.doorbell().listen(std::future::pending()).await });
    tasks.spawn(async move { follows.follow_access(std::future::pending()).await });
    wait::until("the process to hear", SOON, async || {
        if store.doorbell().hears() { Ok(()) } else { Err("deaf".to_owned()) }
    })
    .await
    .unwrap();
    tasks
}

/// Until this caller's admission asks nothing of the database.
async fn until_remembered(wire: &Wire, store: &Store, caller: &Caller) {
    wait::until("the admission to be remembered", SOON, async || {
        let _earlier = wire.asked();
        store.admit(caller, &named("acme")).await.unwrap().expect("a member");
        let asked = wire.asked();
        if asked.is_empty() { Ok(()) } else { Err(asked) }
    })
    .await
    .unwrap();
}

#[tokio::test]
async fn a_member_is_let_in_with_their_role_and_no_more() {
    let place = place().await;
    let acme = tenant(&place.store, "acme", "corp:ann").await;
    member(&place.store, &acme, "corp:dan", Role::Deployer).await;
    member(&place.store, &acme, "corp:vic", Role::Viewer).await;
    let table = [
        ("corp:ann", Power::Manage, (true, true, true)),
        ("corp:dan", Power::Deploy, (true, true, false)),
        ("corp:vic", Power::Read, (false, false, false)),
    ];
    for (who, power, may) in table {
        let admitted = place.store.admit(&person(who), &named("acme")).await.unwrap().expect(who);
        assert_eq!(admitted.power(), power, "{who}");
        let proofs = (admitted.syncer().is_some(), admitted.deployer().is_some(), admitted.owner().is_some());
        assert_eq!(proofs, may, "{who}");
        assert_eq!(admitted.viewer().principal(), who);
        assert_eq!(admitted.viewer().tenant(), acme.tenant());
        let by_id = named(&acme.tenant().to_string());
        assert!(place.store.admit(&person(who), &by_id).await.unwrap().is_some(), "{who} by id");
    }
}

#[tokio::test]
async fn the_greatest_role_of_oneself_and_ones_groups_counts() {
    let place = place().await;
    let acme = tenant(&place.store, "acme", "corp:ann").await;
    member(&place.store, &acme, "corp:bob", Role::Viewer).await;
    member(&place.store, &acme, "group:corp:dev", Role::Deployer).await;
    let bob = |groups: &[&str]| {
        Caller::of_token(principal("corp:bob"), groups.iter().map(|group| principal(group)).collect())
    };
    let role = async |caller: Caller| {
        place.store.admit(&caller, &named("acme")).await.unwrap().map(|in_| in_.role())
    };
    assert_eq!(role(bob(&[])).await, Some(Role::Viewer));
    assert_eq!(role(bob(&["group:corp:dev", "group:corp:all"])).await, Some(Role::Deployer));
    // The same name of another issuer is another group.
    assert_eq!(role(bob(&["group:other:dev"])).await, Some(Role::Viewer));
    // A person who is called like a group is not the group.
    assert_eq!(role(person("corp:dev")).await, None);
}

#[tokio::test]
async fn a_foreign_tenant_and_an_absent_one_answer_and_cost_the_same() {
    let postgres = Postgres::shared().await.unwrap();
    let database = support::migrated(&postgres).await;
    let wire = Wire::to(postgres.address()).await;
    let store = support::store(database.url_through(wire.port(), "argosy_backend", PASSWORD), 1);
    let _tasks = hearing(&support::store(database.url_as("argosy_backend", PASSWORD), 1)).await;
    let acme = tenant(&store, "acme", "corp:ann").await;
    let stranger = person("corp:eve");
    let absent = "018f2b5e-7c1d-7a4e-9b3a-5d0c1e2f3a4b".to_owned();
    // Once, so that the statement is known on the connection.
    assert!(store.admit(&stranger, &named("nowhere")).await.unwrap().is_none());

    let mut costs = Vec::new();
    for which in ["acme".to_owned(), "emca".to_owned(), acme.tenant().to_string(), absent] {
        for _again in 0..2 {
            let _earlier = wire.asked();
            assert!(store.admit(&stranger, &named(&which)).await.unwrap().is_none(), "{which}");
            costs.push(wire.asked());
        }
    }
    assert!(costs.iter().all(|cost| *cost == costs[0]), "{costs:?}");
    assert_eq!(costs[0], "QE", "one begin with its scope, one statement");
}

#[tokio::test]
async fn what_is_remembered_costs_nothing_and_is_forgotten_within_a_second() {
    let postgres = Postgres::shared().await.unwrap();
    let database = support::migrated(&postgres).await;
    let wire = Wire::to(postgres.address()).await;
    let mut args = support::args(database.url_through(wire.port(), "argosy_backend", PASSWORD), 2);
    args.direct_database_url = Some(database.url_as("argosy_backend", PASSWORD).into());
    let (here, elsewhere) =
        (args.open("here").unwrap(), support::store(database.url_as("argosy_backend", PASSWORD), 2));
    let acme = tenant(&elsewhere, "acme", "corp:ann").await;
    member(&elsewhere, &acme, "corp:dan", Role::Deployer).await;
    let _tasks = hearing(&here).await;
    let dan = person("corp:dan");
    until_remembered(&wire, &here, &dan).await;

    // Another process takes a role down: this one knows.
    member(&elsewhere, &acme, "corp:dan", Role::Viewer).await;
    let within = Duration::from_secs(1);
    wait::until("the new role", within, async || {
        let admitted = here.admit(&dan, &named("acme")).await.unwrap().expect("still a member");
        if admitted.role() == Role::Viewer { Ok(()) } else { Err("still a deployer".to_owned()) }
    })
    .await
    .unwrap();

    until_remembered(&wire, &here, &dan).await;
    elsewhere.remove_member(&owner(&acme), &principal("corp:dan"), &call("out")).await.unwrap().unwrap();
    wait::until("nobody to be let in", within, async || {
        match here.admit(&dan, &named("acme")).await.unwrap() {
            None => Ok(()),
            Some(_) => Err("still let in".to_owned()),
        }
    })
    .await
    .unwrap();
}

#[tokio::test]
async fn a_process_that_hears_nothing_remembers_nothing() {
    let postgres = Postgres::shared().await.unwrap();
    let database = support::migrated(&postgres).await;
    let wire = Wire::to(postgres.address()).await;
    let ears = Proxy::to(postgres.address()).unwrap();
    let mut args = support::args(database.url_through(wire.port(), "argosy_backend", PASSWORD), 2);
    args.direct_database_url = Some(database.url_through(ears.port(), "argosy_backend", PASSWORD).into());
    let here = args.open("here").unwrap();
    let acme = tenant(&here, "acme", "corp:ann").await;
    let ann = person("corp:ann");

    // Nobody listens yet: every admission asks.
    for _ in 0..3 {
        let _earlier = wire.asked();
        here.admit(&ann, &named("acme")).await.unwrap().expect("a member");
        assert_ne!(wire.asked(), "");
    }
    let _tasks = hearing(&here).await;
    until_remembered(&wire, &here, &ann).await;

    ears.cut();
    wait::until("deafness to be noticed", SOON, async || {
        if here.doorbell().hears() { Err("it still hears".to_owned()) } else { Ok(()) }
    })
    .await
    .unwrap();
    let _earlier = wire.asked();
    here.admit(&ann, &named("acme")).await.unwrap().expect("a member");
    assert_ne!(wire.asked(), "", "what was remembered was served though nobody listens");

    // While it was deaf somebody was removed; back again, it does not believe what it knew before.
    member(&here, &acme, "corp:bob", Role::Owner).await;
    here.remove_member(&owner(&acme), &principal("corp:ann"), &call("out")).await.unwrap().unwrap();
    ears.heal();
    wait::until("it to hear again", SOON, async || {
        if here.doorbell().hears() { Ok(()) } else { Err("deaf".to_owned()) }
    })
    .await
    .unwrap();
    assert!(here.admit(&ann, &named("acme")).await.unwrap().is_none());
}

#[tokio::test]
async fn an_operator_is_one_by_a_row_and_of_nothing_else() {
    let place = place().await;
    let access = operator(&place.store).await;
    let roles = [
        ("corp:olga", PlatformRole::Operator, (true, true, false)),
        ("corp:ada", PlatformRole::Auditor, (false, true, false)),
        ("corp:fred", PlatformRole::Founder, (false, false, true)),
    ];
    for (who, role, may) in roles {
        let wish = (&principal(who), role);
        place.store.put_platform_member(&access, wish, &call("let in")).await.unwrap().unwrap();
        let caller = person(who);
        let proofs = (
            place.store.admit_operator(&caller).await.unwrap().is_some(),
            place.store.admit_auditor(&caller).await.unwrap().is_some(),
            place.store.admit_founder(&caller).await.unwrap().is_some(),
        );
        assert_eq!(proofs, may, "{who}");
    }
    // Neither an owner of a tenant nor a stranger is anything to the platform, nor is an operator in a tenant.
    tenant(&place.store, "acme", "corp:ann").await;
    for nobody in ["corp:ann", "corp:eve"] {
        assert!(place.store.platform_roles(&person(nobody)).await.unwrap().is_empty(), "{nobody}");
    }
    assert!(place.store.admit(&person("corp:olga"), &named("acme")).await.unwrap().is_none());

    let gone = &principal("corp:olga");
    place.store.remove_platform_member(&access, gone, &call("out")).await.unwrap().unwrap();
    assert!(place.store.admit_operator(&person("corp:olga")).await.unwrap().is_none());
    let again = place.store.remove_platform_member(&access, gone, &call("out")).await.unwrap();
    assert!(again.is_err(), "who is gone cannot go");
}
