//! Two tenants on one engine, one of them hostile.

use serde_json::{Value, json};
use testbed::Access;
use testbed::cluster::Key;

use super::{automated, folder};
use crate::world::{Rest, World, greeting};

/// Nothing of a repository is to be seen in what these deployments say, nothing of it runs, and no engine was told of it.
async fn saw_nothing(world: &World, bob: &Rest, names: &[&str], namespace: &str) {
    for name in names {
        let shown = bob.get(&format!("/deployments/{name}")).await.ok(200);
        let resources = bob.get(&format!("/deployments/{name}/resources")).await.ok(200);
        assert_eq!(resources["items"], json!([]), "{shown:#}");
        assert!(!shown.to_string().contains("secret of ann"), "{shown:#}");
        assert_eq!(shown.pointer("/status/explanation/code"), Some(&json!("unplaced")), "{shown:#}");
        let application = Key::of("argoproj.io/v1alpha1", "Application")
            .named(&format!("gitopsdepl-{}", shown["id"].as_str().unwrap()))
            .within(world.engine.namespace());
        assert_eq!(world.engine.hub().get(&application).await.unwrap(), None, "{shown:#}");
    }
    world.until_no_config_map(namespace, "hello").await;
}

#[tokio::test]
async fn a_private_repository_is_not_read_by_another_tenant_who_names_it() {
    let world = World::begin().await;
    let repository = world.git.repository("shop").await.unwrap();
    repository.set_access(Access::basic("reader", "s3cret"));
    let sha = repository.commit(&[("hello/map.json", greeting("hello", "secret of ann"))]).await.unwrap();
    let url = repository.url();
    let acme = world.tenant("acme", "ann").await;
    let namespace = world.environment(&acme, "prod").await;
    let password =
        |password: &str| json!({"repository": url, "basic": {"username": "reader", "password": password}});
    acme.put("/repository-credentials/shop", password("s3cret")).await.accepted();
    acme.put("/deployments/shop", folder(&url, "hello", &namespace)).await.accepted();
    acme.until_deployed("shop", "Synced", "Healthy").await;

    let evil = world.tenant("evil", "bob").await;
    let theirs = world.environment(&evil, "prod").await;
    // What is public is served to everybody: so it is known that the environment is not what stands in the way.
    let public = world.git.repository("public").await.unwrap();
    public.commit(&[("hello/map.json", greeting("open", "to all"))]).await.unwrap();
    evil.put("/deployments/open", folder(&public.url(), "hello", &theirs)).await.accepted();
    evil.until_deployed("open", "Synced", "Healthy").await;

    let source =
        |url: &str, revision: &str| json!({"repository": url, "path": "hello", "revision": revision});
    let bare = url.trim_end_matches(".git").to_owned();
    let spelled = [
        ("branch", url.clone(), "main"),
        ("commit", url.clone(), sha.as_str()),
        ("bare", bare.clone(), &sha),
        ("slash", format!("{bare}/"), &sha),
        ("upper", url.replace("http://", "HTTP://"), &sha),
        ("case", url.replace("/shop.git", "/SHOP.git"), &sha),
        ("user", url.replace("http://", "http://reader@"), &sha),
    ];
    let mut named = Vec::new();
    for (name, url, revision) in &spelled {
        let body = automated(&source(url, revision), &theirs);
        let put = evil.put(&format!("/deployments/{name}"), body).await;
        match put.status {
            // Some spellings are not taken by anybody.
            400 | 422 => {}
            _ => {
                put.accepted();
                named.push(*name);
            }
        }
    }
    assert!(named.contains(&"branch") && named.contains(&"commit") && named.contains(&"bare"), "{named:?}");
    evil.put("/repository-credentials/shop", password("wrong")).await.accepted();
    evil.put("/deployments/wrong", automated(&source(&url, &sha), &theirs)).await.accepted();
    named.push("wrong");

    // What is asked for later is done: so all that came before was had its turn.
    public.commit(&[("hello/map.json", greeting("open", "to all, again"))]).await.unwrap();
    world.until_greeting(&theirs, "open", "to all, again").await;
    saw_nothing(&world, &evil, &named, &theirs).await;
    world.until_greeting(&namespace, "hello", "secret of ann").await;
}

#[tokio::test]
async fn nobody_deploys_to_what_is_another_tenants() {
    let world = World::begin().await;
    let repository = world.git.repository("shop").await.unwrap();
    repository.commit(&[("hello/map.json", greeting("hello", "from bob"))]).await.unwrap();
    let acme = world.tenant("acme", "ann").await;
    let namespace = world.environment(&acme, "prod").await;
    let id = acme.get("/environments/prod").await.ok(200)["id"].as_str().unwrap().to_owned();
    let evil = world.tenant("evil", "bob").await;
    let theirs = world.environment(&evil, "mine").await;

    let bob = world.person("bob");
    for path in ["", "/environments/prod", "/deployments", "/deployments/shop"] {
        bob.get(&format!("/v1/tenants/acme{path}")).await.refused(404, "not_found");
    }
    let body = folder(&repository.url(), "hello", &namespace);
    bob.put("/v1/tenants/acme/deployments/shop", body.clone()).await.refused(404, "not_found");
    // By name and by id it is not an environment of theirs.
    let mut by_id = body.clone();
    by_id["destination"]["environment"] = json!(id);
    for (name, body) in [("by-name", body.clone()), ("by-id", by_id)] {
        let put = evil.put(&format!("/deployments/{name}"), body).await;
        if put.status == 202 || put.status == 201 || put.status == 200 {
            let shown = evil.get(&format!("/deployments/{name}")).await.ok(200);
            assert_eq!(shown.pointer("/status/engine"), Some(&json!("noEnvironment")), "{shown:#}");
        } else {
            assert!(put.status == 400 || put.status == 422, "{put:?}");
        }
    }
    // Their own environment reaches their own namespace and nothing else.
    let mut elsewhere = body;
    elsewhere["destination"]["environment"] = json!("mine");
    evil.put("/deployments/elsewhere", elsewhere).await.accepted();
    let mut home = folder(&repository.url(), "hello", &theirs);
    home["destination"]["environment"] = json!("mine");
    evil.put("/deployments/home", home).await.accepted();
    world.until_greeting(&theirs, "hello", "from bob").await;
    let wrong = |shown: &Value| {
        let code = shown.pointer("/status/explanation/code").and_then(Value::as_str);
        code.is_some_and(|code| {
            code.starts_with("environment_") || code == "sync_failed" || code == "invalid_spec"
        })
    };
    evil.until("/deployments/elsewhere", wrong).await;
    world.until_no_config_map(&namespace, "hello").await;
}
