//! Environments and repository credentials: what the engine is told of them, and when not.

use cluster_agent::reconcile::{Report, environment, repository_credential};
use domain::engine::facts::Life;
use domain::operation::Generation;
use serde_json::json;
use testbed::cluster::{Credential, Key};
use testbed::{Access, Credential as Shown};

use super::scene::{Scene, deployer, done, greeting, obstacle, refusal, repository_url};

#[tokio::test]
async fn a_refused_token_reaches_no_engine_and_says_what_to_do() {
    let scene = Scene::set().await;
    let stranger = scene.access.clone().with(Credential::Token("nobody".to_owned()));

    let told = environment::apply(&scene.engine, &scene.targets, &scene.environment_with(1, &stranger)).await;

    let sentence = refusal(&told);
    assert!(sentence.contains("\"prod\" refused the token (401); rotate it with PUT"), "{sentence}");
    let Some(Report::Check(report)) = told.report else { panic!("no report") };
    assert!(!report.passed());
    assert_eq!(scene.engine.requests(), 0, "the engine was told nothing");
}

#[tokio::test]
async fn a_token_that_may_not_look_is_refused_by_what_it_may_not() {
    let scene = Scene::set().await;
    let elsewhere = scene.target.namespace("elsewhere").await.unwrap();
    let other = deployer(&scene.target, &elsewhere, &["*"]).await;

    let told = environment::apply(&scene.engine, &scene.targets, &scene.environment_with(1, &other)).await;

    let wanted = format!("may not get namespace {}", scene.namespace);
    assert!(refusal(&told).contains(&wanted), "{told:?}");
    assert_eq!(scene.engine.requests(), 0, "the engine was told nothing");
}

#[tokio::test]
async fn a_server_that_is_away_is_waited_for() {
    let scene = Scene::set().await;
    let away = scene.access.clone().through(1);
    let told = environment::apply(&scene.engine, &scene.targets, &scene.environment_with(1, &away)).await;
    assert!(obstacle(&told).contains("API server of environment \"prod\" did not answer"), "{told:?}");
}

#[tokio::test]
async fn a_private_repository_is_read_with_its_credential_and_not_without() {
    let scene = Scene::set().await;
    let repository = scene.git.repository("shop").await.unwrap();
    repository.set_access(Access::basic("robot", "right"));
    repository.commit(&[("hello/map.json", greeting("hello", "from git"))]).await.unwrap();
    let credential = scene.credential_facts(&repository.url(), "right");
    assert_eq!(repository_credential::apply(&scene.engine, &credential).await.outcome, done(1));

    scene.deployed(&repository.url(), "hello").await;

    scene.until_greeting("hello", "from git").await;
    let used = scene.git.requests();
    assert!(used.iter().any(|request| request.credential == Shown::basic("robot", "right")), "{used:?}");
}

#[tokio::test]
async fn a_credential_has_a_secret_for_each_address_in_use_and_none_for_others() {
    let scene = Scene::set().await;
    let one = "https://127.0.0.1:1/org/one.git";
    let mut facts = scene.credential_facts(one, "right");
    facts.urls.push(repository_url("https://127.0.0.1:1/org/two.git"));
    assert_eq!(repository_credential::apply(&scene.engine, &facts).await.outcome, done(1));
    assert_eq!(secrets(&scene).len(), 2);

    facts.urls.pop();
    facts.generation = Generation(2);
    assert_eq!(repository_credential::apply(&scene.engine, &facts).await.outcome, done(2));
    let name = facts.credential.repository_secret_name();
    let kept = Key::of("v1", "Secret").named(&name).within(scene.argo.namespace());
    let kept = scene.hub.objects().get(&kept).await.unwrap().unwrap();
    assert_eq!(kept["metadata"]["labels"]["argocd.argoproj.io/secret-type"], json!("repository"));

    facts.life = Life::Deleting;
    facts.generation = Generation(3);
    let told = repository_credential::take_down(&scene.engine, &facts).await;
    assert_eq!((told.outcome, told.report), (done(3), Some(Report::TakenDown { gone: true })));
    let deleted = secrets(&scene).into_iter().filter(|write| write.verb == "delete").count();
    assert_eq!(deleted, 3);
}

fn secrets(scene: &Scene) -> Vec<testbed::cluster::Write> {
    scene.our_writes().into_iter().filter(|write| write.resource == "secrets" && write.status < 300).collect()
}
