//! What people wish of environments.

use backend::app::{Answer, Call, Condition, Done, Effect, Environment, Refused, WishRefused};
use domain::ids::Generation;
use domain::intent::environment::ShownEnvironment;
use serde_json::{Value, json};

use super::ground::{Ground, body, call, fields, named, patch};

const SERVER: &str = "https://k8s.example.com:6443";
const CANARY: &str = "canary-5f1c7e";

async fn put(ground: &Ground, said: Value) -> Answer<Done<Environment>> {
    ground.app.put_environment(&ground.access, named("prod"), body(said), &call()).await
}

async fn change(ground: &Ground, said: Value) -> Answer<Done<Environment>> {
    ground.app.patch_environment(&ground.access, named("prod"), patch(said), &call()).await
}

#[tokio::test]
async fn all_that_is_wrong_with_a_body_is_said_at_once_and_nothing_is_written() {
    let ground = Ground::new().await;
    let said =
        json!({"server": "https://10.0.0.1", "skipTlsVerify": true, "token": "a b", "namespaces": ["Shop"]});
    let mut wrong = fields(put(&ground, said).await.unwrap_err());
    wrong.sort();
    let expected = [
        ("/namespaces/0", "malformed"),
        ("/server", "forbidden"),
        ("/skipTlsVerify", "forbidden"),
        ("/token", "malformed"),
    ];
    assert_eq!(wrong, expected.map(|(place, code)| (place.to_owned(), code.to_owned())));
    assert_eq!(ground.one("select count(*) from environments").await, "0");
}

#[tokio::test]
async fn a_patch_changes_what_it_names_and_keeps_the_secret() {
    let ground = Ground::new().await;
    let made = put(&ground, json!({"server": SERVER, "token": CANARY, "labels": {"a": "1", "b": "2"}}))
        .await
        .unwrap()
        .thing;
    let done =
        change(&ground, json!({"labels": {"a": null, "c": "3"}, "namespaces": ["shop"]})).await.unwrap();
    assert_eq!((done.effect, done.thing.generation), (Effect::Changed, Generation(2)));
    assert_eq!((&done.thing.secret, done.thing.id), (&made.secret, made.id));
    let shown = serde_json::to_value(ShownEnvironment::from(&done.thing.spec)).unwrap();
    assert_eq!(shown["labels"], json!({"b": "2", "c": "3"}));
    assert_eq!((&shown["namespaces"], &shown["server"]), (&json!(["shop"]), &json!(SERVER)));
    let again = change(&ground, json!({"labels": {"c": "3"}})).await.unwrap();
    assert_eq!(again.effect, Effect::Unchanged);
}

#[tokio::test]
async fn a_patch_that_sends_the_secret_elsewhere_needs_it_anew() {
    let ground = Ground::new().await;
    put(&ground, json!({"server": SERVER, "token": CANARY})).await.unwrap();
    let refused = change(&ground, json!({"server": "https://evil.example.com"})).await.unwrap_err();
    assert_eq!(fields(refused), [("/token".to_owned(), "secret_required".to_owned())]);
    let moved =
        change(&ground, json!({"server": "https://new.example.com", "token": "another"})).await.unwrap();
    assert_eq!(moved.effect, Effect::Changed);
}

#[tokio::test]
async fn a_patch_may_bring_a_kubeconfig_which_says_everything_about_the_connection() {
    let ground = Ground::new().await;
    put(&ground, json!({"server": SERVER, "token": CANARY, "namespaces": ["shop"]})).await.unwrap();
    let kubeconfig = json!({
        "current-context": "c", "contexts": [{"name": "c", "context": {"cluster": "k", "user": "u"}}],
        "clusters": [{"name": "k", "cluster": {"server": "https://new.example.com"}}],
        "users": [{"name": "u", "user": {"token": "another"}}],
    });
    let done = change(&ground, json!({"kubeconfig": kubeconfig})).await.unwrap();
    let shown = ShownEnvironment::from(&done.thing.spec);
    assert_eq!(
        (shown.server.as_str(), shown.namespaces),
        ("https://new.example.com", vec!["shop".to_owned()])
    );
}

#[tokio::test]
async fn patches_at_the_same_time_all_count() {
    let ground = Ground::new().await;
    put(&ground, json!({"server": SERVER, "token": "t"})).await.unwrap();
    let label = async |key: &str| change(&ground, json!({"labels": {key: "x"}})).await.unwrap().effect;
    let effects = tokio::join!(label("a"), label("b"), label("c"));
    assert_eq!(effects, (Effect::Changed, Effect::Changed, Effect::Changed));
    let there = ground.app.environment(&ground.access, &named("prod")).await.unwrap();
    let labels: Vec<String> = ShownEnvironment::from(&there.spec).labels.into_keys().collect();
    assert_eq!(
        (labels, there.generation),
        (vec!["a".to_owned(), "b".to_owned(), "c".to_owned()], Generation(4))
    );
}

#[tokio::test]
async fn a_patch_has_the_condition_of_its_caller() {
    let ground = Ground::new().await;
    let made = put(&ground, json!({"server": SERVER, "token": "t"})).await.unwrap().thing;
    change(&ground, json!({"namespaces": ["a"]})).await.unwrap();
    let stale = Call { condition: Condition::Is(vec![made.version()]), ..call() };
    let refused = ground
        .app
        .patch_environment(&ground.access, named("prod"), patch(json!({"namespaces": ["b"]})), &stale)
        .await
        .unwrap_err();
    let Refused::Wish(WishRefused::Condition { current }) = refused else { panic!("{refused:?}") };
    assert_eq!(current, Some(Generation(2)));
}

#[tokio::test]
async fn a_field_of_a_patch_that_nobody_knows_is_refused() {
    let ground = Ground::new().await;
    put(&ground, json!({"server": SERVER, "token": "t"})).await.unwrap();
    let refused = change(&ground, json!({"namespace": ["a"]})).await.unwrap_err();
    assert_eq!(fields(refused), [("/namespace".to_owned(), "unknown_field".to_owned())]);
}

#[tokio::test]
async fn what_is_answered_has_no_secret_in_it() {
    let ground = Ground::new().await;
    let done = put(&ground, json!({"server": SERVER, "token": CANARY})).await.unwrap();
    let there = ground.app.environment(&ground.access, &named("prod")).await.unwrap();
    let refused = put(&ground, json!({"server": SERVER, "token": format!("{CANARY} ")})).await.unwrap_err();
    for shown in [format!("{done:?}"), format!("{there:?}"), format!("{refused:?} {refused}")] {
        assert!(!shown.contains(CANARY), "{shown}");
    }
    assert_eq!(there.secret.unwrap().set_by, "corp:ada");
}

#[tokio::test]
async fn an_environment_that_nobody_uses_is_deleted() {
    let ground = Ground::new().await;
    put(&ground, json!({"server": SERVER, "token": "t"})).await.unwrap();
    let delete = async || ground.app.delete_environment(&ground.access, named("prod"), false, &call()).await;
    assert_eq!(delete().await.unwrap().effect, Effect::Deleted);
    assert!(matches!(delete().await.unwrap_err(), Refused::Wish(WishRefused::Absent { .. })));
}
