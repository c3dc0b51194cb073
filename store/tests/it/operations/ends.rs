//! How operations end when nobody does them, and what waits for what.

use domain::operation::{Obstacle, Outcome, Subject, Thing};
use uuid::Uuid;

use super::scene::{Scene, done};

#[tokio::test]
async fn nothing_outlives_its_deadline_and_the_reason_says_what_stood_in_the_way() {
    let scene = Scene::new().await;
    let past = "update operations set deadline_at = now() - interval '1 second', made_at = now() - interval '1 hour'";
    let unclaimed = scene.wish(scene.apply(), 1).await;
    let gated = scene.wish(scene.refresh(), 1).await;
    scene.run(past).await;
    assert_eq!(scene.claim(10).await.len(), 0, "what is too late is not begun");
    assert_eq!(scene.recover().await.expired, 2);
    assert_eq!(scene.state(unclaimed).await, "failed");
    assert!(scene.column("sentence", unclaimed).await.contains("no agent took it"));
    assert_eq!(scene.state(gated).await, "failed");
    let marks = "select applied_generation || ' ' || refused_generation from deployments";
    assert_eq!(scene.one(marks).await, "0 0", "it is still owed: the sweep asks again");

    scene.pauses_end().await;
    let tried = scene.wish(scene.apply(), 1).await;
    let claim = scene.take().await;
    let busy = Obstacle::EngineBusy { message: "429 too many requests".to_owned() };
    scene.finish(&claim, Outcome::Unreachable(busy)).await;
    scene.run(past).await;
    scene.recover().await;
    assert!(scene.column("sentence", tried).await.contains("429 too many requests"));
    assert_eq!(scene.one("select open_operations::text from tenant_ledger").await, "0");
}

#[tokio::test]
async fn a_running_one_at_its_deadline_ends_and_arms_who_is_next() {
    let scene = Scene::new().await;
    let stuck = scene.wish(scene.apply(), 1).await;
    let claim = scene.take().await;
    let next = scene.wish(scene.refresh(), 1).await;
    scene.run(&format!("update operations set deadline_at = now() where id = '{stuck}'")).await;
    scene.recover().await;
    assert_eq!((scene.state(stuck).await.as_str(), scene.state(next).await.as_str()), ("failed", "due"));
    assert!(!scene.finish(&claim, done(1)).await);
}

#[tokio::test]
async fn a_conflict_is_tried_again_at_once_and_then_pauses() {
    let scene = Scene::new().await;
    let id = scene.wish(scene.apply(), 1).await;
    for round in 1..=6 {
        let claim = scene.take().await;
        scene.finish(&claim, Outcome::Conflict).await;
        let paused = scene.column("due_at > now()", id).await;
        assert_eq!(paused, if round > 5 { "true" } else { "false" }, "round {round}");
    }
    let asleep = scene.claim(1).await;
    assert!(asleep.is_empty());
}

#[tokio::test]
async fn what_waited_for_its_project_goes_on_when_that_is_there() {
    let scene = Scene::new().await;
    let project = Subject::apply(Thing::Tenant, domain::operation::ResourceId(Uuid::new_v4()));
    let (project, deployment) = (scene.wish(project, 1).await, scene.wish(scene.apply(), 1).await);
    let claims = scene.claim(10).await;
    assert_eq!(claims.len(), 2);
    let of = |id| claims.iter().find(|claim| claim.operation.id == id).unwrap();
    let waits = Obstacle::NotReady { what: "its tenant to be known to the engine".to_owned() };
    scene.finish(of(deployment), Outcome::Unreachable(waits)).await;
    assert_eq!(scene.column("due_at > now()", deployment).await, "true");
    scene.finish(of(project), done(1)).await;
    assert_eq!(scene.column("due_at <= now()", deployment).await, "true");
    assert_eq!(scene.take().await.operation.id, deployment);
}

#[tokio::test]
async fn a_refusal_is_remembered_with_its_reason() {
    let scene = Scene::new().await;
    let id = scene.wish(scene.apply(), 1).await;
    let claim = scene.take().await;
    let why =
        domain::operation::Refusal::EnvironmentCredential { environment: "prod".to_owned(), status: 401 };
    scene.finish(&claim, Outcome::Refused { seen: domain::operation::Generation(1), why }).await;
    assert_eq!(scene.state(id).await, "refused");
    let refusal = scene.one("select refused_generation || ' ' || refusal from deployments").await;
    assert!(
        refusal.starts_with("1 the API server of environment \"prod\" refused the token (401); rotate it"),
        "{refusal}"
    );
    let feed = scene.run("select noun || ' ' || change from feed order by position").await.concat();
    assert_eq!(feed, ["operation refused", "deployment status"]);
}
