//! Who is served when there is more to do than hands.

use std::time::Duration;

use domain::ids::{DeploymentId, TenantId};
use domain::operation::{Generation, Kind, Subject, Thing, Wish};
use uuid::Uuid;

use super::scene::{Scene, done};

/// So many operations of a tenant are due, as if they had been wished one by one.
async fn flood(scene: &Scene, tenant: TenantId, number: u32) {
    scene
        .run(&format!(
            "insert into operations (id, tenant_id, engine_cluster_id, kind, resource_id, lane, class, target, state, due_at,
                                     deadline_at)
             select gen_random_uuid(), '{tenant}', '{}', 'deployment', id, 'application/' || id, 1, 1, 'due', now(),
                    now() + interval '1 hour'
               from (select gen_random_uuid() as id from generate_series(1, {number})) as x",
            scene.cluster
        ))
        .await;
    scene
        .run(&format!(
            "insert into operation_heads (engine_cluster_id, tenant_id) values ('{}', '{tenant}')",
            scene.cluster
        ))
        .await;
    scene
        .run(&format!("update tenant_ledger set open_operations = {number} where tenant_id = '{tenant}'"))
        .await;
}

async fn wish_of(scene: &Scene, tenant: TenantId) -> domain::operation::OperationId {
    let deployment = DeploymentId(Uuid::new_v4());
    scene.make_deployment(tenant, deployment).await;
    let subject = Subject::apply(Thing::Deployment, deployment.into());
    let wish = Wish { subject, target: Generation(1), gate: None };
    scene.store.wish(&scene.agent, tenant, scene.cluster, &[wish]).await.unwrap()[0]
}

#[tokio::test]
async fn a_tenant_with_ten_thousand_waiting_does_not_delay_another() {
    let scene = Scene::new().await;
    flood(&scene, scene.tenant, 10_000).await;
    scene.run("update operation_heads set cap = 1000").await;
    for _ in 0..5 {
        let claims = scene.claim(8).await;
        assert_eq!(claims.len(), 8);
        scene.store.give_back(&scene.agent, &claims).await.unwrap();
    }
    let small = TenantId(Uuid::new_v4());
    scene.make_tenant(small).await;
    let id = wish_of(&scene, small).await;
    let mut claims = scene.claim(4).await;
    claims.extend(scene.claim(4).await);
    assert!(claims.iter().any(|claim| claim.operation.id == id), "it is claimed before eight others are");

    // And a tenant that comes anew is not before the others for ever.
    for claim in claims {
        scene.finish(&claim, done(1)).await;
    }
    flood(&scene, TenantId(Uuid::new_v4()), 100).await;
    scene.run("update operation_heads set virtual_time = 40 where virtual_time = 0").await;
    let mut tenants: Vec<TenantId> = Vec::new();
    for _ in 0..4 {
        tenants.extend(scene.claim(8).await.iter().map(|claim| claim.tenant));
    }
    let of_the_old = tenants.iter().filter(|tenant| **tenant == scene.tenant).count();
    assert!((8..=24).contains(&of_the_old), "both are served: {of_the_old} of {}", tenants.len());
}

#[tokio::test]
async fn a_tenant_holds_no_more_slots_than_its_cap_and_is_not_looked_at_until_one_is_free() {
    let scene = Scene::new().await;
    flood(&scene, scene.tenant, 20).await;
    scene.run("update operation_heads set cap = 3").await;
    let claims = scene.claim(10).await;
    assert_eq!(claims.len(), 3);
    assert!(scene.claim(10).await.is_empty());
    assert_eq!(scene.one("select ready::text from operation_heads").await, "false");
    scene.finish(&claims[0], done(1)).await;
    assert_eq!(scene.claim(10).await.len(), 1);
    assert_eq!(scene.one("select running::text from operation_heads").await, "3");
}

#[tokio::test]
async fn what_a_person_waits_for_goes_before_bulk_work() {
    let scene = Scene::new().await;
    flood(&scene, scene.tenant, 50).await;
    scene.run("update operations set due_at = now() - interval '1 minute'").await;
    let id = scene.one("select id::text from operations order by place desc limit 1").await;
    scene.run(&format!("update operations set class = 0, due_at = now() where id = '{id}'")).await;
    let claims = scene.claim(1).await;
    assert_eq!(claims[0].operation.id.to_string(), id);
}

#[tokio::test]
async fn nothing_is_claimed_where_an_operator_stopped_it() {
    let scene = Scene::new().await;
    let id = wish_of(&scene, scene.tenant).await;
    let stop = |scope: &str, cluster: &str, tenant: &str| {
        format!(
            "insert into stops (id, scope, engine_cluster_id, tenant_id, reason, made_by)
             values (gen_random_uuid(), '{scope}', {cluster}, {tenant}, 'an incident', 'an operator')"
        )
    };
    let (cluster, tenant) = (format!("'{}'", scene.cluster), format!("'{}'", scene.tenant));
    for stop in [
        stop("all", "null", "null"),
        stop("engine_cluster", &cluster, "null"),
        stop("tenant", "null", &tenant),
    ] {
        scene.run(&stop).await;
        assert!(scene.claim(10).await.is_empty(), "{stop}");
        scene.run("delete from stops").await;
        scene.pauses_end().await;
    }
    assert_eq!(scene.take().await.operation.id, id);
}

#[tokio::test]
async fn a_head_found_empty_is_looked_at_once_more_and_then_sleeps() {
    let scene = Scene::new().await;
    let kinds: Vec<Kind> = Kind::all().collect();
    wish_of(&scene, scene.tenant).await;
    let claim = scene.take().await;
    scene.finish(&claim, done(1)).await;
    let look = async || {
        scene.store.claim(&scene.agent, scene.session, scene.cluster, (&kinds, 5)).await.unwrap().unwrap()
    };
    let first = look().await;
    assert!(first.more && first.wake_in.is_some_and(|wake| wake <= Duration::from_secs(1)));
    assert!(!look().await.more, "it sleeps");
    scene.run("update operation_heads set looked_at = now() - interval '2 seconds', wake_at = now()").await;
    let second = look().await;
    assert!(second.more);
    assert_eq!(second.wake_in, None, "now nothing is expected");
    assert_eq!(scene.one("select wake_at::text from operation_heads").await, "");
}
