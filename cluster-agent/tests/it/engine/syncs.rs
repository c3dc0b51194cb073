//! Sync runs: started once, stopped when they run, and no other.

use cluster_agent::reconcile::{sync_run, termination};
use domain::engine::facts::DeploymentFacts;
use domain::engine::observed::Application;
use domain::engine::sync_run::{Judgement, verdict};
use domain::ids::SyncRunId;
use serde_json::{Value, json};
use testbed::cluster::Write;

use super::scene::{SOON, Scene, done, greeting, obstacle};

#[tokio::test]
async fn a_run_starts_exactly_one_sync_however_often_it_is_tried() {
    let scene = Scene::set().await;
    let (facts, _) = manual(&scene, &[("hello/map.json", greeting("hello", "from git"))]).await;
    let run = scene.run_facts(&facts);

    assert_eq!(sync_run::apply(&scene.engine, &run).await.outcome, done(1));
    // The agent died before it could say so; another one tries.
    assert_eq!(sync_run::apply(&scene.another_hand(), &run).await.outcome, done(1));
    scene.until_greeting("hello", "from git").await;
    until_verdict(&scene, &facts, run.run, Judgement::Succeeded).await;
    // And long after it has ended.
    assert_eq!(sync_run::apply(&scene.engine, &run).await.outcome, done(1));

    assert_eq!(started(&scene).len(), 1, "{:?}", started(&scene));
    assert_eq!(started(&scene)[0].body["operation"]["sync"]["revision"], Value::Null);
}

#[tokio::test]
async fn two_agents_that_start_the_same_run_at_once_start_one_sync() {
    let scene = Scene::set().await;
    let (facts, _) = manual(&scene, &[("hello/map.json", greeting("hello", "from git"))]).await;
    let run = scene.run_facts(&facts);
    let (left, right) = (scene.another_hand(), scene.another_hand());

    let (one, other) = tokio::join!(sync_run::apply(&left, &run), sync_run::apply(&right, &run));

    assert_eq!((one.outcome, other.outcome), (done(1), done(1)));
    until_verdict(&scene, &facts, run.run, Judgement::Succeeded).await;
    assert_eq!(started(&scene).len(), 1);
}

#[tokio::test]
async fn a_run_that_hangs_holds_up_the_next_until_it_is_stopped_and_only_it_is() {
    let scene = Scene::set().await;
    let (facts, _) =
        manual(&scene, &[("hello/map.json", greeting("hello", "late")), ("hello/web.json", hanging())]).await;
    let (first, second) = (scene.run_facts(&facts), scene.run_facts(&facts));
    assert_eq!(sync_run::apply(&scene.engine, &first).await.outcome, done(1));
    let running = |live: &Value| live.pointer("/status/operationState/phase") == Some(&json!("Running"));
    scene.hub.objects().until(&scene.application(&facts), SOON, running).await.unwrap();

    let busy = sync_run::apply(&scene.engine, &second).await;
    assert!(obstacle(&busy).contains("another sync of this deployment is running"), "{busy:?}");
    // Not the one that runs.
    assert_eq!(termination::apply(&scene.engine, &second).await.outcome, done(1));
    assert!(running(&scene.live(&facts).await));

    assert_eq!(termination::apply(&scene.engine, &first).await.outcome, done(1));
    until_verdict(&scene, &facts, first.run, Judgement::Terminated).await;
    assert_eq!(sync_run::apply(&scene.engine, &second).await.outcome, done(1));
    assert_eq!(started(&scene).len(), 2);
}

/// A deployment that only runs sync.
async fn manual(scene: &Scene, files: &[(&str, String)]) -> (DeploymentFacts, testbed::git::Repository) {
    let repository = scene.git.repository("shop").await.unwrap();
    repository.commit(files).await.unwrap();
    scene.prepare(&repository.url()).await;
    let facts = scene.deployment_facts(&repository.url(), "hello", "manual");
    let told = cluster_agent::reconcile::deployment::apply(&scene.engine, &facts).await;
    assert_eq!(told.outcome, done(1));
    let compared = |live: &Value| live.pointer("/status/sync/status") == Some(&json!("OutOfSync"));
    scene.argo.until(&scene.application(&facts), compared).await.unwrap();
    (facts, repository)
}

/// A Deployment that finds no node, in a wave of its own: its sync waits for it for ever.
fn hanging() -> String {
    json!({
        "apiVersion": "apps/v1", "kind": "Deployment",
        "metadata": {"name": "web", "annotations": {"argocd.argoproj.io/sync-wave": "-1"}},
        "spec": {
            "replicas": 1, "selector": {"matchLabels": {"app": "web"}},
            "template": {
                "metadata": {"labels": {"app": "web"}},
                "spec": {"containers": [{"name": "main", "image": "nginx"}], "nodeSelector": {"there-is": "none"}},
            },
        },
    })
    .to_string()
}

/// The syncs that we asked for and that were accepted.
fn started(scene: &Scene) -> Vec<Write> {
    let writes = scene.our_writes().into_iter();
    writes.filter(|write| write.status < 300 && write.body["operation"].is_object()).collect()
}

async fn until_verdict(scene: &Scene, facts: &DeploymentFacts, run: SyncRunId, wanted: Judgement) {
    let judged = |live: &Value| {
        let found = Application::read(live).ok().and_then(|application| verdict(run, &application));
        found.is_some_and(|verdict| verdict.judgement == wanted)
    };
    scene.hub.objects().until(&scene.application(facts), SOON, judged).await.unwrap();
}
