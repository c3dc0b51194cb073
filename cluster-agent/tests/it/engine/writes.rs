//! How much is written, and over what: one write for what is new, none for what is unchanged, nothing over what is not
//! ours or what is newer.

use cluster_agent::cluster::{Applied, Key, Kind, Unwritten};
use cluster_agent::reconcile::{deployment, environment, tenant};
use domain::engine::desired;
use domain::operation::{Generation, Outcome};
use serde_json::{Value, json};
use testbed::Proxy;

use super::scene::{Scene, done, greeting, obstacle, refusal};

#[tokio::test]
async fn what_is_new_is_one_write_and_what_is_unchanged_is_none() {
    let scene = Scene::set().await;
    let repository = scene.git.repository("shop").await.unwrap();
    repository.commit(&[("hello/map.json", greeting("hello", "from git"))]).await.unwrap();

    let facts = scene.deployed(&repository.url(), "hello").await;

    scene.until_greeting("hello", "from git").await;
    let writes = scene.our_writes();
    let made: Vec<_> =
        writes.iter().map(|write| (write.resource.as_str(), write.verb.as_str(), write.status)).collect();
    assert_eq!(
        made,
        [("appprojects", "patch", 201), ("secrets", "patch", 201), ("applications", "patch", 201)]
    );

    // The status that Argo CD wrote meanwhile makes other versions of it, and nothing that is ours differs.
    let (before, version) =
        (scene.engine.requests(), scene.live(&facts).await["metadata"]["resourceVersion"].clone());
    assert_eq!(deployment::apply(&scene.engine, &facts).await.outcome, done(1));
    let told = tenant::apply(&scene.engine, &scene.tenant_facts(1, &[&repository.url()])).await;
    assert_eq!(told.outcome, done(1));
    let told = environment::apply(&scene.engine, &scene.targets, &scene.environment_facts(1)).await;
    assert_eq!(told.outcome, done(1));
    assert_eq!(scene.engine.requests(), before, "nothing was even asked");
    assert_eq!(scene.live(&facts).await["metadata"]["resourceVersion"], version);
    assert_eq!(scene.our_writes().len(), 3);
}

#[tokio::test]
async fn after_a_restart_what_is_unchanged_is_looked_at_and_not_written() {
    let scene = Scene::set().await;
    let mut facts = scene.deployment_facts("https://127.0.0.1:1/none.git", ".", "manual");
    facts.generation = Generation(4);
    assert_eq!(scene.engine.apply(&desired::application(&facts)).await, Ok(Applied::Written));

    let restarted = scene.another_hand();
    assert_eq!(restarted.apply(&desired::application(&facts)).await, Ok(Applied::Unchanged));

    assert_eq!(restarted.requests(), 1, "one look");
    assert_eq!(scene.our_writes().len(), 1);
}

#[tokio::test]
async fn a_change_is_one_write_when_the_last_version_was_seen_and_finds_its_way_when_not() {
    let scene = Scene::set().await;
    let repository = scene.git.repository("shop").await.unwrap();
    let files = [("a/map.json", greeting("hello", "first")), ("b/map.json", greeting("hello", "second"))];
    repository.commit(&files).await.unwrap();
    let facts = scene.deployed(&repository.url(), "a").await;

    let mut changed = scene.deployment_facts(&repository.url(), "b", "automated");
    (changed.id, changed.generation) = (facts.id, Generation(2));
    let before = scene.engine.requests();
    assert_eq!(deployment::apply(&scene.engine, &changed).await.outcome, done(2));
    // Argo CD wrote since: a conflict, a look, a write. And it may write once more in between.
    let spent = scene.engine.requests() - before;
    assert!((3..=7).contains(&spent) && spent % 2 == 1, "{spent}");
    scene.until_greeting("hello", "second").await;
    scene.argo.until_healthy(&scene.application(&facts)).await.unwrap();

    // What the watch hands on is enough to write at once. It does not say who owns which field.
    let key =
        Key { kind: Kind::Application, namespace: scene.seat().namespace, name: facts.id.application_name() };
    let mut back = scene.deployment_facts(&repository.url(), "a", "automated");
    (back.id, back.generation) = (facts.id, Generation(3));
    let mut spent = 0;
    for _ in 0..20 {
        let live = scene.live(&facts).await;
        let metadata = &live["metadata"];
        let seen = json!({"metadata": {"uid": metadata["uid"], "resourceVersion": metadata["resourceVersion"],
            "labels": metadata["labels"]}});
        scene.engine.notice(&key, &seen);
        let before = scene.engine.requests();
        assert_eq!(deployment::apply(&scene.engine, &back).await.outcome, done(back.generation.0));
        spent = scene.engine.requests() - before;
        if spent == 1 {
            break;
        }
        // Argo CD wrote just then. Once more, as another change.
        back.generation.0 += 1;
    }
    assert_eq!(spent, 1);
    scene.until_greeting("hello", "first").await;
}

#[tokio::test]
async fn an_object_that_somebody_else_made_is_not_touched() {
    let scene = Scene::set().await;
    let facts = scene.deployment_facts("https://127.0.0.1:1/none.git", ".", "manual");
    let mut theirs = desired::application(&facts);
    theirs["metadata"]["labels"] = json!({"theirs": "yes"});
    theirs["spec"]["source"]["path"] = json!("elsewhere");
    scene.hub.objects().apply(theirs).await.unwrap();

    for generation in [1, 2] {
        let mut facts = facts.clone();
        facts.generation = Generation(generation);
        let refused = deployment::apply(&scene.engine, &facts).await;
        let sentence = refusal(&refused);
        assert!(sentence.contains("not ours") && sentence.contains("an operator has to look"), "{sentence}");
    }

    let live = scene.live(&facts).await;
    assert_eq!(live["spec"]["source"]["path"], json!("elsewhere"));
    assert_eq!(live["metadata"]["labels"], json!({"theirs": "yes"}));
    let written = scene.our_writes().into_iter().filter(|write| write.status < 300).count();
    assert_eq!(written, 0);
}

