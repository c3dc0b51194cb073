//! `argosy-backend keys`, without the command line.

use std::fs;

use backend::app::keys;
use serde_json::json;

use super::ground::{Ground, args, body, call, folder, id, named};

#[tokio::test]
async fn a_key_is_changed_as_the_commands_say() {
    let ground = Ground::new().await;
    let said = json!({"server": "https://k8s.example.com", "token": "t"});
    ground.app.put_environment(&ground.access, named("prod"), body(said), &call()).await.unwrap();
    let database = args(&ground.database, "argosy_backend");
    let status = async || keys::status(&database, &ground.keys).await.unwrap();
    assert_eq!(status().await, "environments: 1 under one (the primary)\n");

    let next = keys::generate(&ground.keys, &id("two")).unwrap();
    assert!(next.contains("write `two` into the file `primary`"), "{next}");
    assert!(status().await.contains("nothing is sealed under two"));
    fs::write(ground.keys.folder().unwrap().join("primary"), "two\n").unwrap();
    let done = keys::rotate(&database, &ground.keys).await.unwrap();
    assert!(done.starts_with("1 values were sealed anew"), "{done}");
    assert_eq!(status().await, "environments: 1 under two (the primary)\nnothing is sealed under one\n");

    fs::remove_file(ground.keys.folder().unwrap().join("two.key")).unwrap();
    fs::write(ground.keys.folder().unwrap().join("primary"), "one").unwrap();
    assert!(status().await.contains("1 under two (MISSING"));
    let error = keys::rotate(&database, &ground.keys).await.unwrap_err().to_string();
    assert!(error.contains("1 values do not open") && error.contains("put `two.key` back"), "{error}");
}

#[tokio::test]
async fn without_a_folder_nothing_is_rotated_and_it_is_said_why() {
    let ground = Ground::new().await;
    let database = args(&ground.database, "argosy_backend");
    let none = store::seal::Args::default();
    let error = format!("{:#}", keys::rotate(&database, &none).await.unwrap_err());
    assert!(error.contains("ARGOSY_SEALING_KEYS"), "{error}");
    let empty = folder(&ground.keys.folder().unwrap().join("nowhere"));
    assert!(keys::rotate(&database, &empty).await.is_err());
}
