//! The leak: what one tenant can read, no other names on the same repo-server (LAWS, "The leak").

use std::collections::BTreeSet;

use domain::engine::facts::Readiness;
use domain::intent::repository_url::RepositoryUrl;
use sha2::{Digest as _, Sha256};
use store::deployments::Standing;

use super::scene::{SHOP, Scene, Tenant, from, place};
use crate::support::{self, PASSWORD};

/// Two tenants, each with an environment and a credential for the same host.
async fn rivals(scene: &Scene) -> [Tenant; 2] {
    let mut both = Vec::new();
    for name in ["acme", "globex"] {
        let tenant = scene.tenant(name).await;
        scene.environment(&tenant, "prod").await;
        scene.credential(&tenant, "git", "https://git.example.com").await;
        both.push(tenant);
    }
    both.try_into().ok().unwrap()
}

async fn holders(scene: &Scene) -> Vec<Vec<String>> {
    scene.run("select repo_server, tenant_id::text from private_urls order by repo_server").await
}

#[tokio::test]
async fn of_two_that_claim_one_private_repository_at_once_each_gets_a_repo_server_of_its_own() {
    let scene = Scene::new().await;
    scene.instance("one").await;
    scene.instance("two").await;
    let [acme, globex] = rivals(&scene).await;
    let (ours, theirs) =
        tokio::join!(scene.made(&acme, "shop", from(SHOP)), scene.made(&globex, "shop", from(SHOP)));
    let places = BTreeSet::from([place(&ours).unwrap(), place(&theirs).unwrap()]);
    assert_eq!(places.len(), 2);
    let tenants: BTreeSet<String> = holders(&scene).await.into_iter().map(|row| row[1].clone()).collect();
    assert_eq!(tenants, BTreeSet::from([acme.id.to_string(), globex.id.to_string()]));
}

#[tokio::test]
async fn with_one_repo_server_only_one_of_the_two_is_served() {
    let scene = Scene::new().await;
    scene.instance("one").await;
    let [acme, globex] = rivals(&scene).await;
    // In every spelling, and with capitals: a repo-server may take them for one.
    let spelt = "https://git.example.com:443/acme/SHOP";
    let (ours, theirs) =
        tokio::join!(scene.put(&acme, "shop", from(SHOP)), scene.put(&globex, "shop", from(spelt)));
    let done = [ours.unwrap(), theirs.unwrap()];
    let served: Vec<bool> = done.iter().map(|one| place(&one.thing).is_some()).collect();
    assert_eq!(served.iter().filter(|served| **served).count(), 1);
    assert_eq!(holders(&scene).await.len(), 1);
    for one in &done {
        assert_eq!(one.operation.is_some(), place(&one.thing).is_some());
    }
    // Nothing of the other names it on an engine, and operators read why.
    let seats = scene.run("select array_to_string(repositories, ',') from seats where noun = 'tenant'").await;
    assert_eq!(seats.len(), 1);
    let reason = scene.one("select reason from placements where engine_instance_id is null").await;
    assert!(reason.contains("another tenant holds a repository"), "{reason}");
}

#[tokio::test]
async fn who_names_a_held_repository_without_a_credential_is_not_served_there() {
    let (scene, acme) = Scene::furnished().await;
    scene.credential(&acme, "git", "https://git.example.com").await;
    scene.made(&acme, "shop", from(SHOP)).await;
    let globex = scene.tenant("globex").await;
    scene.environment(&globex, "prod").await;
    let own = scene.made(&globex, "own", from("https://git.example.com/globex/own.git")).await;
    assert!(place(&own).is_some());
    scene.work().await;

    let sly = scene.put(&globex, "sly", from(SHOP)).await.unwrap();
    assert_eq!((sly.thing.standing, sly.operation), (Standing::Unplaced, None));
    assert!(scene.open(&globex).await.is_empty());
    let there = scene.get(&globex, "sly").await.unwrap();
    assert_eq!(
        there.refusal.unwrap().1,
        "no engine is available for it; it is placed as soon as there is one"
    );
    let facts = scene.agents.deployment_facts(&scene.agent, sly.thing.id).await.unwrap().unwrap();
    assert!(!facts.ready.project, "an operation that were made for it all the same would wait");
    assert!(!scene.project(&globex).await.contains("acme"));
}