#[tokio::test]
async fn a_late_worker_with_old_rows_does_not_overwrite_a_newer_generation() {
    let scene = Scene::set().await;
    let at = |generation: u64, path: &str| {
        let mut facts = scene.deployment_facts("https://127.0.0.1:1/none.git", path, "manual");
        (facts.id, facts.generation) =
            (domain::ids::DeploymentId(scene.environment.0), Generation(generation));
        facts
    };
    let late = scene.another_hand();
    assert_eq!(deployment::apply(&late, &at(1, "one")).await.outcome, done(1));
    assert_eq!(deployment::apply(&scene.engine, &at(3, "three")).await.outcome, done(3));

    // One that knows an older version, and one that knows nothing.
    assert_eq!(deployment::apply(&late, &at(2, "two")).await.outcome, Outcome::Conflict);
    assert_eq!(deployment::apply(&scene.another_hand(), &at(2, "two")).await.outcome, Outcome::Conflict);

    let live = scene.live(&at(3, "three")).await;
    assert_eq!(live["spec"]["source"]["path"], json!("three"));
}

#[tokio::test]
async fn what_a_hand_changed_is_put_back_once_it_was_seen_and_what_a_hand_added_stays() {
    let scene = Scene::set().await;
    let facts = scene.deployment_facts("https://127.0.0.1:1/none.git", "mine", "manual");
    scene.engine.apply(&desired::application(&facts)).await.unwrap();
    let by_hand =
        json!({"metadata": {"labels": {"added": "by-hand"}}, "spec": {"source": {"path": "by-hand"}}});
    scene.hub.objects().patch(&scene.application(&facts), by_hand).await.unwrap();

    let key =
        Key { kind: Kind::Application, namespace: scene.seat().namespace, name: facts.id.application_name() };
    scene.engine.notice(&key, &scene.live(&facts).await);
    assert_eq!(scene.engine.apply(&desired::application(&facts)).await, Ok(Applied::Written));

    let live = scene.live(&facts).await;
    assert_eq!(live["spec"]["source"]["path"], json!("mine"));
    assert_eq!(live["metadata"]["labels"]["added"], json!("by-hand"));
}

#[tokio::test]
async fn an_object_on_its_way_out_is_waited_for() {
    let scene = Scene::set().await;
    let facts = scene.deployment_facts("https://127.0.0.1:1/none.git", ".", "manual");
    scene.engine.apply(&desired::application(&facts)).await.unwrap();
    let application = scene.application(&facts);
    let held = json!({"metadata": {"finalizers": ["example.com/held"]}});
    scene.hub.objects().patch(&application, held).await.unwrap();
    scene.hub.objects().delete(&application).await.unwrap();

    let restarted = scene.another_hand();
    let waiting = deployment::apply(&restarted, &facts).await;
    assert!(obstacle(&waiting).contains("to be gone from the engine"), "{waiting:?}");

    let free = json!({"metadata": {"finalizers": Value::Null}});
    scene.hub.objects().patch(&application, free).await.unwrap();
    scene.hub.objects().until_gone(&application, super::scene::SOON).await.unwrap();
    assert_eq!(deployment::apply(&restarted, &facts).await.outcome, done(1));
    assert_eq!(scene.live(&facts).await["metadata"]["deletionTimestamp"], Value::Null);
}

#[tokio::test]
async fn an_engine_that_does_not_answer_is_unreachable_and_is_dialled_again() {
    let scene = Scene::set().await;
    let access = scene.hub.admin().unwrap();
    let proxy = Proxy::to(access.server.trim_start_matches("https://").parse().unwrap()).unwrap();
    let folder = testbed::Folder::in_target("agent").unwrap();
    let engine = super::scene::hand(&folder, &access.through(proxy.port()));
    let facts = scene.deployment_facts("https://127.0.0.1:1/none.git", ".", "manual");

    proxy.cut();
    let cut = deployment::apply(&engine, &facts).await;
    assert!(obstacle(&cut).starts_with("the engine did not answer"), "{cut:?}");
    proxy.heal();
    assert_eq!(deployment::apply(&engine, &facts).await.outcome, done(1));
}

#[tokio::test]
async fn what_the_api_server_finds_wrong_is_refused_with_its_words_and_a_secret_is_not_repeated() {
    let scene = Scene::set().await;
    let facts = scene.deployment_facts("https://127.0.0.1:1/none.git", ".", "manual");
    let mut wrong = desired::application(&facts);
    wrong["spec"]["syncPolicy"] = json!("whenever");
    let Err(Unwritten::Refused { message, .. }) = scene.engine.apply(&wrong).await else {
        panic!("accepted")
    };
    assert!(message.contains("syncPolicy"), "{message}");

    let mut secret = desired::cluster_secret(&scene.environment_facts(1)).unwrap().to_value();
    secret["data"]["config"] = json!({"hunter2": "is no text"});
    let Err(refused) = scene.engine.apply(&secret).await else { panic!("accepted") };
    assert!(matches!(refused, Unwritten::Refused { .. }), "{refused:?}");
    assert!(!format!("{refused:?} {refused}").contains("hunter2"), "{refused:?}");
}
