//! Tenants are made, renamed and taken down.

use domain::text::{DisplayName, Name};
use store::tenants::{NewTenant, TenantCascade};
use store::{Call, Caller, Condition, Effect, Page, Refused, Would};

use super::people::{call, named, operator, owner, person, place, principal, tenant, value};

fn new(name: &str) -> NewTenant {
    NewTenant {
        name: Name::chosen(name).unwrap(),
        display_name: DisplayName::parse("The Company").unwrap(),
        owner: principal("corp:ann"),
    }
}

#[tokio::test]
async fn a_tenant_is_made_whole_with_its_owner_its_ledger_its_audit_and_its_feed() {
    let place = place().await;
    let access = operator(&place.store).await;
    let made = place.store.create_tenant(&access, &new("acme"), &call("r1")).await.unwrap().unwrap();
    assert_eq!(
        (made.effect, made.thing.name.as_str(), made.thing.generation.0),
        (Effect::Created, "acme", 1)
    );
    assert_eq!(made.thing.limits.deployments.max, 500);
    let ann = place.store.admit(&person("corp:ann"), &named("acme")).await.unwrap().unwrap();
    assert!(ann.owner().is_some());
    assert_eq!(place.store.tenant(&ann.viewer()).await.unwrap().unwrap(), made.thing);
    let told = "select action || ' ' || principal || ' ' || request_id from audit where noun = 'tenant'";
    assert_eq!(value(&place.database, told).await, format!("tenant.create {} r1", access.principal()));
    assert_eq!(
        value(&place.database, "select noun || ' ' || change || ' ' || position from feed").await,
        "tenant created 1"
    );

    let taken = place.store.create_tenant(&access, &new("acme"), &call("r2")).await.unwrap();
    assert!(matches!(taken, Err(Refused::State { code: "name_taken", .. })), "{taken:?}");
    assert_eq!(value(&place.database, "select count(*) from tenant_ledger").await, "1");
}

#[tokio::test]
async fn a_dry_run_makes_nothing() {
    let place = place().await;
    let access = operator(&place.store).await;
    let dry = Call { dry_run: true, ..call("dry") };
    let would = place.store.create_tenant(&access, &new("acme"), &dry).await.unwrap().unwrap();
    assert_eq!(would.effect, Effect::WouldBe(Would::Create));
    assert_eq!(value(&place.database, "select count(*) from tenants").await, "0");
}

#[tokio::test]
async fn two_that_make_the_same_tenant_at_once_make_one() {
    let place = place().await;
    let access = operator(&place.store).await;
    for round in 0..5 {
        let wanted = new(&format!("acme-{round}"));
        let call = call("race");
        let (one, other) = tokio::join!(
            place.store.create_tenant(&access, &wanted, &call),
            place.store.create_tenant(&access, &wanted, &call),
        );
        let (one, other) = (one.unwrap().map(|_| ()), other.unwrap().map(|_| ()));
        assert!(one.is_ok() != other.is_ok(), "{one:?} {other:?}");
        assert!(matches!(one.and(other), Err(Refused::State { code: "name_taken", .. })));
    }
}

#[tokio::test]
async fn a_new_name_for_people_is_a_new_generation_and_the_same_one_is_nothing() {
    let place = place().await;
    let acme = tenant(&place.store, "acme", "corp:ann").await;
    let access = owner(&acme);
    let name = DisplayName::parse("Acme Inc.").unwrap();
    let first = place.store.rename_tenant(&access, Some(&name), &call("r")).await.unwrap().unwrap();
    assert_eq!((first.effect, first.thing.generation.0), (Effect::Changed, 2));
    let again = place.store.rename_tenant(&access, Some(&name), &call("r")).await.unwrap().unwrap();
    assert_eq!((again.effect, again.thing.generation.0), (Effect::Unchanged, 2));
    assert_eq!(place.store.tenant(&access).await.unwrap().unwrap(), first.thing);

    let old = store::Version { generation: domain::ids::Generation(1), ..first.thing.version() };
    let stale = Call { condition: Condition::Is(vec![old]), ..call("r") };
    let refused = place.store.rename_tenant(&access, None, &stale).await.unwrap();
    assert_eq!(refused.map(|_| ()), Err(Refused::Condition { current: Some(first.thing.generation) }));
}

