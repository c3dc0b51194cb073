//! Making and changing: what is written, together, and when nothing is.

use domain::ids::Generation;
use serde_json::json;
use store::{Call, Condition, Effect, Idempotency, Refused, Version, Would};

use super::scene::{SHOP, Scene, from, id_of, place, to, with};

#[tokio::test]
async fn a_new_deployment_is_written_with_all_that_goes_with_it() {
    let (scene, acme) = Scene::furnished().await;
    scene.credential(&acme, "git", "https://git.example.com").await;
    let done = scene.put(&acme, "shop", from(SHOP)).await.unwrap();
    assert_eq!((done.effect, done.thing.generation), (Effect::Created, Generation(1)));
    assert!(place(&done.thing).is_some());
    let open = scene.open(&acme).await;
    assert_eq!(open, ["deployment due", "environment due", "repository_credential due", "tenant due"]);
    let operation = done.operation.expect("an engine is concerned");
    let of = format!("select kind, resource_id from operations where id = '{operation}'");
    assert_eq!(scene.one(&of).await, format!("deployment {}", done.thing.id));
    assert_eq!(scene.project(&acme).await, format!("1 active {SHOP} 1"));
    let ledger = format!(
        "select deployments, open_operations, feed_position from tenant_ledger where tenant_id = '{}'",
        acme.id
    );
    assert_eq!(scene.one(&ledger).await, "1 4 1");
    let audit = "select principal || ' ' || action || ' ' || resource_name || ' ' || generation from audit";
    assert_eq!(scene.one(audit).await, "corp:acme deployment.put shop 1");
    let feed = "select noun || ' ' || change || ' ' || (facts ->> 'operation') from feed";
    assert_eq!(scene.one(feed).await, format!("deployment created {operation}"));
    let claims = "select repo_server || ' ' || engine_key from private_urls";
    assert_eq!(scene.one(claims).await, "repo-one https://git.example.com/acme/shop");
}

#[tokio::test]
async fn the_same_again_writes_nothing() {
    let (scene, acme) = Scene::furnished().await;
    scene.made(&acme, "shop", from(SHOP)).await;
    let everything = "select 'd' || xmin::text from deployments union all select 'l' || xmin::text || to_jsonb(l)::text
                        from tenant_ledger l union all select 'o' || xmin::text from operations union all
                        select 's' || xmin::text from seats union all select 'f' || count(*) from feed union all
                        select 'a' || count(*) from audit union all select 'e' || count(*) from operations_ended order by 1";
    let before = scene.run(everything).await;
    let again = scene.put(&acme, "shop", from(SHOP)).await.unwrap();
    assert_eq!((again.effect, again.operation), (Effect::Unchanged, None));
    assert_eq!(scene.run(everything).await, before);
}

#[tokio::test]
async fn a_change_is_a_new_generation_that_joins_what_waits() {
    let (scene, acme) = Scene::furnished().await;
    let first = scene.put(&acme, "shop", from(SHOP)).await.unwrap();
    let second = scene.put(&acme, "shop", with(from(SHOP), json!({ "suspended": true }))).await.unwrap();
    assert_eq!((second.effect, second.thing.generation), (Effect::Changed, Generation(2)));
    assert_eq!(second.operation, first.operation);
    let target = format!("select target from operations where id = '{}'", first.operation.unwrap());
    assert_eq!(scene.one(&target).await, "2");
    assert_eq!(scene.open(&acme).await, ["deployment due", "environment due", "tenant due"]);
}

#[tokio::test]
async fn a_refusal_is_forgotten_with_a_change() {
    let (scene, acme) = Scene::furnished().await;
    let shop = scene.made(&acme, "shop", from(SHOP)).await;
    scene.work().await;
    let refuse =
        format!("update deployments set refused_generation = 1, refusal = 'no' where id = '{}'", shop.id);
    scene.run(&refuse).await;
    assert_eq!(scene.get(&acme, "shop").await.unwrap().refusal.unwrap().1, "no");
    let done = scene.put(&acme, "shop", with(from(SHOP), json!({ "suspended": true }))).await.unwrap();
    assert!(done.thing.refusal.is_none() && done.operation.is_some());
    let there = scene.get(&acme, "shop").await.unwrap();
    assert_eq!((there.refusal, there.applied), (None, Generation(1)));
}

#[tokio::test]
async fn an_environment_that_is_not_there_is_a_flaw_of_the_field() {
    let (scene, acme) = Scene::furnished().await;
    let other = scene.tenant("globex").await;
    scene.environment(&other, "theirs").await;
    for name in ["absent", "theirs"] {
        let refused = scene.put(&acme, "shop", with(from(SHOP), to(name))).await.unwrap_err();
        let Refused::Fields(errors) = refused else { panic!("{refused:?}") };
        assert_eq!(errors[0].pointer.as_str(), "/destination/environment");
    }
    assert_eq!(scene.one("select count(*) from deployments").await, "0");
}

