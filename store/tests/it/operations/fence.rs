//! One owner at a time, and what a late one may do: nothing.

use domain::operation::{Kind, Outcome};

use super::scene::{Scene, done};

#[tokio::test]
async fn a_late_finish_changes_nothing() {
    let scene = Scene::new().await;
    let id = scene.wish(scene.apply(), 1).await;
    let late = scene.take().await;
    scene.lose(scene.session).await;
    assert_eq!(scene.recover().await.lost, 1);
    let other = scene.another_agent().await;
    let now = scene.claim_as(other, 1).await.remove(0);
    assert_eq!((now.operation.id, now.token.0), (id, late.token.0 + 1));

    let before = scene.everything().await;
    let refused = Outcome::Refused {
        seen: domain::operation::Generation(1),
        why: domain::operation::Refusal::Unplaced,
    };
    for outcome in [done(1), Outcome::Conflict, refused] {
        assert!(!scene.finish(&late, outcome).await);
    }
    assert_eq!(scene.store.give_back(&scene.agent, &[late]).await.unwrap(), []);
    assert_eq!(scene.everything().await, before);

    assert!(scene.finish(&now, done(1)).await);
    assert_eq!(scene.state(id).await, "succeeded");
    assert!(!scene.finish(&now, done(1)).await, "what has ended stays as it ended");
}

#[tokio::test]
async fn what_a_lost_agent_held_is_due_at_once_and_counts_against_it() {
    let scene = Scene::new().await;
    let id = scene.wish(scene.apply(), 1).await;
    for round in 1..=5 {
        let session = scene.another_agent().await;
        assert_eq!(scene.claim_as(session, 1).await.len(), 1, "round {round}");
        assert_eq!(scene.recover().await.lost, 0, "a lease that lives is nobody else's");
        scene.lose(session).await;
        assert_eq!(scene.recover().await.lost, 1);
    }
    assert_eq!(scene.state(id).await, "quarantined");
    assert!(scene.column("sentence", id).await.contains("broke 5 attempts"));
    assert_eq!(
        scene.one("select refused_generation::text from deployments").await,
        "1",
        "or the sweep would bring it back"
    );
    assert_eq!(scene.one("select running::text from operation_heads").await, "0");
}

#[tokio::test]
async fn a_lost_session_claims_nothing_and_is_not_kept_alive() {
    let scene = Scene::new().await;
    scene.wish(scene.apply(), 1).await;
    assert!(scene.store.keep_alive(&scene.agent, scene.session).await.unwrap().is_some());
    scene.lose(scene.session).await;
    assert_eq!(scene.store.keep_alive(&scene.agent, scene.session).await.unwrap(), None);
    let kinds: Vec<Kind> = Kind::all().collect();
    let claimed = scene.store.claim(&scene.agent, scene.session, scene.cluster, (&kinds, 5)).await.unwrap();
    assert!(claimed.is_none());
}

#[tokio::test]
async fn what_is_given_back_is_due_at_once_and_does_not_count() {
    let scene = Scene::new().await;
    let id = scene.wish(scene.apply(), 1).await;
    let claim = scene.take().await;
    scene.store.give_back(&scene.agent, &[claim]).await.unwrap();
    assert_eq!(scene.column("attempts || ' ' || breaks || ' ' || state", id).await, "0 0 due");
    assert_eq!(scene.take().await.operation.id, id);
}

#[tokio::test]
async fn two_agents_never_hold_the_same() {
    let scene = Scene::new().await;
    for _ in 0..40 {
        let deployment = domain::ids::DeploymentId(uuid::Uuid::new_v4());
        scene.make_deployment(scene.tenant, deployment).await;
        let subject =
            domain::operation::Subject::apply(domain::operation::Thing::Deployment, deployment.into());
        scene.wish(subject, 1).await;
    }
    scene.run("update operation_heads set cap = 1000").await;
    let other = scene.another_agent().await;
    let mut held = Vec::new();
    while held.len() < 40 {
        let (mine, theirs) = tokio::join!(scene.claim(4), scene.claim_as(other, 4));
        held.extend(mine.into_iter().chain(theirs).map(|claim| claim.operation.id));
    }
    held.sort_unstable();
    held.dedup();
    assert_eq!(held.len(), 40);
    assert_eq!(scene.one("select running::text from operation_heads").await, "40");
}

#[tokio::test]
async fn kinds_that_an_agent_does_not_know_are_left_to_others() {
    let scene = Scene::new().await;
    let id = scene.wish(scene.apply(), 1).await;
    scene.run(&format!("update operations set kind = 'of_tomorrow' where id = '{id}'")).await;
    assert_eq!(scene.claim(10).await.len(), 0);
    assert_eq!(scene.state(id).await, "due");
    let asleep = "select (not ready and wake_at > now())::text from operation_heads";
    assert_eq!(scene.one(asleep).await, "true", "and is not asked for without end");
}
