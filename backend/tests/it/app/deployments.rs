//! What people wish of deployments.

use backend::app::{
    Answer, Call, Condition, Deployment, Done, Effect, Parting, Refused, Version, WishRefused, Would,
};
use domain::ids::Generation;
use domain::intent::deployment::RawDeployment;
use serde_json::{Value, json};

use super::ground::{Ground, body, call, fields, named, patch};

const REPOSITORY: &str = "https://git.example.com/acme/shop.git";

/// An engine, and an environment to go to.
pub(super) async fn furnished() -> Ground {
    let ground = Ground::new().await;
    ground
        .one(
            "with hub as (insert into engine_clusters (id, name) values (gen_random_uuid(), 'hub') returning id)
             insert into engine_instances (id, engine_cluster_id, name, namespace, repo_server)
             select gen_random_uuid(), id, 'one', 'argocd', 'repo-one' from hub",
        )
        .await;
    let prod = body(json!({"server": "https://k8s.example.com", "token": "secret-token"}));
    ground.app.put_environment(&ground.access, named("prod"), prod, &call()).await.unwrap();
    ground
}

pub(super) fn said() -> Value {
    json!({
        "source": {"repository": REPOSITORY, "path": "deploy", "revision": "main"},
        "destination": {"environment": "prod", "namespace": "shop"},
        "policy": {"mode": "manual"},
        "labels": {"team": "shop", "tier": "web"},
    })
}

pub(super) async fn put(ground: &Ground, said: Value) -> Answer<Done<Deployment>> {
    ground.app.put_deployment(&ground.access, named("shop"), body(said), &call()).await
}

async fn change(ground: &Ground, said: Value) -> Answer<Done<Deployment>> {
    ground.app.patch_deployment(&ground.access, named("shop"), patch(said), &call()).await
}

fn shown(deployment: &Deployment) -> Value {
    serde_json::to_value(RawDeployment::from(&deployment.spec)).unwrap()
}

#[tokio::test]
async fn all_that_is_wrong_with_a_body_is_said_at_once_and_nothing_is_written() {
    let ground = furnished().await;
    let wrong = json!({
        "source": {"repository": "https://10.0.0.1/x", "path": "../up"},
        "destination": {"environment": "prod", "namespace": "Shop"},
        "policy": {"mode": "manual", "prune": true},
    });
    let mut wrong = fields(put(&ground, wrong).await.unwrap_err());
    wrong.sort();
    let places: Vec<&str> = wrong.iter().map(|(place, _)| place.as_str()).collect();
    assert_eq!(places, ["/destination/namespace", "/policy/prune", "/source/path", "/source/repository"]);
    let absent = json!({"destination": {"environment": "absent", "namespace": "shop"}});
    let mut elsewhere = said();
    elsewhere.as_object_mut().unwrap().extend(absent.as_object().unwrap().clone());
    let wrong = fields(put(&ground, elsewhere).await.unwrap_err());
    assert_eq!(wrong, [("/destination/environment".to_owned(), "not_found".to_owned())]);
    assert_eq!(ground.one("select count(*) from deployments").await, "0");
}

#[tokio::test]
async fn a_patch_changes_what_it_names_and_leaves_the_rest() {
    let ground = furnished().await;
    put(&ground, said()).await.unwrap();
    let done =
        change(&ground, json!({"labels": {"tier": null, "x": "y"}, "source": {"revision": "v2"}})).await;
    let done = done.unwrap();
    assert_eq!((done.effect, done.thing.generation), (Effect::Changed, Generation(2)));
    let now = shown(&done.thing);
    assert_eq!(now["labels"], json!({"team": "shop", "x": "y"}));
    assert_eq!(now["source"], json!({"repository": REPOSITORY, "path": "deploy", "revision": "v2"}));
    let again = change(&ground, json!({"labels": {"x": "y"}})).await.unwrap();
    assert_eq!(again.effect, Effect::Unchanged);
    let wrong = fields(change(&ground, json!({"sauce": {}})).await.unwrap_err());
    assert_eq!(wrong, [("/sauce".to_owned(), "unknown_field".to_owned())]);
}

#[tokio::test]
async fn a_patch_may_turn_one_source_into_several_and_the_policy_around() {
    let ground = furnished().await;
    put(&ground, said()).await.unwrap();
    let both = json!({"sources": [
        {"repository": REPOSITORY, "path": "deploy"},
        {"repository": "https://git.example.com/acme/values.git", "ref": "values"},
    ]});
    let done = change(&ground, both).await.unwrap();
    assert_eq!(done.thing.spec.sources.len(), 2);
    let one = change(&ground, json!({"source": {"repository": REPOSITORY, "path": "."}})).await.unwrap();
    assert_eq!(one.thing.spec.sources.len(), 1);
    let automated = change(&ground, json!({"policy": {"mode": "automated", "prune": false}})).await.unwrap();
    let policy = json!({"mode": "automated", "prune": false, "selfHeal": true, "allowEmpty": true});
    assert_eq!(shown(&automated.thing)["policy"], policy);
    let manual = change(&ground, json!({"policy": {"mode": "manual"}})).await.unwrap();
    assert_eq!(shown(&manual.thing)["policy"], json!({"mode": "manual"}));
}

#[tokio::test]
async fn a_patch_of_what_somebody_else_has_changed_since_is_refused_if_it_is_asked_to_be() {
    let ground = furnished().await;
    let made = put(&ground, said()).await.unwrap().thing;
    change(&ground, json!({"suspended": true})).await.unwrap();
    let version = Version { id: made.id.0, generation: Generation(1) };
    let call = Call { condition: Condition::Is(vec![version]), ..call() };
    let late =
        ground.app.patch_deployment(&ground.access, named("shop"), patch(json!({"suspended": false})), &call);
    let Refused::Wish(refused) = late.await.unwrap_err() else { panic!("it was not refused") };
    assert_eq!(refused, WishRefused::Condition { current: Some(Generation(2)) });
}

#[tokio::test]
async fn a_dry_run_writes_nothing() {
    let ground = furnished().await;
    let dry = Call { dry_run: true, ..call() };
    let would = ground.app.put_deployment(&ground.access, named("shop"), body(said()), &dry).await.unwrap();
    assert_eq!(would.effect, Effect::WouldBe(Would::Create));
    assert_eq!(ground.one("select count(*) from deployments").await, "0");
    put(&ground, said()).await.unwrap();
    let would =
        ground.app.delete_deployment(&ground.access, named("shop"), Parting::Prune, &dry).await.unwrap();
    assert_eq!(would.effect, Effect::WouldBe(Would::Delete));
    assert!(!ground.app.deployment(&ground.access, &named("shop")).await.unwrap().deployment.deleting);
}

#[tokio::test]
async fn a_deployment_says_why_it_is_where_it_is() {
    let ground = furnished().await;
    put(&ground, said()).await.unwrap();
    let seen = ground.app.deployment(&ground.access, &named("shop")).await.unwrap();
    assert_eq!(seen.environment.as_deref(), Some("prod"));
    assert!(seen.status.is_none() && !seen.explanation.sentence.is_empty());
    let code = |seen: &backend::app::DeploymentInFull| serde_json::to_value(seen.explanation.code).unwrap();
    let first = code(&seen);
    let refuse =
        "update deployments set refused_generation = 1, refusal = 'the repository refused us' returning 1";
    ground.one(refuse).await;
    let seen = ground.app.deployment(&ground.access, &named("shop")).await.unwrap();
    assert_eq!(seen.explanation.sentence, "The repository refused us");
    assert_ne!(code(&seen), first);
}
