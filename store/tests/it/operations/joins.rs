//! What becomes of a wish when others are open, and who is next in a lane.

use domain::operation::{Gate, Obstacle, Outcome, Refusal, Subject, Thing};
use uuid::Uuid;

use super::scene::{Scene, done};

#[tokio::test]
async fn a_change_that_comes_while_one_waits_joins_it() {
    let scene = Scene::new().await;
    scene.generation(2).await;
    let first = scene.wish(scene.apply(), 1).await;
    let second = scene.wish(scene.apply(), 2).await;
    assert_eq!(first, second, "both callers hold the same operation");
    assert_eq!(scene.column("target", first).await, "2");
    assert_eq!(scene.one("select count(*)::text from operations").await, "1");
    assert_eq!(scene.one("select open_operations::text from tenant_ledger").await, "1");

    let claim = scene.take().await;
    assert!(scene.finish(&claim, done(2)).await);
    assert_eq!(scene.state(first).await, "succeeded");
    assert_eq!(scene.one("select applied_generation::text from deployments").await, "2");
    assert_eq!(scene.one("select open_operations::text from tenant_ledger").await, "0");
}

#[tokio::test]
async fn a_join_begins_attempts_and_pause_anew() {
    let scene = Scene::new().await;
    scene.generation(2).await;
    let id = scene.wish(scene.apply(), 1).await;
    let claim = scene.take().await;
    let busy = Obstacle::EngineBusy { message: "429".to_owned() };
    assert!(scene.finish(&claim, Outcome::Unreachable(busy)).await);
    assert_eq!(scene.column("attempts || ' ' || (due_at > now())", id).await, "1 true");
    assert_eq!(scene.claim(10).await.len(), 0, "it is paused");

    assert_eq!(scene.wish(scene.apply(), 2).await, id);
    assert_eq!(
        scene.column("attempts || ' ' || (due_at <= now()) || coalesce(last::text, ' none')", id).await,
        "0 true none"
    );
    assert_eq!(scene.take().await.operation.id, id);
}

#[tokio::test]
async fn a_change_that_comes_while_one_runs_is_its_heir_and_takes_over() {
    let scene = Scene::new().await;
    scene.generation(2).await;
    let first = scene.wish(scene.apply(), 1).await;
    let claim = scene.take().await;
    let heir = scene.wish(scene.apply(), 2).await;
    assert_ne!(first, heir);
    assert_eq!(scene.state(heir).await, "gated");
    assert_eq!(scene.wish(scene.apply(), 2).await, heir, "a third change joins the heir");
    assert_eq!(scene.claim(10).await.len(), 0, "one runs in a lane");

    let refused = Outcome::Refused { seen: domain::operation::Generation(1), why: Refusal::Unplaced };
    assert!(scene.finish(&claim, refused).await);
    assert_eq!(scene.state(first).await, "superseded");
    assert_eq!(scene.column("by_id", first).await, heir.to_string());
    assert_eq!(
        scene.one("select refused_generation::text from deployments").await,
        "0",
        "the heir has its own end"
    );
    let claim = scene.take().await;
    assert_eq!(claim.operation.id, heir);
    assert!(scene.finish(&claim, done(2)).await);
    assert_eq!(scene.state(heir).await, "succeeded");
}

#[tokio::test]
async fn an_heir_runs_also_when_the_one_before_succeeded() {
    let scene = Scene::new().await;
    let first = scene.wish(scene.apply(), 1).await;
    let claim = scene.take().await;
    let heir = scene.wish(scene.apply(), 1).await;
    assert!(scene.finish(&claim, done(1)).await);
    assert_eq!((scene.state(first).await.as_str(), scene.state(heir).await.as_str()), ("succeeded", "due"));
}

#[tokio::test]
async fn a_lane_is_a_queue() {
    let scene = Scene::new().await;
    let (apply, refresh) = (scene.wish(scene.apply(), 1).await, scene.wish(scene.refresh(), 1).await);
    let run = scene.make_run(1).await;
    let run = scene.wish(run, 1).await;
    let elsewhere =
        scene.wish(Subject::apply(Thing::Tenant, domain::operation::ResourceId(Uuid::new_v4())), 1).await;
    let mut order = Vec::new();
    for _ in 0..3 {
        let claims = scene.claim(10).await;
        let of_shop: Vec<_> = claims.iter().filter(|claim| claim.operation.id != elsewhere).collect();
        assert_eq!(of_shop.len(), 1, "at most one of a lane is claimed: {claims:?}");
        order.push(of_shop[0].operation.id);
        for claim in &claims {
            assert!(scene.finish(claim, done(1)).await);
        }
    }
    assert_eq!(order, [apply, refresh, run]);
    assert_eq!(scene.state(elsewhere).await, "succeeded");
}

#[tokio::test]
async fn a_take_down_retires_what_waits_and_is_the_last_word() {
    let scene = Scene::new().await;
    let (apply, refresh) = (scene.wish(scene.apply(), 1).await, scene.wish(scene.refresh(), 1).await);
    scene.run("update deployments set state = 'deleting', generation = 2").await;
    let down = scene.wish(scene.take_down(), 2).await;
    for retired in [apply, refresh] {
        assert_eq!(scene.state(retired).await, "superseded");
        assert_eq!(scene.column("by_id", retired).await, down.to_string());
    }
    assert_eq!(scene.wish(scene.apply(), 3).await, down, "what is taken down needs no other write");
    assert_eq!(scene.one("select open_operations::text from tenant_ledger").await, "1");
}

#[tokio::test]
async fn a_take_down_waits_for_what_runs_and_takes_over_from_it() {
    let scene = Scene::new().await;
    let apply = scene.wish(scene.apply(), 1).await;
    let claim = scene.take().await;
    scene.run("update deployments set state = 'deleting', generation = 2").await;
    let down = scene.wish(scene.take_down(), 2).await;
    assert_eq!(scene.state(down).await, "gated");
    assert!(scene.finish(&claim, Outcome::Conflict).await);
    assert_eq!((scene.state(apply).await.as_str(), scene.state(down).await.as_str()), ("superseded", "due"));
}

#[tokio::test]
async fn who_comes_under_an_old_name_waits_until_that_is_taken_down() {
    let scene = Scene::new().await;
    let (old, new) = (scene.shop, domain::ids::DeploymentId(Uuid::new_v4()));
    scene.run("update deployments set state = 'deleting', generation = 2").await;
    let down = scene.wish(scene.take_down(), 2).await;
    scene.make_deployment(scene.tenant, new).await;
    let subject = Subject::apply(Thing::Deployment, new.into());
    let next = scene.wish_behind(subject, 1, Some(Gate::TakenDown(old.into()))).await;
    assert_eq!(scene.state(next).await, "gated");

    let claim = scene.take().await;
    assert_eq!(claim.operation.id, down);
    assert!(scene.finish(&claim, done(2)).await);
    assert_eq!(
        scene.state(next).await,
        "gated",
        "the engine has accepted it, but the old one is still there"
    );
    assert!(scene.store.gone(&scene.agent, old).await.unwrap());
    assert_eq!(scene.state(next).await, "due");
    assert_eq!(scene.one("select string_agg(id::text, ' ') from deployments").await, new.to_string());
    assert_eq!(scene.one("select deployments::text from tenant_ledger").await, "999");
    assert!(!scene.store.gone(&scene.agent, new).await.unwrap(), "what nobody takes down stays");
}
