//! What engines say of deployments: who may write it, what is written, and who is told.

use std::collections::BTreeMap;
use std::time::Duration;

use domain::access::Principal;
use domain::engine::observed::{HealthState, Report, SyncStatus};
use domain::ids::{DeploymentId, EngineClusterId, TenantId};
use store::access::{Agent, Caller, TenantRef, Viewer};
use store::status::{Mirror, Reported, Sighting};
use store::{Access, FeedPage, FeedPosition, Store};
use testbed::{Database, Postgres};
use uuid::Uuid;

use crate::support::{self, PASSWORD};

const LEASE: Duration = Duration::from_secs(60);
const VIEWER: &str = "corp:viewer";

/// Tenants with deployments, and an engine cluster; an agent and the backend, each as its own role.
struct Scene {
    database: Database,
    agent: Store,
    backend: Store,
    access: Access<Agent>,
    cluster: EngineClusterId,
}

impl Scene {
    async fn new() -> Self {
        let postgres = Postgres::shared().await.unwrap();
        let database = support::migrated(&postgres).await;
        let agent = support::store(database.url_as("argosy_agent", PASSWORD), 10);
        let backend = support::store(database.url_as("argosy_backend", PASSWORD), 4);
        let cluster = EngineClusterId(Uuid::new_v4());
        database
            .query(&format!("insert into engine_clusters (id, name) values ('{cluster}', 'hub')"))
            .await
            .unwrap();
        let access = agent.agent_access();
        Self { database, agent, backend, access, cluster }
    }

    async fn tenant(&self, name: &str) -> TenantId {
        let id = TenantId(Uuid::new_v4());
        for sql in [
            format!("insert into tenants (id, name, door) values ('{id}', '{name}', 'rest')"),
            format!(
                "insert into members (tenant_id, principal, role, made_by) values ('{id}', '{VIEWER}', 'viewer', 'test')"
            ),
        ] {
            self.database.query(&sql).await.unwrap();
        }
        id
    }

    async fn deployment(&self, tenant: TenantId, name: &str) -> DeploymentId {
        let id = DeploymentId(Uuid::new_v4());
        let sql = format!(
            "insert into deployments (id, tenant_id, name, spec, door) values ('{id}', '{tenant}', '{name}', '{{}}', 'rest')"
        );
        self.database.query(&sql).await.unwrap();
        id
    }

    async fn mirror(&self, session: Uuid) -> Option<Mirror> {
        self.agent.mirror(&self.access, self.cluster, session, LEASE).await.unwrap()
    }

    async fn report(&self, mirror: &Mirror, seen: &[Sighting]) -> Reported {
        self.agent.report(&self.access, mirror, seen).await.unwrap()
    }

    async fn viewer(&self, tenant: TenantId) -> Access<Viewer> {
        let caller = Caller::of_token(Principal::parse(VIEWER).unwrap(), Vec::new());
        let admitted = self.backend.admit(&caller, &TenantRef::Id(tenant.0)).await.unwrap();
        admitted.expect("a member").viewer()
    }

    /// Everything in a tenant's feed, as `position resource facts`.
    async fn feed(&self, tenant: TenantId) -> Vec<(i64, Uuid, String)> {
        let access = self.viewer(tenant).await;
        let epoch = self.backend.feed_position(&access).await.unwrap().epoch;
        let start = FeedPosition { epoch, position: 0 };
        let page = self.backend.feed_after(&access, start, 10_000).await.unwrap();
        let line = |event: store::FeedEvent| {
            assert_eq!((event.noun.as_str(), event.change.as_str()), ("deployment", "status"));
            let facts = event.facts.map(|facts| facts.to_string()).unwrap_or_default();
            (event.position.position, event.resource, facts)
        };
        let FeedPage::Events(events) = page else { panic!("{page:?}") };
        events.into_iter().map(line).collect()
    }

    async fn rows(&self, columns: &str) -> Vec<String> {
        let sql = format!("select {columns}::text from deployment_status order by deployment_id");
        let rows = self.database.query(&sql).await.unwrap();
        rows.into_iter().map(|mut row| row.remove(0).unwrap_or_default()).collect()
    }
}

fn sighting(tenant: TenantId, deployment: DeploymentId, health: HealthState, commit: &str) -> Sighting {
    let mut report = Report::default();
    report.sync.status = SyncStatus::Synced;
    report.sync.revisions = vec![commit.to_owned()];
    report.health.status = health;
    let hash = report.hash();
    Sighting { deployment, tenant, report, hash }
}

fn changed(reported: &Reported) -> usize {
    match reported {
        Reported::Written { changed, .. } => changed.len(),
        Reported::Stale => panic!("stale"),
    }
}

