//! Taking down, in the right order: Applications, then what they need. With what they deployed, or without.

use cluster_agent::reconcile::{Report, deployment, environment, tenant};
use domain::engine::facts::{DeploymentFacts, EnvironmentFacts, Life, Prune};
use domain::operation::Generation;
use serde_json::{Value, json};
use testbed::cluster::{Credential, Key};

use super::scene::{SOON, Scene, deployer, done, greeting, obstacle, refusal};

const GONE: Option<Report> = Some(Report::TakenDown { gone: true });
const ACCEPTED: Option<Report> = Some(Report::TakenDown { gone: false });

#[tokio::test]
async fn a_deployment_goes_with_what_it_deployed_and_then_what_it_needed() {
    let scene = Scene::set().await;
    let (facts, environment) = deployed(&scene).await;
    let mut tenant = scene.tenant_facts(2, &[]);
    tenant.life = Life::Deleting;

    let told = tenant::take_down(&scene.engine, &tenant).await;
    assert!(obstacle(&told).contains("deployments to be gone"), "{told:?}");
    let told = environment::take_down(&scene.engine, &environment).await;
    assert!(obstacle(&told).contains("deployments to be gone"), "{told:?}");

    let told = deployment::take_down(&scene.engine, &scene.targets, &facts, &environment).await;
    assert_eq!((told.outcome, told.report), (done(2), ACCEPTED));
    scene.hub.objects().until_gone(&scene.application(&facts), SOON).await.unwrap();
    assert_eq!(scene.greeting("hello").await, None);
    let told = deployment::take_down(&scene.engine, &scene.targets, &facts, &environment).await;
    assert_eq!((told.outcome, told.report), (done(2), GONE));

    let told = tenant::take_down(&scene.engine, &tenant).await;
    assert_eq!((told.outcome, told.report), (done(2), GONE));
    let told = environment::take_down(&scene.engine, &environment).await;
    assert_eq!((told.outcome, told.report), (done(2), GONE));
    for (kind, name) in
        [("AppProject", scene.tenant.project_name()), ("Secret", scene.environment.cluster_secret_name())]
    {
        let version = if kind == "Secret" { "v1" } else { "argoproj.io/v1alpha1" };
        let key = Key::of(version, kind).named(&name).within(scene.argo.namespace());
        assert_eq!(scene.hub.objects().get(&key).await.unwrap(), None, "{name}");
    }
}

#[tokio::test]
async fn what_is_abandoned_stays_even_if_its_cluster_does_not_answer() {
    let scene = Scene::set().await;
    let (mut facts, _) = deployed(&scene).await;
    facts.prune = Prune::Abandon;
    let away = leaving(scene.environment_with(2, &scene.access.clone().through(1)));

    let told = deployment::take_down(&scene.engine, &scene.targets, &facts, &away).await;

    assert_eq!((told.outcome, told.report), (done(2), GONE));
    assert_eq!(scene.hub.objects().get(&scene.application(&facts)).await.unwrap(), None);
    assert!(scene.greeting("hello").await.is_some());
}

#[tokio::test]
async fn nothing_is_begun_that_the_token_cannot_finish() {
    let scene = Scene::set().await;
    let (facts, _) = deployed(&scene).await;
    // The same account may only look from now on.
    deployer(&scene.target, &scene.namespace, &["get", "list", "watch"]).await;
    let told =
        deployment::take_down(&scene.engine, &scene.targets, &facts, &leaving(scene.environment_facts(2)))
            .await;
    let wanted = format!("may not delete configmaps in {}", scene.namespace);
    assert!(refusal(&told).contains(&wanted), "{told:?}");

    let stranger = scene.access.clone().with(Credential::Token("nobody".to_owned()));
    let told = deployment::take_down(
        &scene.engine,
        &scene.targets,
        &facts,
        &leaving(scene.environment_with(2, &stranger)),
    )
    .await;
    assert!(refusal(&told).contains("refused the token (401)"), "{told:?}");

    let away = leaving(scene.environment_with(2, &scene.access.clone().through(1)));
    let told = deployment::take_down(&scene.engine, &scene.targets, &facts, &away).await;
    assert!(obstacle(&told).contains("did not answer"), "{told:?}");

    let live = scene.live(&facts).await;
    let metadata = &live["metadata"];
    assert_eq!((&metadata["finalizers"], &metadata["deletionTimestamp"]), (&Value::Null, &Value::Null));
    assert!(scene.greeting("hello").await.is_some());
}

#[tokio::test]
async fn a_deployment_that_never_synced_goes_without_asking_its_cluster() {
    let scene = Scene::set().await;
    let mut facts = scene.deployment_facts("https://127.0.0.1:1/none.git", ".", "manual");
    assert_eq!(deployment::apply(&scene.engine, &facts).await.outcome, done(1));
    (facts.life, facts.generation) = (Life::Deleting, Generation(2));
    let away = leaving(scene.environment_with(2, &scene.access.clone().through(1)));

    let told = deployment::take_down(&scene.engine, &scene.targets, &facts, &away).await;

    assert_eq!((told.outcome, told.report), (done(2), GONE));
}

#[tokio::test]
async fn a_namesake_that_was_made_by_somebody_else_is_left_alone() {
    let scene = Scene::set().await;
    let mut facts = scene.deployment_facts("https://127.0.0.1:1/none.git", ".", "manual");
    let mut theirs = domain::engine::desired::application(&facts);
    theirs["metadata"]["labels"] = json!({});
    scene.hub.objects().apply(theirs).await.unwrap();
    (facts.life, facts.generation) = (Life::Deleting, Generation(2));

    let told =
        deployment::take_down(&scene.engine, &scene.targets, &facts, &leaving(scene.environment_facts(1)))
            .await;

    assert_eq!((told.outcome, told.report), (done(2), GONE));
    assert!(scene.live(&facts).await["metadata"]["deletionTimestamp"].is_null());
}

async fn deployed(scene: &Scene) -> (DeploymentFacts, EnvironmentFacts) {
    let repository = scene.git.repository("shop").await.unwrap();
    repository.commit(&[("hello/map.json", greeting("hello", "from git"))]).await.unwrap();
    let mut facts = scene.deployed(&repository.url(), "hello").await;
    scene.until_greeting("hello", "from git").await;
    (facts.life, facts.generation) = (Life::Deleting, Generation(2));
    (facts, leaving(scene.environment_facts(2)))
}

fn leaving(mut environment: EnvironmentFacts) -> EnvironmentFacts {
    environment.life = Life::Deleting;
    environment
}
