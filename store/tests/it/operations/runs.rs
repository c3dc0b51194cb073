//! Sync runs: strictly in the order they were made, each behind the verdict of the one before.

use domain::engine::sync_run::{Judgement, Verdict};
use domain::ids::SyncRunId;
use domain::operation::{Gate, Kind};

use super::scene::{Scene, done};

fn verdict(judgement: Judgement) -> Verdict {
    Verdict::unstarted(judgement, "said the test".to_owned())
}

#[tokio::test]
async fn runs_start_in_order_each_behind_the_verdict_of_the_one_before() {
    let scene = Scene::new().await;
    let subjects = [scene.make_run(1).await, scene.make_run(2).await, scene.make_run(3).await];
    let gate = Some(Gate::Verdict);
    let first = scene.wish(subjects[0], 1).await;
    let second = scene.wish_behind(subjects[1], 1, gate).await;
    let third = scene.wish_behind(subjects[2], 1, gate).await;
    assert_ne!(second, third, "sync runs never coalesce");

    let claim = scene.take().await;
    assert_eq!(claim.operation.id, first);
    assert!(scene.finish(&claim, done(1)).await);
    let begun = "select count(*)::text from sync_runs where started_at is not null";
    assert_eq!(scene.one(begun).await, "1");
    assert!(scene.claim(10).await.is_empty(), "it was begun, but has no verdict");

    let run = |number: usize| SyncRunId(subjects[number].resource().0);
    assert!(scene.store.record_verdict(&scene.agent, run(0), &verdict(Judgement::Failed)).await.unwrap());
    assert!(
        !scene.store.record_verdict(&scene.agent, run(0), &verdict(Judgement::Succeeded)).await.unwrap(),
        "once"
    );
    let claim = scene.take().await;
    assert_eq!((claim.operation.id, claim.operation.subject.kind()), (second, Kind::SyncRun));
    assert_eq!(scene.state(third).await, "gated");
}

#[tokio::test]
async fn a_run_that_fails_to_start_gets_its_verdict_and_lets_the_next_in() {
    let scene = Scene::new().await;
    let (one, two) = (scene.make_run(1).await, scene.make_run(2).await);
    let (first, second) = (scene.wish(one, 1).await, scene.wish_behind(two, 1, Some(Gate::Verdict)).await);
    scene.run(&format!("update operations set deadline_at = now() where id = '{first}'")).await;
    scene.recover().await;
    assert_eq!(scene.state(first).await, "failed");
    let ended = scene.one("select verdict || ': ' || (report ->> 'message') from sync_runs_ended").await;
    assert!(ended.starts_with("error: it was not done in time"), "{ended}");
    assert_eq!(scene.state(second).await, "due");
}

#[tokio::test]
async fn a_run_whose_gate_opens_behind_another_operation_keeps_its_place() {
    let scene = Scene::new().await;
    let (one, two) = (scene.make_run(1).await, scene.make_run(2).await);
    scene.wish(one, 1).await;
    let second = scene.wish_behind(two, 1, Some(Gate::Verdict)).await;
    let claim = scene.take().await;
    scene.finish(&claim, done(1)).await;
    let refresh = scene.wish(scene.refresh(), 1).await;
    scene
        .store
        .record_verdict(&scene.agent, SyncRunId(one.resource().0), &verdict(Judgement::Succeeded))
        .await
        .unwrap();
    assert_eq!(scene.column("state || ' ' || gate", second).await, "gated lane");
    let claim = scene.take().await;
    assert_eq!(claim.operation.id, refresh);
    scene.finish(&claim, done(1)).await;
    assert_eq!(scene.take().await.operation.id, second);
}