#[tokio::test]
async fn what_changed_is_in_the_row_and_once_in_the_feed_and_the_same_again_writes_nothing() {
    let scene = Scene::new().await;
    let tenant = scene.tenant("acme").await;
    let deployment = scene.deployment(tenant, "shop").await;
    let mirror = scene.mirror(Uuid::new_v4()).await.unwrap();

    let first = sighting(tenant, deployment, HealthState::Progressing, "a1");
    assert_eq!(changed(&scene.report(&mirror, std::slice::from_ref(&first)).await), 1);
    let version = scene.rows("xmin").await;
    assert_eq!(changed(&scene.report(&mirror, &[first.clone(), first]).await), 0);
    assert_eq!(scene.rows("xmin").await, version, "the same report was written again");

    let later = sighting(tenant, deployment, HealthState::Healthy, "b2");
    let stale = sighting(tenant, deployment, HealthState::Degraded, "a9");
    // Of two in one batch the later one is true.
    assert_eq!(changed(&scene.report(&mirror, &[stale, later.clone()]).await), 1);
    assert_eq!(scene.rows("concat_ws(' ', sync, health, phase, revision)").await, ["Synced Healthy b2"]);
    let feed = scene.feed(tenant).await;
    let positions: Vec<i64> = feed.iter().map(|(position, ..)| *position).collect();
    assert_eq!(positions, [1, 2], "{feed:?}");
    assert!(
        feed[1].2.contains(r#""health":"Healthy""#) && feed[1].2.contains(r#""revision":"b2""#),
        "{feed:?}"
    );

    let status = scene.backend.status(&scene.viewer(tenant).await, deployment).await.unwrap().unwrap();
    assert_eq!(status.report, later.report);
}

#[tokio::test]
async fn one_mirrors_until_its_lease_is_over_and_then_it_writes_nothing() {
    let scene = Scene::new().await;
    let tenant = scene.tenant("acme").await;
    let deployment = scene.deployment(tenant, "shop").await;
    let (one, other) = (Uuid::new_v4(), Uuid::new_v4());
    let first = scene.mirror(one).await.unwrap();
    assert_eq!(scene.mirror(one).await, Some(first), "renewing changes nothing");
    assert_eq!(scene.mirror(other).await, None);

    let seen = [sighting(tenant, deployment, HealthState::Healthy, "a1")];
    scene.database.query("update mirrors set lease_ends_at = now() - interval '1 ms'").await.unwrap();
    assert_eq!(scene.report(&first, &seen).await, Reported::Stale, "its lease is over");
    let second = scene.mirror(other).await.unwrap();
    assert!(second.fence() > first.fence());
    assert_eq!(scene.mirror(one).await, None);
    assert_eq!(scene.report(&first, &seen).await, Reported::Stale);
    assert_eq!(changed(&scene.report(&second, &seen).await), 1);
    assert_eq!(scene.agent.vanished(&scene.access, &first, &[deployment]).await.unwrap(), Reported::Stale);
    assert_eq!((scene.rows("health").await, scene.feed(tenant).await.len()), (vec!["Healthy".to_owned()], 1));

    // Who lets go lets another in at once, and is itself no holder any more.
    scene.agent.stop_mirroring(&scene.access, &first).await.unwrap();
    assert_eq!(scene.mirror(one).await, None, "it let go of what it did not hold");
    scene.agent.stop_mirroring(&scene.access, &second).await.unwrap();
    assert_eq!(scene.report(&second, &seen).await, Reported::Stale);
    assert!(scene.mirror(one).await.is_some());
}

#[tokio::test]
async fn an_application_that_claims_to_be_another_tenants_writes_nothing() {
    let scene = Scene::new().await;
    let (acme, evil) = (scene.tenant("acme").await, scene.tenant("evil").await);
    let deployment = scene.deployment(acme, "shop").await;
    let mirror = scene.mirror(Uuid::new_v4()).await.unwrap();
    let nobodys = DeploymentId(Uuid::new_v4());
    let seen = [
        sighting(evil, deployment, HealthState::Degraded, "a1"),
        sighting(acme, nobodys, HealthState::Healthy, "a1"),
    ];
    let reported = scene.report(&mirror, &seen).await;
    let Reported::Written { changed, mut absent } = reported else { panic!("{reported:?}") };
    absent.sort_unstable();
    let mut expected = vec![deployment, nobodys];
    expected.sort_unstable();
    assert_eq!((changed, absent), (Vec::new(), expected));
    assert_eq!(scene.rows("health").await, Vec::<String>::new());
    assert!(scene.feed(acme).await.is_empty() && scene.feed(evil).await.is_empty());
}

#[tokio::test]
async fn a_tenant_sees_its_own_and_no_others() {
    let scene = Scene::new().await;
    let (acme, other) = (scene.tenant("acme").await, scene.tenant("other").await);
    let (shop, blog) = (scene.deployment(acme, "shop").await, scene.deployment(other, "blog").await);
    let mirror = scene.mirror(Uuid::new_v4()).await.unwrap();
    let seen = [
        sighting(acme, shop, HealthState::Healthy, "a1"),
        sighting(other, blog, HealthState::Degraded, "b1"),
    ];
    assert_eq!(changed(&scene.report(&mirror, &seen).await), 2);
    let access = scene.viewer(acme).await;
    let statuses = scene.backend.statuses(&access, &[shop, blog]).await.unwrap();
    assert_eq!(statuses.iter().map(|status| status.deployment).collect::<Vec<_>>(), [shop]);
    assert!(scene.backend.status(&access, blog).await.unwrap().is_none());
}

#[tokio::test]
async fn what_vanished_is_told_and_a_row_that_goes_takes_its_status_along() {
    let scene = Scene::new().await;
    let tenant = scene.tenant("acme").await;
    let (shop, blog) = (scene.deployment(tenant, "shop").await, scene.deployment(tenant, "blog").await);
    let mirror = scene.mirror(Uuid::new_v4()).await.unwrap();
    let seen = [
        sighting(tenant, shop, HealthState::Healthy, "a1"),
        sighting(tenant, blog, HealthState::Healthy, "a1"),
    ];
    scene.report(&mirror, &seen).await;
    let written = scene.agent.written(&scene.access, scene.cluster, None, 1).await.unwrap();
    let rest =
        scene.agent.written(&scene.access, scene.cluster, Some(written[0].deployment), 9).await.unwrap();
    let known: BTreeMap<_, _> = written.iter().chain(&rest).map(|row| (row.deployment, row.hash)).collect();
    assert_eq!(known, BTreeMap::from([(shop, seen[0].hash), (blog, seen[1].hash)]));

    for _ in 0..2 {
        scene.agent.vanished(&scene.access, &mirror, &[shop]).await.unwrap();
    }
    let feed = scene.feed(tenant).await;
    assert_eq!((feed.len(), feed[2].1, feed[2].2.as_str()), (3, shop.0, ""), "{feed:?}");
    assert!(scene.backend.status(&scene.viewer(tenant).await, shop).await.unwrap().is_none());

    scene.database.query(&format!("delete from deployments where id = '{blog}'")).await.unwrap();
    assert_eq!(scene.rows("health").await, Vec::<String>::new());
}

/// Eight at once, each through all tenants in an order of its own, and a reader who must miss nothing.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_reader_of_the_feed_sees_every_position_once_and_in_order_whoever_writes() {
    const WRITERS: usize = 8;
    const ROUNDS: usize = 12;
    let scene = Scene::new().await;
    let mut tenants = Vec::new();
    for number in 0..3 {
        tenants.push(scene.tenant(&format!("tenant-{number}")).await);
    }
    let mut theirs: Vec<Vec<(TenantId, DeploymentId)>> = Vec::new();
    for writer in 0..WRITERS {
        let mut own = Vec::new();
        for tenant in &tenants {
            own.push((*tenant, scene.deployment(*tenant, &format!("shop-{writer}")).await));
        }
        own.rotate_left(writer % tenants.len());
        theirs.push(own);
    }
    let mirror = scene.mirror(Uuid::new_v4()).await.unwrap();
    let access = scene.viewer(tenants[0]).await;
    let expected = i64::try_from(WRITERS * ROUNDS).unwrap();
    let mut at = scene.backend.feed_position(&access).await.unwrap();

    let writing = theirs.iter().map(|own| async {
        for round in 0..ROUNDS {
            let commit = format!("commit-{round}");
            let seen: Vec<_> = own
                .iter()
                .map(|(tenant, deployment)| sighting(*tenant, *deployment, HealthState::Healthy, &commit))
                .collect();
            assert_eq!(changed(&scene.report(&mirror, &seen).await), own.len());
        }
    });
    let reading = async {
        let mut positions = Vec::new();
        while at.position < expected {
            let page = scene.backend.feed_after(&access, at, 7).await.unwrap();
            let FeedPage::Events(events) = page else { panic!("{at}: {page:?}") };
            for event in events {
                positions.push(event.position.position);
                at = event.position;
            }
            tokio::task::yield_now().await;
        }
        positions
    };
    let reading = tokio::time::timeout(Duration::from_secs(60), reading);
    let (_, positions) = tokio::join!(futures::future::join_all(writing), reading);
    assert_eq!(positions.expect("the reader misses a position"), (1..=expected).collect::<Vec<_>>());
    for tenant in &tenants[1..] {
        let positions: Vec<i64> =
            scene.feed(*tenant).await.into_iter().map(|(position, ..)| position).collect();
        assert_eq!(positions, (1..=expected).collect::<Vec<_>>());
    }
}
