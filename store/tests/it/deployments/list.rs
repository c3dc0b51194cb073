//! Lists: what is on them, and pages that are stable.

use domain::engine::observed::{HealthState, SyncStatus};
use domain::text::Selector;
use serde_json::json;
use store::deployments::DeploymentFilter;
use store::{Filter, Page, Reference};

use super::scene::{SHOP, Scene, Tenant, from, to, with};

async fn names(scene: &Scene, tenant: &Tenant, filter: &DeploymentFilter) -> Vec<String> {
    let page = Page { after: None, limit: 100 };
    let listed = scene.backend.deployments(&tenant.owner, filter, &page).await.unwrap();
    assert!(listed.next.is_none());
    listed.items.into_iter().map(|item| item.name.to_string()).collect()
}

async fn status(scene: &Scene, tenant: &Tenant, name: &str, (sync, health): (&str, &str)) {
    scene
        .run(&format!(
            "insert into deployment_status (deployment_id, tenant_id, engine_cluster_id, sync, health, report, hash, fence)
             select id, tenant_id, '{}', '{sync}', '{health}', '{{}}', decode(md5('x'), 'hex'), 1 from deployments
              where tenant_id = '{}' and name = '{name}'",
            scene.cluster, tenant.id
        ))
        .await;
}

#[tokio::test]
async fn lists_are_filtered_by_what_is_wished_and_by_what_was_seen() {
    let (scene, acme) = Scene::furnished().await;
    scene.environment(&acme, "test").await;
    scene.made(&acme, "a-1", with(from(SHOP), json!({ "labels": { "team": "a" } }))).await;
    scene.made(&acme, "a-2", with(with(from(SHOP), to("test")), json!({ "labels": { "team": "b" } }))).await;
    scene.made(&acme, "b-1", from(SHOP)).await;
    status(&scene, &acme, "a-1", ("Synced", "Healthy")).await;
    status(&scene, &acme, "a-2", ("OutOfSync", "Degraded")).await;

    let common = |prefix: &str, labels: &str| DeploymentFilter {
        common: Filter { prefix: prefix.to_owned(), labels: Selector::parse(labels).unwrap() },
        ..DeploymentFilter::default()
    };
    let environment = |name| DeploymentFilter {
        environment: Some(Reference::parse(name).unwrap()),
        ..DeploymentFilter::default()
    };
    let sync = |sync| DeploymentFilter { sync: Some(sync), ..DeploymentFilter::default() };
    let health = |health| DeploymentFilter { health: Some(health), ..DeploymentFilter::default() };
    let table: [(DeploymentFilter, &[&str]); 9] = [
        (DeploymentFilter::default(), &["a-1", "a-2", "b-1"]),
        (common("a-", ""), &["a-1", "a-2"]),
        (common("", "team=a"), &["a-1"]),
        (common("", "!team"), &["b-1"]),
        (environment("test"), &["a-2"]),
        (sync(SyncStatus::OutOfSync), &["a-2"]),
        (sync(SyncStatus::Unknown), &["b-1"]),
        (health(HealthState::Healthy), &["a-1"]),
        (DeploymentFilter { sync: Some(SyncStatus::Synced), ..common("b", "") }, &[]),
    ];
    for (filter, expected) in table {
        assert_eq!(names(&scene, &acme, &filter).await, expected, "{filter:?}");
    }
}

#[tokio::test]
async fn pages_are_stable_under_inserts() {
    let (scene, acme) = Scene::furnished().await;
    for name in ["b", "d", "f", "h"] {
        scene.made(&acme, name, from(SHOP)).await;
    }
    let all = DeploymentFilter::default();
    let first = scene.backend.deployments(&acme.owner, &all, &Page { after: None, limit: 2 }).await.unwrap();
    for name in ["a", "c", "e"] {
        scene.made(&acme, name, from(SHOP)).await;
    }
    let page = Page { after: first.next, limit: 10 };
    let second = scene.backend.deployments(&acme.owner, &all, &page).await.unwrap();
    let names: Vec<String> =
        first.items.iter().chain(&second.items).map(|item| item.name.to_string()).collect();
    assert_eq!(names, ["b", "d", "e", "f", "h"]);
}