#[tokio::test]
async fn conditions_are_judged_under_the_lock() {
    let (scene, acme) = Scene::furnished().await;
    let call = |condition| Call { condition, ..Call::default() };
    let absent = scene.put_with(&acme, "shop", from(SHOP), &call(Condition::Exists)).await;
    assert_eq!(absent.unwrap_err(), Refused::Condition { current: None });
    let shop = scene.put_with(&acme, "shop", from(SHOP), &call(Condition::Absent)).await.unwrap().thing;
    let version = |generation| Version { id: shop.id.0, generation: Generation(generation) };
    let suspended = with(from(SHOP), json!({ "suspended": true }));
    for condition in [Condition::Absent, Condition::Is(vec![version(2)]), Condition::IsNot(vec![version(1)])]
    {
        let refused = scene.put_with(&acme, "shop", suspended.clone(), &call(condition)).await.unwrap_err();
        assert_eq!(refused, Refused::Condition { current: Some(Generation(1)) });
    }
    let done = scene.put_with(&acme, "shop", suspended, &call(Condition::Is(vec![version(1)]))).await;
    assert_eq!(done.unwrap().thing.generation, Generation(2));
}

#[tokio::test]
async fn a_dry_run_says_what_would_be_and_writes_nothing() {
    let (scene, acme) = Scene::furnished().await;
    let call = Call { dry_run: true, ..Call::default() };
    let would = |put: super::scene::Put| put.unwrap().effect;
    let created = would(scene.put_with(&acme, "shop", from(SHOP), &call).await);
    assert_eq!(created, Effect::WouldBe(Would::Create));
    assert_eq!(
        scene.one("select (select count(*) from deployments) + (select count(*) from placements)").await,
        "0"
    );
    scene.made(&acme, "shop", from(SHOP)).await;
    assert_eq!(would(scene.put_with(&acme, "shop", from(SHOP), &call).await), Effect::WouldBe(Would::Leave));
    let suspended = with(from(SHOP), json!({ "suspended": true }));
    let changed = would(scene.put_with(&acme, "shop", suspended, &call).await);
    assert_eq!(changed, Effect::WouldBe(Would::Change));
    assert_eq!(scene.get(&acme, "shop").await.unwrap().generation, Generation(1));
}

#[tokio::test]
async fn a_repetition_is_answered_like_the_first_time_and_does_nothing() {
    let (scene, acme) = Scene::furnished().await;
    let named = |body: u8| Call {
        idempotency: Some(Idempotency {
            key: "mine".to_owned(),
            method: "PUT",
            path: "/shop".to_owned(),
            body: [body; 32],
        }),
        ..Call::default()
    };
    let first = scene.put_with(&acme, "shop", from(SHOP), &named(1)).await;
    let again = scene.put_with(&acme, "shop", from(SHOP), &named(1)).await;
    assert_eq!(id_of(&first), id_of(&again));
    let (first, again) = (first.unwrap(), again.unwrap());
    assert_eq!((again.effect, again.operation), (Effect::Replayed { status: 202 }, first.operation));
    let other = scene.put_with(&acme, "shop", from(SHOP), &named(2)).await;
    assert_eq!(other.unwrap_err(), Refused::KeyReused);
    assert_eq!(scene.one("select count(*) from idempotency_keys").await, "1");
    assert_eq!(scene.one("select count(*) from audit").await, "1");
}

#[tokio::test]
async fn what_lives_elsewhere_is_only_shown() {
    let (scene, acme) = Scene::furnished().await;
    let shop = scene.made(&acme, "shop", from(SHOP)).await;
    let kept = "update deployments set door = 'custom_resource', lives_in = 'hub/acme/shop'";
    scene.run(&format!("{kept} where id = '{}'", shop.id)).await;
    let suspended = with(from(SHOP), json!({ "suspended": true }));
    let refused = scene.put(&acme, "shop", suspended).await.unwrap_err();
    assert_eq!(refused, Refused::ReadOnly { lives_in: "hub/acme/shop".to_owned() });
}

#[tokio::test]
async fn another_tenant_neither_sees_nor_changes_it() {
    let (scene, acme) = Scene::furnished().await;
    let shop = scene.made(&acme, "shop", from(SHOP)).await;
    let globex = scene.tenant("globex").await;
    scene.environment(&globex, "prod").await;
    let absent = Refused::Absent { noun: "deployment" };
    assert_eq!(scene.get(&globex, "shop").await.unwrap_err(), absent);
    assert_eq!(scene.get(&globex, &shop.id.to_string()).await.unwrap_err(), absent);
    let by_id = scene.put(&globex, &shop.id.to_string(), from(SHOP)).await.unwrap_err();
    assert_eq!(by_id, absent);
    let theirs = scene.made(&globex, "shop", from(SHOP)).await;
    assert_ne!(theirs.id, shop.id);
    assert_eq!(scene.get(&acme, "shop").await.unwrap(), shop);
}
