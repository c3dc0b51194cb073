//! What people wish of repository credentials.

use backend::app::{Answer, Done, Effect, RepositoryCredential};
use domain::intent::repository_credential::ShownRepositoryCredential;
use serde_json::{Value, json};

use super::ground::{Ground, body, call, fields, named, patch};

const CANARY: &str = "canary-5f1c7e";

async fn put(ground: &Ground, said: Value) -> Answer<Done<RepositoryCredential>> {
    ground.app.put_repository_credential(&ground.access, named("org"), body(said), &call()).await
}

async fn change(ground: &Ground, said: Value) -> Answer<Done<RepositoryCredential>> {
    ground.app.patch_repository_credential(&ground.access, named("org"), patch(said), &call()).await
}

fn shown(credential: &RepositoryCredential) -> Value {
    serde_json::to_value(ShownRepositoryCredential::from(&credential.spec)).unwrap()
}

#[tokio::test]
async fn a_secret_that_was_given_is_never_seen_again() {
    let ground = Ground::new().await;
    let said =
        json!({"prefix": "https://git.example.com/org", "basic": {"username": "bot", "password": CANARY}});
    let done = put(&ground, said).await.unwrap();
    assert_eq!(done.effect, Effect::Created);
    assert_eq!(
        shown(&done.thing),
        json!({"prefix": "https://git.example.com/org", "basic": {"username": "bot"}, "labels": {}})
    );
    assert!(!format!("{done:?}").contains(CANARY));
    assert_eq!((done.thing.secret.set_by.as_str(), done.thing.secret.fingerprint.len()), ("corp:ada", 16));
}

#[tokio::test]
async fn a_patch_changes_how_one_logs_in_or_for_what() {
    let ground = Ground::new().await;
    let said =
        json!({"prefix": "https://git.example.com/org", "basic": {"username": "bot", "password": "p"}});
    let made = put(&ground, said).await.unwrap().thing;

    let renamed = change(&ground, json!({"basic": {"username": "robot"}})).await.unwrap().thing;
    assert_eq!(
        (shown(&renamed)["basic"]["username"].as_str(), &renamed.secret),
        (Some("robot"), &made.secret)
    );

    let narrower =
        change(&ground, json!({"repository": "https://git.example.com/org/app"})).await.unwrap().thing;
    assert_eq!(shown(&narrower)["repository"], "https://git.example.com/org/app");
    assert_eq!((shown(&narrower).get("prefix"), &narrower.secret), (None, &made.secret));

    let refused = change(&ground, json!({"bearer": {}})).await.unwrap_err();
    assert_eq!(fields(refused), [("/bearer/token".to_owned(), "secret_required".to_owned())]);
    let other = change(&ground, json!({"bearer": {"token": "t"}})).await.unwrap().thing;
    assert_eq!((shown(&other).get("basic"), shown(&other)["bearer"].clone()), (None, json!({})));
    assert_ne!(other.secret.fingerprint, made.secret.fingerprint);
}

#[tokio::test]
async fn a_patch_does_not_send_the_secret_to_another_host() {
    let ground = Ground::new().await;
    put(&ground, json!({"prefix": "https://git.example.com/org", "bearer": {"token": CANARY}}))
        .await
        .unwrap();
    let refused = change(&ground, json!({"prefix": "https://evil.example.com/org"})).await.unwrap_err();
    assert_eq!(fields(refused), [("/bearer/token".to_owned(), "secret_required".to_owned())]);
}
