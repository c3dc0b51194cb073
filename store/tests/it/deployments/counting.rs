//! How many round trips an intent costs. The driver tells of each statement, and of COMMIT; it does not tell of BEGIN.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use serde_json::json;
use tracing::span::{Attributes, Id, Record};
use tracing::subscriber::{DefaultGuard, Interest, set_default};
use tracing::{Event, Metadata, Subscriber};

use super::scene::{Put, SHOP, Scene, Tenant, from, to, with};

/// Counts what sqlx tells of.
#[derive(Clone, Default)]
struct Statements(Arc<AtomicUsize>);

impl Subscriber for Statements {
    fn register_callsite(&self, _: &'static Metadata<'static>) -> Interest {
        Interest::sometimes()
    }

    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.target() == "sqlx::query"
    }

    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn event(&self, _: &Event<'_>) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }

    fn enter(&self, _: &Id) {}

    fn exit(&self, _: &Id) {}
}

/// Listens. Another thread may be making the driver's words known just now, for whom nobody listens: then again.
async fn listening(scene: &Scene, tenant: &Tenant) -> (Statements, DefaultGuard) {
    for _ in 0..100 {
        let statements = Statements::default();
        let guard = set_default(statements.clone());
        assert!(scene.get(tenant, "absent").await.is_err());
        if statements.0.load(Ordering::Relaxed) > 0 {
            return (statements, guard);
        }
    }
    panic!("the driver does not tell of its statements any more");
}

/// How many round trips a PUT takes.
async fn count(statements: &Statements, put: impl Future<Output = Put>) -> usize {
    let before = statements.0.load(Ordering::Relaxed);
    put.await.unwrap();
    1 + statements.0.load(Ordering::Relaxed) - before
}

#[tokio::test]
async fn an_intent_costs_four_round_trips_and_five_with_a_placement() {
    let (scene, acme) = Scene::furnished().await;
    scene.credential(&acme, "git", "https://git.example.com").await;
    scene.environment(&acme, "test").await;
    let (statements, _until_dropped) = listening(&scene, &acme).await;
    let moved = || with(from("https://git.example.com/acme/blog"), json!({ "suspended": true }));
    let placed = count(&statements, scene.put(&acme, "shop", from(SHOP))).await;
    let created = count(&statements, scene.put(&acme, "shop-2", from(SHOP))).await;
    let changed =
        count(&statements, scene.put(&acme, "shop", with(from(SHOP), json!({ "suspended": true })))).await;
    let to_another = count(&statements, scene.put(&acme, "shop", moved())).await;
    let the_same = count(&statements, scene.put(&acme, "shop", moved())).await;
    let elsewhere = count(&statements, scene.put(&acme, "shop-test", with(from(SHOP), to("test")))).await;
    assert_eq!((placed, created, changed, to_another, elsewhere), (5, 4, 4, 4, 5));
    assert_eq!(the_same, 2, "and a rollback, which nobody waits for");
}