#[tokio::test]
async fn one_sees_the_tenants_one_is_a_member_of_page_by_page() {
    let place = place().await;
    for (name, owner) in [("a", "corp:ann"), ("b", "group:corp:dev"), ("c", "corp:bob"), ("d", "corp:ann")] {
        tenant(&place.store, name, owner).await;
    }
    let ann = Caller::of_token(principal("corp:ann"), vec![principal("group:corp:dev")]);
    let mut seen = Vec::new();
    let mut page = Page { after: None, limit: 2 };
    loop {
        let listed = place.store.my_tenants(&ann, &page).await.unwrap();
        assert!(listed.items.len() <= 2);
        seen.extend(listed.items.into_iter().map(|one| one.name.to_string()));
        let Some(after) = listed.next else { break };
        page.after = Some(after);
    }
    assert_eq!(seen, ["a", "b", "d"]);
    let access = operator(&place.store).await;
    let all = place.store.all_tenants(&access, "", &Page { after: None, limit: 10 }).await.unwrap();
    assert_eq!(all.items.len(), 4);
}

#[tokio::test]
async fn an_empty_tenant_goes_and_its_name_is_free_at_once() {
    let place = place().await;
    let acme = tenant(&place.store, "acme", "corp:ann").await;
    let gone =
        place.store.delete_tenant(&owner(&acme), TenantCascade::No, &call("end")).await.unwrap().unwrap();
    assert_eq!((gone.effect, gone.thing.deleting), (Effect::Deleting, true));
    // Nothing new comes in.
    let dan = principal("corp:dan");
    let late = place
        .store
        .put_member(&owner(&acme), (&dan, domain::access::Role::Viewer), &call("late"))
        .await
        .unwrap();
    assert_eq!(late.map(|_| ()), Err(Refused::Deleting));

    let second = tenant(&place.store, "acme", "corp:bob").await;
    assert_ne!(second.tenant(), acme.tenant());
    let job = place.store.platform_access();
    assert_eq!(place.store.end_tenants(&job).await.unwrap(), []);
    assert_eq!(value(&place.database, "select count(*) from tenants").await, "1");
    assert!(
        place.store.admit(&person("corp:ann"), &named(&acme.tenant().to_string())).await.unwrap().is_none()
    );
    let told = "select string_agg(action, ',' order by at, place) from audit where noun = 'tenant' and resource_name = 'acme'";
    assert_eq!(value(&place.database, told).await, "tenant.create,tenant.delete,tenant.create,tenant.gone");
}

#[tokio::test]
async fn a_tenant_that_is_lived_in_stays_unless_everything_is_to_go() {
    let place = place().await;
    let acme = tenant(&place.store, "acme", "corp:ann").await;
    let live_in = format!(
        "insert into environments (id, tenant_id, name, spec, door)
         values (gen_random_uuid(), '{0}', 'prod', '{{}}', 'rest');
         update tenant_ledger set environments = 1 where tenant_id = '{0}'",
        acme.tenant()
    );
    place.database.query(&live_in).await.unwrap();
    let delete =
        async |cascade| place.store.delete_tenant(&owner(&acme), cascade, &call("end")).await.unwrap();
    let refused = delete(TenantCascade::No).await.map(|_| ());
    assert_eq!(refused, Err(Refused::InUse { by: vec!["environment prod".to_owned()] }));
    assert_eq!(delete(TenantCascade::Yes).await.unwrap().effect, Effect::Deleting);

    let job = place.store.platform_access();
    assert_eq!(place.store.end_tenants(&job).await.unwrap(), [acme.tenant()]);
    // Nothing grows in it from here on.
    let error =
        place.database.query("update tenant_ledger set environments = environments + 1").await.unwrap_err();
    assert!(format!("{error:#}").contains("as many environments"), "{error:#}");
    place.database.query("delete from environments").await.unwrap();
    assert_eq!(place.store.end_tenants(&job).await.unwrap(), []);
    assert_eq!(value(&place.database, "select count(*) from tenants").await, "0");
}
