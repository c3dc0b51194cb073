//! Which instance serves what.

use std::collections::BTreeSet;

use futures::future::join_all;
use serde_json::json;
use store::deployments::Standing;
use store::{Refused, Store};

use super::scene::{SHOP, Scene, from, place, to, with};
use crate::support::{self, PASSWORD};

fn jobs(scene: &Scene) -> Store {
    support::store(scene.database.url_as("argosy_platform", PASSWORD), 2)
}

#[tokio::test]
async fn an_environment_goes_to_the_least_loaded_instance_and_stays_there() {
    let scene = Scene::new().await;
    let (one, two) = (scene.instance("one").await, scene.instance("two").await);
    let acme = scene.tenant("acme").await;
    for name in ["prod", "test", "beta"] {
        scene.environment(&acme, name).await;
    }
    let first = place(&scene.made(&acme, "shop", from(SHOP)).await).unwrap();
    let second = place(&scene.made(&acme, "shop-test", with(from(SHOP), to("test"))).await).unwrap();
    assert_eq!(BTreeSet::from([first, second]), BTreeSet::from([one, two]));
    for name in ["a", "b"] {
        assert_eq!(place(&scene.made(&acme, name, from(SHOP)).await), Some(first), "it is sticky");
    }
    let third = place(&scene.made(&acme, "shop-beta", with(from(SHOP), to("beta"))).await).unwrap();
    assert_eq!(third, second);
    let reason = "select reason from placements where reason like 'the least loaded%, with 1 deployments'";
    assert_eq!(scene.run(reason).await.len(), 1);
}

#[tokio::test]
async fn an_instance_that_does_not_qualify_is_passed_over() {
    let scene = Scene::new().await;
    for (name, change) in [
        ("cordoned", "state = 'cordoned'"),
        ("unfit", "state = 'unfit', health = 'no --persist-resource-health'"),
        ("ill", "health = 'its controller does not answer'"),
        ("full", "capacity = 0"),
    ] {
        let id = scene.instance(name).await;
        scene.run(&format!("update engine_instances set {change} where id = '{id}'")).await;
    }
    let acme = scene.tenant("acme").await;
    scene.environment(&acme, "prod").await;
    let done = scene.put(&acme, "shop", from(SHOP)).await.unwrap();
    assert_eq!((done.thing.standing, done.operation), (Standing::Unplaced, None));
    assert!(scene.open(&acme).await.is_empty());
    let full = scene.backend.deployment_in_full(&acme.owner, &store::Reference::parse("shop").unwrap()).await;
    let sentence = full.unwrap().unwrap().explanation.sentence;
    assert_eq!(sentence, "No engine is available for it; it is placed as soon as there is one.");

    let good = scene.instance("good").await;
    let jobs = jobs(&scene);
    let access = jobs.platform_access();
    assert_eq!(jobs.place_waiting(&access, None, 100).await.unwrap().placed, 1);
    let there = scene.get(&acme, "shop").await.unwrap();
    assert_eq!((place(&there), there.generation.0), (Some(good), 1));
    assert_eq!(scene.open(&acme).await, ["deployment due", "environment due", "tenant due"]);
    assert_eq!(jobs.place_waiting(&access, None, 100).await.unwrap().last, None);
}

#[tokio::test]
async fn what_joins_an_unplaced_environment_is_placed_with_it() {
    let scene = Scene::new().await;
    let acme = scene.tenant("acme").await;
    scene.environment(&acme, "prod").await;
    for name in ["a", "b", "c"] {
        assert_eq!(scene.made(&acme, name, from(SHOP)).await.standing, Standing::Unplaced);
    }
    scene.instance("one").await;
    // The next intent about it finds the room.
    let changed = scene.made(&acme, "b", with(from(SHOP), json!({ "suspended": true }))).await;
    assert!(place(&changed).is_some());
    let jobs = jobs(&scene);
    let placed = jobs.place_waiting(&jobs.platform_access(), None, 100).await.unwrap();
    assert_eq!(placed.placed, 0, "their environment has an instance now");
    let open = scene.open(&acme).await;
    assert_eq!(open, ["deployment due", "environment due", "tenant due"]);
}

#[tokio::test]
async fn of_many_first_uses_at_once_one_places() {
    let scene = Scene::new().await;
    for name in ["one", "two", "three"] {
        scene.instance(name).await;
    }
    let acme = scene.tenant("acme").await;
    scene.environment(&acme, "prod").await;
    let names: Vec<String> = (0..8).map(|number| format!("shop-{number}")).collect();
    let puts = join_all(names.iter().map(|name| scene.made(&acme, name, from(SHOP)))).await;
    let places: BTreeSet<_> = puts.iter().map(|one| place(one).expect("placed")).collect();
    assert_eq!(places.len(), 1);
    assert_eq!(scene.one("select count(*) from placements").await, "1");
    assert_eq!(scene.one("select count(*) from seats").await, "1");
    let open = scene.open(&acme).await;
    assert_eq!(open.iter().filter(|line| line.starts_with("deployment ")).count(), 8);
    assert_eq!(open.iter().filter(|line| !line.starts_with("deployment ")).count(), 2, "{open:?}");
}

#[tokio::test]
async fn a_deployment_stays_on_its_engine() {
    let scene = Scene::new().await;
    scene.instance("one").await;
    scene.instance("two").await;
    let acme = scene.tenant("acme").await;
    scene.environment(&acme, "prod").await;
    scene.environment(&acme, "test").await;
    scene.made(&acme, "shop", from(SHOP)).await;
    scene.made(&acme, "other", with(from(SHOP), to("test"))).await;
    let refused = scene.put(&acme, "shop", with(from(SHOP), to("test"))).await.unwrap_err();
    assert!(matches!(refused, Refused::State { code: "other_engine", .. }), "{refused:?}");
}
