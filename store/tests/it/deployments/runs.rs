//! Sync runs: in order, once, with a verdict.

use domain::engine::facts::Life;
use domain::engine::sync_run::{Judgement, Verdict};
use domain::intent::sync_run::{RawSyncRun, SyncRunSpec, parse};
use domain::operation::{Generation, Kind, Outcome};
use futures::future::join_all;
use serde_json::json;
use store::sync_runs::{RunPage, RunState, SyncRun, WantedRun};
use store::{Call, Done, Effect, Reference, Refused};

use super::scene::{SHOP, Scene, Tenant, from, with};

fn wanted() -> WantedRun {
    WantedRun { spec: SyncRunSpec::default(), rollback_to: None }
}

async fn start(scene: &Scene, tenant: &Tenant) -> Result<Done<SyncRun>, Refused> {
    let shop = Reference::parse("shop").unwrap();
    scene.backend.start_sync_run(&tenant.owner, &shop, (&wanted(), &Call::default())).await.unwrap()
}

async fn stop(scene: &Scene, tenant: &Tenant, run: &SyncRun) -> Done<SyncRun> {
    scene.backend.stop_sync_run(&tenant.owner, run.id, &Call::default()).await.unwrap().unwrap()
}

fn verdict() -> Verdict {
    Verdict::unstarted(Judgement::Succeeded, "successfully synced".to_owned())
}

/// With a deployment that the engine knows.
async fn scene() -> (Scene, Tenant) {
    let (scene, acme) = Scene::furnished().await;
    scene.made(&acme, "shop", from(SHOP)).await;
    scene.work().await;
    (scene, acme)
}

#[tokio::test]
async fn runs_are_numbered_and_start_behind_the_verdict_of_the_one_before() {
    let (scene, acme) = scene().await;
    let started = join_all((0..5).map(|_| start(&scene, &acme))).await;
    let mut runs: Vec<_> = started.into_iter().map(Result::unwrap).collect();
    runs.sort_by_key(|done| done.thing.number);
    let numbers: Vec<u64> = runs.iter().map(|done| done.thing.number).collect();
    assert_eq!(numbers, [1, 2, 3, 4, 5]);
    for (index, done) in runs.iter().enumerate() {
        let state = scene.state(done.operation.unwrap()).await;
        assert_eq!(state, if index == 0 { "due" } else { "gated verdict" });
    }
    assert_eq!(scene.work().await, [Kind::SyncRun], "only the first");
    let first = scene.backend.sync_run(&acme.owner, runs[0].thing.id).await.unwrap().unwrap();
    assert_eq!(first.state, RunState::Running);
    assert!(scene.agents.record_verdict(&scene.agent, first.id, &verdict()).await.unwrap());
    assert!(
        !scene.agents.record_verdict(&scene.agent, first.id, &verdict()).await.unwrap(),
        "the first counts"
    );
    assert_eq!(scene.state(runs[1].operation.unwrap()).await, "due");
    assert_eq!(scene.state(runs[2].operation.unwrap()).await, "gated verdict");

    let shop = scene.get(&acme, "shop").await.unwrap().id;
    let page = RunPage { before: Some(5), limit: 3 };
    let listed = scene.backend.sync_runs(&acme.owner, shop, page).await.unwrap();
    assert_eq!(listed.iter().map(|run| run.number).collect::<Vec<_>>(), [4, 3, 2]);
    let all = scene.backend.sync_runs(&acme.owner, shop, RunPage { before: None, limit: 50 }).await.unwrap();
    assert!(all.len() == 5 && matches!(all[4].state, RunState::Ended { .. }));
}

#[tokio::test]
async fn a_run_that_waits_is_called_off_and_opens_nothing() {
    let (scene, acme) = scene().await;
    let mut runs = Vec::new();
    for _ in 0..3 {
        runs.push(start(&scene, &acme).await.unwrap());
    }
    let off = stop(&scene, &acme, &runs[1].thing).await;
    assert_eq!((off.effect, off.operation), (Effect::Deleted, runs[1].operation));
    assert_eq!(scene.state(runs[1].operation.unwrap()).await, "cancelled");
    assert_eq!(scene.state(runs[2].operation.unwrap()).await, "gated verdict");
    let RunState::Ended { verdict, .. } = off.thing.state else { panic!("{off:?}") };
    assert_eq!(verdict.judgement, Judgement::Terminated);
    // The first one, which nobody has taken: then it is the third one's turn.
    stop(&scene, &acme, &runs[0].thing).await;
    assert_eq!(scene.state(runs[2].operation.unwrap()).await, "due");
    // Over is over.
    assert_eq!(stop(&scene, &acme, &runs[0].thing).await.effect, Effect::Unchanged);
}

#[tokio::test]
async fn a_run_that_goes_on_is_stopped_by_an_operation_that_waits_for_nothing() {
    let (scene, acme) = scene().await;
    let run = start(&scene, &acme).await.unwrap().thing;
    let claim = scene.claim().await.into_iter().next().expect("it is due");
    let stopping = stop(&scene, &acme, &run).await;
    assert_eq!((stopping.effect, stopping.thing.state), (Effect::Deleting, RunState::Terminating));
    assert_eq!(scene.open(&acme).await, ["sync_run running", "termination due"]);
    let again = stop(&scene, &acme, &run).await;
    assert_eq!(again.operation, stopping.operation, "it joins");
    let facts = scene.agents.sync_run_facts(&scene.agent, run.id).await.unwrap().unwrap();
    assert_eq!((facts.life, facts.deployment), (Life::Deleting, run.deployment));
    scene.finish(claim, Outcome::Done { seen: Generation(1) }, None).await;
    scene.agents.record_verdict(&scene.agent, run.id, &verdict()).await.unwrap();
    assert!(scene.agents.sync_run_facts(&scene.agent, run.id).await.unwrap().is_none());
}

#[tokio::test]
async fn a_run_that_does_not_suit_is_refused() {
    let (scene, acme) = scene().await;
    scene.made(&acme, "shop", with(from(SHOP), json!({ "suspended": true }))).await;
    let refused = start(&scene, &acme).await.unwrap_err();
    assert!(matches!(refused, Refused::State { code: "suspended", .. }), "{refused:?}");
    scene.made(&acme, "shop", with(from(SHOP), json!({ "policy": { "mode": "automated" } }))).await;
    let raw: RawSyncRun = serde_json::from_value(json!({ "revision": "v1" })).unwrap();
    let wanted = WantedRun { spec: parse(raw).unwrap(), rollback_to: None };
    let shop = Reference::parse("shop").unwrap();
    let call = Call::default();
    let refused =
        scene.backend.start_sync_run(&acme.owner, &shop, (&wanted, &call)).await.unwrap().unwrap_err();
    assert!(matches!(refused, Refused::Fields(_)), "{refused:?}");
    assert_eq!(scene.one("select count(*) from sync_runs").await, "0");
}

#[tokio::test]
async fn a_refresh_is_asked_for_once_however_often() {
    let (scene, acme) = scene().await;
    let shop = Reference::parse("shop").unwrap();
    let first =
        scene.backend.refresh_deployment(&acme.owner, &shop, &Call::default()).await.unwrap().unwrap();
    let second =
        scene.backend.refresh_deployment(&acme.owner, &shop, &Call::default()).await.unwrap().unwrap();
    assert_eq!(first.operation, second.operation);
    assert_eq!(scene.open(&acme).await, ["refresh due"]);
    let applied = scene.get(&acme, "shop").await.unwrap().applied;
    scene.work().await;
    assert_eq!(scene.get(&acme, "shop").await.unwrap().applied, applied, "it says nothing of the wish");
}
