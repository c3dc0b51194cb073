//! Refreshing is our duty: a new commit is seen within a period, and nobody is woken for nothing.

use std::sync::Arc;
use std::time::Duration;

use cluster_agent::git::{Args, Git};
use cluster_agent::wake::{self, Waking};
use domain::engine::facts::DeploymentFacts;
use serde_json::Value;
use testbed::cluster::Write;
use testbed::wait;
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use crate::engine::scene::{SOON, Scene, greeting, loopback};
use crate::report::{Rows, beside, mirror};

const EVERY: Duration = Duration::from_secs(2);

fn wake(scene: &Scene, rows: &Rows) -> JoinSet<anyhow::Result<()>> {
    let args = Args {
        git_poll: EVERY,
        git_per_host: 4,
        git_timeout: Duration::from_secs(5),
        git_ca_file: None,
        git_known_hosts: None,
    };
    let store = rows.store();
    let waking = Waking {
        access: store.agent_access(),
        store,
        engine: Arc::new(scene.another_hand()),
        cluster: rows.cluster,
        git: Arc::new(Git::new(&args, &loopback()).unwrap()),
        every: EVERY,
        turn: watch::Sender::new(true).subscribe(),
    };
    let mut tasks = JoinSet::new();
    tasks.spawn(wake::run(waking, CancellationToken::new()));
    tasks
}

/// How often we asked a repository: engines show no `argosy-agent`, but their questions are others.
fn asked(scene: &Scene, repository: &str) -> usize {
    let requests = scene.git.requests();
    requests
        .iter()
        .filter(|request| request.repository == repository && request.path.contains("info/refs"))
        .count()
}

fn refreshes(scene: &Scene, facts: &DeploymentFacts) -> usize {
    let name = facts.id.application_name();
    let asks = |write: &Write| {
        let refresh = write.body.pointer("/metadata/annotations/argocd.argoproj.io~1refresh");
        write.name == name && refresh.is_some_and(Value::is_string)
    };
    scene.our_writes().iter().filter(|write| asks(write)).count()
}

#[tokio::test]
async fn a_new_commit_is_seen_within_a_period_and_wakes_its_own_application_once() {
    let scene = Scene::set().await;
    let rows = Rows::of(&scene).await;
    let repository = scene.git.repository("shop").await.unwrap();
    let other = scene.git.repository("blog").await.unwrap();
    let head = repository.commit(&[("hello/map.json", greeting("hello", "first"))]).await.unwrap();
    other.commit(&[("hello/map.json", greeting("other", "first"))]).await.unwrap();
    let facts = scene.deployed(&repository.url(), "hello").await;
    let bystander = beside(&scene, &[&repository.url(), &other.url()]).await;
    rows.deployment(&facts).await;
    rows.deployment(&bystander).await;
    let running = mirror(&scene, &rows, rows.store());
    rows.until_status(&facts, Some(&format!("Synced Healthy Succeeded {head}"))).await;
    let before = (refreshes(&scene, &facts), refreshes(&scene, &bystander));
    let _waking = wake(&scene, &rows);

    let next = repository.commit(&[("hello/map.json", greeting("hello", "second"))]).await.unwrap();
    rows.until_status(&facts, Some(&format!("Synced Healthy Succeeded {next}"))).await;
    scene.until_greeting("hello", "second").await;
    // And from then on it is left alone, period after period.
    let so_far = asked(&scene, "shop");
    wait::until("three more questions", SOON, async || match asked(&scene, "shop") {
        now if now >= so_far + 3 => Ok(()),
        now => Err(format!("{now} of {so_far} + 3")),
    })
    .await
    .unwrap();
    let woken = refreshes(&scene, &facts) - before.0;
    assert!((1..=2).contains(&woken), "woken {woken} times");
    assert_eq!(refreshes(&scene, &bystander), before.1);
    running.stop().await;
}

#[tokio::test]
async fn what_is_suspended_is_left_alone() {
    let scene = Scene::set().await;
    let rows = Rows::of(&scene).await;
    let (still, moving) =
        (scene.git.repository("still").await.unwrap(), scene.git.repository("moving").await.unwrap());
    for repository in [&still, &moving] {
        repository.commit(&[("hello/map.json", greeting(repository.name(), "first"))]).await.unwrap();
    }
    let suspended = scene.deployed(&still.url(), "hello").await;
    let facts = beside(&scene, &[&still.url(), &moving.url()]).await;
    rows.deployment(&suspended).await;
    rows.deployment(&facts).await;
    rows.sql(&format!("update deployments set suspended = true where id = '{}'", suspended.id)).await;
    let running = mirror(&scene, &rows, rows.store());
    let before = refreshes(&scene, &suspended);
    let _waking = wake(&scene, &rows);

    still.commit(&[("hello/map.json", greeting("still", "second"))]).await.unwrap();
    let next = moving.commit(&[("hello/map.json", greeting("moving", "second"))]).await.unwrap();
    rows.until_status(&facts, Some(&format!("Synced Healthy Succeeded {next}"))).await;
    assert_eq!(refreshes(&scene, &suspended), before);
    running.stop().await;
}