#[tokio::test]
async fn a_change_to_a_held_repository_withdraws_what_was_named_before() {
    let (scene, acme) = Scene::furnished().await;
    scene.credential(&acme, "git", "https://git.example.com").await;
    scene.made(&acme, "shop", from(SHOP)).await;
    let globex = scene.tenant("globex").await;
    scene.environment(&globex, "prod").await;
    let other = "https://git.example.com/globex/own.git";
    let own = scene.made(&globex, "own", from(other)).await;
    let changed = scene.made(&globex, "own", from(SHOP)).await;
    assert_eq!(changed.standing, Standing::Unplaced);
    // The operation of the former wish still waits; whoever takes it finds that nothing may be written.
    let facts = scene.agents.deployment_facts(&scene.agent, own.id).await.unwrap().unwrap();
    assert_ne!(facts.ready, Readiness::READY);
    // And back.
    let back = scene.made(&globex, "own", from(other)).await;
    assert!(place(&back).is_some());
    assert!(scene.project(&globex).await.ends_with(&format!("active {other} 1")));
}

#[tokio::test]
async fn nobody_takes_a_repository_that_another_tenant_already_names_there() {
    let (scene, acme) = Scene::furnished().await;
    scene.made(&acme, "shop", from(SHOP)).await;
    let globex = scene.tenant("globex").await;
    scene.environment(&globex, "prod").await;
    scene.credential(&globex, "git", "https://git.example.com").await;
    let late = scene.made(&globex, "shop", from(SHOP)).await;
    assert_eq!(late.standing, Standing::Unplaced);
    let two = scene.instance("two").await;
    let jobs = support::store(scene.database.url_as("argosy_platform", PASSWORD), 2);
    assert_eq!(jobs.place_waiting(&jobs.platform_access(), None, 10).await.unwrap().placed, 1);
    assert_eq!(place(&scene.get(&globex, "shop").await.unwrap()), Some(two));
    assert_eq!(holders(&scene).await, [["repo-two".to_owned(), globex.id.to_string()]]);
}

#[tokio::test]
async fn none_of_it_applies_to_what_everybody_can_read() {
    let scene = Scene::new().await;
    scene.instance("one").await;
    let canonical = "https://git.example.com/acme/shop";
    let hash: String =
        Sha256::digest(canonical.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect();
    let public = format!(
        "insert into public_urls (key_hash, canonical) values (decode('{hash}', 'hex'), '{canonical}')"
    );
    scene.run(&public).await;
    let [acme, globex] = rivals(&scene).await;
    for tenant in [&acme, &globex] {
        assert!(place(&scene.made(tenant, "shop", from(SHOP)).await).is_some());
    }
    assert!(holders(&scene).await.is_empty());
    // What nobody has seen to be public for a day is not any more.
    scene.run("update public_urls set seen_at = now() - interval '2 days'").await;
    let again = scene.made(&acme, "again", from(SHOP)).await;
    assert_eq!(again.standing, Standing::Unplaced, "the other names it there");
}

#[tokio::test]
async fn what_an_agent_could_read_without_a_credential_is_public_until_it_cannot() {
    let scene = Scene::new().await;
    scene.instance("one").await;
    let agent = support::store(scene.database.url_as("argosy_agent", PASSWORD), 1);
    let shop = RepositoryUrl::try_from(SHOP.to_owned()).unwrap();
    let [acme, globex] = rivals(&scene).await;
    assert!(place(&scene.made(&acme, "shop", from(SHOP)).await).is_some());
    for _ in 0..2 {
        agent.record_public(&agent.agent_access(), &shop, true).await.unwrap();
    }
    assert!(place(&scene.made(&globex, "shop", from(SHOP)).await).is_some());
    agent.record_public(&agent.agent_access(), &shop, false).await.unwrap();
    assert_eq!(scene.made(&globex, "again", from(SHOP)).await.standing, Standing::Unplaced);
}
