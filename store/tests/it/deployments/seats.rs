//! What a tenant needs on an instance: it grows with the need, and shrinks when the last need is gone.

use domain::ids::Generation;
use domain::operation::ResourceId;
use store::deployments::Parting;
use store::{Call, Reference};

use super::scene::{SHOP, Scene, Tenant, from, to, with};

const BLOG: &str = "https://git.example.com/acme/blog.git";

async fn remove(scene: &Scene, tenant: &Tenant, name: &str) {
    let call = (Parting::Prune, &Call::default());
    scene
        .backend
        .delete_deployment(&tenant.owner, &Reference::parse(name).unwrap(), call)
        .await
        .unwrap()
        .unwrap();
    scene.work().await;
}

#[tokio::test]
async fn a_seat_grows_only_with_what_is_new() {
    let (scene, acme) = Scene::furnished().await;
    scene.made(&acme, "shop", from(SHOP)).await;
    scene.work().await;
    scene.made(&acme, "shop-2", from(SHOP)).await;
    assert_eq!(scene.open(&acme).await, ["deployment due"], "all it needs is there");
    scene.work().await;
    scene.made(&acme, "blog", from(BLOG)).await;
    assert_eq!(scene.open(&acme).await, ["deployment due", "tenant due"]);
    assert_eq!(scene.project(&acme).await, format!("2 active {BLOG},{SHOP} 1"));
    scene.environment(&acme, "test").await;
    scene.work().await;
    scene.made(&acme, "shop-test", with(from(SHOP), to("test"))).await;
    assert_eq!(scene.project(&acme).await, format!("3 active {BLOG},{SHOP} 2"));
}

#[tokio::test]
async fn a_deployment_is_ready_when_its_project_allows_it() {
    let (scene, acme) = Scene::furnished().await;
    let shop = scene.made(&acme, "shop", from(SHOP)).await;
    let ready = async |id| scene.agents.deployment_facts(&scene.agent, id).await.unwrap().unwrap().ready;
    assert!(!ready(shop.id).await.project && !ready(shop.id).await.cluster_secret);
    scene.work().await;
    scene.run("update environments set passed_once = true").await;
    assert_eq!(ready(shop.id).await.missing(), None);
    let blog = scene.made(&acme, "blog", from(BLOG)).await;
    assert!(!ready(blog.id).await.project);
    assert!(ready(shop.id).await.project, "what was allowed before still is");
    scene.work().await;
    assert_eq!(ready(blog.id).await.missing(), None);
}

#[tokio::test]
async fn a_seat_shrinks_when_nothing_needs_a_repository_any_more() {
    let (scene, acme) = Scene::furnished().await;
    for (name, repository) in [("shop", SHOP), ("shop-2", SHOP), ("blog", BLOG)] {
        scene.made(&acme, name, from(repository)).await;
    }
    scene.work().await;
    remove(&scene, &acme, "shop").await;
    assert_eq!(scene.project(&acme).await, format!("2 active {BLOG},{SHOP} 1"), "the second needs it");
    remove(&scene, &acme, "shop-2").await;
    assert_eq!(scene.project(&acme).await, format!("3 active {BLOG} 1"));
    // A change shrinks and grows at once.
    scene.made(&acme, "blog", from(SHOP)).await;
    assert_eq!(scene.project(&acme).await, format!("4 active {SHOP} 1"));
}

#[tokio::test]
async fn with_the_last_deployment_the_project_goes_and_comes_back_with_the_next() {
    let (scene, acme) = Scene::furnished().await;
    let credential = scene.credential(&acme, "git", "https://git.example.com").await;
    scene.made(&acme, "shop", from(SHOP)).await;
    scene.work().await;
    let call = (Parting::Prune, &Call::default());
    let shop = Reference::parse("shop").unwrap();
    scene.backend.delete_deployment(&acme.owner, &shop, call).await.unwrap().unwrap();
    let taken = scene.claim().await;
    assert_eq!(taken.len(), 1);
    let claim = taken.into_iter().next().unwrap();
    let outcome = domain::operation::Outcome::Done { seen: Generation(claim.operation.target.0) };
    scene.finish(claim, outcome, Some(store::Finding::Gone)).await;
    assert_eq!(scene.open(&acme).await, ["repository_credential_take_down due", "tenant_take_down due"]);
    assert_eq!(scene.project(&acme).await, "2 deleting  0");
    // The next comes before the old one is gone: another seat, behind the end of this one.
    let again = scene.put(&acme, "again", from(SHOP)).await.unwrap();
    let open = scene.open(&acme).await;
    assert!(open.contains(&"tenant gated taken_down".to_owned()), "{open:?}");
    assert!(open.contains(&"repository_credential gated taken_down".to_owned()), "{open:?}");
    scene.work().await;
    assert_eq!(scene.state(again.operation.unwrap()).await, "succeeded");
    assert_eq!(scene.project(&acme).await, format!("1 active {SHOP} 1"));
    let seats = format!("select count(*) from seats where resource_id in ('{credential}', '{}')", acme.id);
    assert_eq!(scene.one(&seats).await, "2", "the old ones are gone");
}

#[tokio::test]
async fn facts_of_a_tenant_are_what_its_seat_says() {
    let (scene, acme) = Scene::furnished().await;
    scene.environment(&acme, "test").await;
    scene.made(&acme, "shop-test", with(from(SHOP), to("test"))).await;
    scene.made(&acme, "blog", from(BLOG)).await;
    let seat = scene.one("select id from seats where noun = 'tenant'").await.parse().unwrap();
    let facts = scene.agents.tenant_facts(&scene.agent, ResourceId(seat)).await.unwrap().unwrap();
    assert_eq!((facts.tenant, facts.generation), (acme.id, Generation(2)));
    let declared: Vec<&str> = facts.repositories.iter().map(|url| url.declared()).collect();
    assert_eq!(declared, [BLOG, SHOP]);
    let prod = scene.one("select id from environments where name = 'prod'").await;
    assert_eq!(facts.environments[0].0.to_string(), prod, "by creation, not by use");
    assert_eq!(facts.environments.len(), 2);
    let absent = scene.agents.tenant_facts(&scene.agent, ResourceId(uuid::Uuid::nil())).await.unwrap();
    assert!(absent.is_none());
}
