//! A tenant's feed: every change once, in order, none skipped; and who is too far behind is told.

use std::pin::pin;

use domain::ids::TenantId;
use sqlx::postgres::PgConnection;
use sqlx::{AssertSqlSafe, Connection as _};
use store::access::{Access, Viewer};
use store::{Caller, FeedPage, FeedPosition, Store, TenantRef};
use testbed::{Database, Postgres};
use uuid::Uuid;

use crate::support::{self, PASSWORD};

struct Scene {
    store: Store,
    viewer: Access<Viewer>,
    tenant: TenantId,
    database: Database,
    _postgres: Postgres,
}

impl Scene {
    async fn new() -> Self {
        let postgres = Postgres::shared().await.unwrap();
        let database = support::migrated(&postgres).await;
        let store = support::store(database.url_as("argosy_backend", PASSWORD), 4);
        let tenant = TenantId(Uuid::new_v4());
        let made = format!(
            "insert into tenants (id, name, door) values ('{tenant}', 'acme', 'rest');
             insert into members (tenant_id, principal, role, made_by) values ('{tenant}', 'corp:ann', 'viewer', 'test')"
        );
        for statement in made.split(';') {
            database.query(statement).await.unwrap();
        }
        let caller = Caller::of_token(domain::access::Principal::parse("corp:ann").unwrap(), Vec::new());
        let admitted =
            store.admit(&caller, &TenantRef::Id(tenant.0)).await.unwrap().expect("she is a member");
        Self { store, viewer: admitted.viewer(), tenant, database, _postgres: postgres }
    }

    fn settle(&self, change: &str) -> String {
        let change = serde_json::json!({
            "tenant": self.tenant, "operations": [], "audit": [], "idempotency": null,
            "ledger": {
                "deployments": 0, "environments": 0, "repository_credentials": 0, "api_keys": 0, "open_operations": 0,
            },
            "feed": [{
                "noun": "deployment", "resource_id": Uuid::new_v4(), "change": change, "generation": 1, "facts": null,
            }],
        });
        format!("select settle('{change}')")
    }

    async fn changes(&self, after: FeedPosition) -> Vec<(i64, String)> {
        match self.store.feed_after(&self.viewer, after, 100).await.unwrap() {
            FeedPage::Events(events) => {
                events.into_iter().map(|event| (event.position.position, event.change)).collect()
            }
            FeedPage::Reset(to) => vec![(to.position, "reset".to_owned())],
        }
    }
}

async fn hand(scene: &Scene) -> PgConnection {
    let mut hand = PgConnection::connect(&scene.database.url_as("argosy_backend", PASSWORD)).await.unwrap();
    run(&mut hand, &format!("set argosy.tenant = '{}'", scene.tenant)).await;
    hand
}

async fn run(hand: &mut PgConnection, sql: &str) {
    sqlx::raw_sql(AssertSqlSafe(sql.to_owned())).execute(hand).await.unwrap();
}

#[tokio::test]
async fn a_reader_never_skips_what_commits_late() {
    let scene = Scene::new().await;
    let start = scene.store.feed_position(&scene.viewer).await.unwrap();
    let (mut slow, mut fast) = (hand(&scene).await, hand(&scene).await);
    run(&mut slow, "begin").await;
    run(&mut slow, &scene.settle("slow")).await;
    let sql = scene.settle("fast");
    let mut second = pin!(run(&mut fast, &sql));
    tokio::select! {
        () = &mut second => panic!("it took a position before the first had committed"),
        seen = scene.changes(start) => assert_eq!(seen, []),
    }
    run(&mut slow, "commit").await;
    second.await;
    assert_eq!(scene.changes(start).await, [(1, "slow".to_owned()), (2, "fast".to_owned())]);
    assert_eq!(scene.changes(FeedPosition { position: 1, ..start }).await, [(2, "fast".to_owned())]);
    assert_eq!(scene.changes(FeedPosition { position: 2, ..start }).await, []);
}

#[tokio::test]
async fn who_is_too_far_behind_or_saw_another_life_is_told_to_start_afresh() {
    let scene = Scene::new().await;
    let start = scene.store.feed_position(&scene.viewer).await.unwrap();
    let mut hand = hand(&scene).await;
    for change in ["one", "two", "three"] {
        run(&mut hand, &scene.settle(change)).await;
    }
    let reset = [(3, "reset".to_owned())];
    assert_eq!(scene.changes(FeedPosition { position: 9, ..start }).await, reset, "a future that never was");
    scene.database.query("delete from feed where position <= 1").await.unwrap();
    assert_eq!(scene.changes(start).await, reset, "older than what is kept");
    assert_eq!(scene.changes(FeedPosition { position: 1, ..start }).await.len(), 2);
    scene.database.query("delete from feed").await.unwrap();
    assert_eq!(scene.changes(FeedPosition { position: 1, ..start }).await, reset);
    assert_eq!(scene.changes(FeedPosition { position: 3, ..start }).await, []);
    scene.database.query("update installation set epoch = epoch + 1").await.unwrap();
    assert_eq!(
        scene.changes(FeedPosition { position: 3, ..start }).await,
        reset,
        "the database was restored"
    );
}
