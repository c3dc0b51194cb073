//! Names under races, and names that are used again.

use std::collections::BTreeSet;

use futures::future::join_all;
use serde_json::json;
use store::deployments::Parting;
use store::{Call, Effect, Reference, Refused};

use super::scene::{SHOP, Scene, from, with};

#[tokio::test]
async fn of_many_that_put_one_name_at_once_all_are_done_one_after_the_other() {
    let (scene, acme) = Scene::furnished().await;
    let body = |number: usize| with(from(SHOP), json!({ "revisionHistoryLimit": number }));
    let puts = join_all((1..=12).map(|number| scene.put(&acme, "shop", body(number)))).await;
    let done: Vec<_> =
        puts.into_iter().map(|put| put.expect("no limit and no condition is against it")).collect();
    let ids: BTreeSet<_> = done.iter().map(|done| done.thing.id).collect();
    let generations: BTreeSet<u64> = done.iter().map(|done| done.thing.generation.0).collect();
    assert_eq!((ids.len(), generations), (1, (1..=12).collect()));
    assert_eq!(done.iter().filter(|done| done.effect == Effect::Created).count(), 1);
    let operations: BTreeSet<_> = done.iter().map(|done| done.operation).collect();
    assert_eq!(operations.len(), 1, "all hold the one that waits");
    let target = "select target from operations where kind = 'deployment'";
    assert_eq!(scene.run(target).await, [["12"]]);
    assert_eq!(scene.one("select deployments || ' ' || feed_position from tenant_ledger").await, "1 12");
    let last = done.iter().max_by_key(|done| done.thing.generation).unwrap();
    assert_eq!(scene.get(&acme, "shop").await.unwrap().spec, last.thing.spec);
}

#[tokio::test]
async fn a_limit_holds_under_a_race() {
    let (scene, acme) = Scene::furnished().await;
    scene.run("update tenant_ledger set max_deployments = 3").await;
    let names: Vec<String> = (0..10).map(|number| format!("shop-{number}")).collect();
    let puts = join_all(names.iter().map(|name| scene.put(&acme, name, from(SHOP)))).await;
    let (made, refused): (Vec<_>, Vec<_>) = puts.into_iter().partition(Result::is_ok);
    assert_eq!(made.len(), 3);
    let quota = Refused::Quota { limit: "deployments" };
    assert!(refused.into_iter().all(|put| put.unwrap_err() == quota));
    let there = "select (select count(*) from deployments) || ' ' || (select deployments from tenant_ledger)";
    assert_eq!(scene.one(there).await, "3 3");
}

#[tokio::test]
async fn a_new_holder_of_a_name_waits_for_the_end_of_the_old_one() {
    let (scene, acme) = Scene::furnished().await;
    let old = scene.made(&acme, "shop", from(SHOP)).await;
    scene.work().await;
    let shop = Reference::parse("shop").unwrap();
    let call = (Parting::Prune, &Call::default());
    let gone = scene.backend.delete_deployment(&acme.owner, &shop, call).await.unwrap().unwrap();
    let new = scene.put(&acme, "shop", from(SHOP)).await.unwrap();
    assert_ne!(new.thing.id, old.id);
    let operation = new.operation.unwrap();
    assert_eq!(scene.state(operation).await, "gated taken_down");
    assert_eq!(scene.get(&acme, "shop").await.unwrap().id, new.thing.id);
    assert!(scene.get(&acme, &old.id.to_string()).await.unwrap().deleting);
    // Also when it is changed while it waits.
    let changed = scene.put(&acme, "shop", with(from(SHOP), json!({ "suspended": true }))).await.unwrap();
    assert_eq!(
        (changed.operation, scene.state(operation).await),
        (Some(operation), "gated taken_down".to_owned())
    );

    scene.work().await;
    assert_eq!(scene.state(gone.operation.unwrap()).await, "succeeded");
    assert_eq!(scene.state(operation).await, "succeeded");
    assert_eq!(scene.run("select id from deployments").await, [[new.thing.id.to_string()]]);
}
