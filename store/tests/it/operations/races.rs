//! What comes between the statements of another: a second hand holds a transaction open in the middle.

use std::pin::pin;
use std::time::Duration;

use domain::operation::{OperationId, Subject};
use serde_json::json;
use sqlx::postgres::PgConnection;
use sqlx::{AssertSqlSafe, Connection as _};
use testbed::wait;
use uuid::Uuid;

use super::scene::{Scene, done};
use crate::support::PASSWORD;

const SOON: Duration = Duration::from_secs(20);

/// A session of an agent that does everything by hand.
struct Hand(PgConnection);

impl Hand {
    async fn on(scene: &Scene) -> Self {
        Self(PgConnection::connect(&scene.database.url_as("argosy_agent", PASSWORD)).await.unwrap())
    }

    async fn run(&mut self, sql: &str) {
        sqlx::raw_sql(AssertSqlSafe(sql.to_owned())).execute(&mut self.0).await.unwrap();
    }

    /// Writes what `settle` gets when a refresh of the shop is put behind a head, or is due if there is none.
    async fn put(&mut self, scene: &Scene, gate: Option<&str>) -> OperationId {
        let id = OperationId(Uuid::new_v4());
        let subject: Subject = scene.refresh();
        let change = json!({
            "tenant": scene.tenant,
            "operations": [{
                "step": "insert", "id": id, "engine_cluster": scene.cluster, "kind": "refresh", "resource": scene.shop,
                "lane": subject.lane().to_string(), "class": 1, "target": 1, "gate": gate, "gate_id": null,
                "heir_of": null, "retires": [], "superseded": "", "patience": 300, "cap": 3600, "trace": null,
            }],
            "audit": [], "feed": [], "idempotency": null,
            "ledger": {
                "deployments": 0, "environments": 0, "repository_credentials": 0, "api_keys": 0, "open_operations": 0,
            },
        });
        self.run(&format!("select settle('{change}')")).await;
        id
    }
}

/// Until somebody waits for a lock.
async fn somebody_waits(scene: &Scene) {
    wait::until("somebody to wait for a lock", SOON, async || {
        let sql = "select count(*)::text from pg_stat_activity
                    where datname = current_database() and wait_event_type = 'Lock'";
        match scene.one(sql).await.as_str() {
            "0" => Err("nobody waits".to_owned()),
            _ => Ok(()),
        }
    })
    .await
    .unwrap();
}

/// Both at once: the first until it is done; what the second needs happens meanwhile.
async fn while_waiting<T>(work: impl Future<Output = T>, meanwhile: impl Future<Output = ()>) -> T {
    let mut work = pin!(work);
    tokio::select! {
        _ = &mut work => panic!("it did not wait"),
        () = meanwhile => {}
    }
    work.await
}

#[tokio::test]
async fn what_is_put_behind_a_head_while_that_ends_is_not_lost() {
    let scene = Scene::new().await;
    scene.wish(scene.apply(), 1).await;
    let claim = scene.take().await;
    let mut hand = Hand::on(&scene).await;
    hand.run("begin").await;
    let refresh = hand.put(&scene, Some("lane")).await;
    let finished = while_waiting(scene.finish(&claim, done(1)), async {
        somebody_waits(&scene).await;
        hand.run("commit").await;
    });
    assert!(finished.await, "the finish waited for the insert, and saw it");
    assert_eq!(scene.state(refresh).await, "due");
}

#[tokio::test]
async fn who_finds_the_head_gone_decides_again() {
    let scene = Scene::new().await;
    let first = scene.wish(scene.apply(), 1).await;
    let mut hand = Hand::on(&scene).await;
    hand.run("begin").await;
    hand.run(&format!("delete from operations where id = '{first}'")).await;
    let wished = while_waiting(scene.wish(scene.refresh(), 1), async {
        somebody_waits(&scene).await;
        hand.run("commit").await;
    });
    let refresh = wished.await;
    assert_eq!(scene.state(refresh).await, "due", "it is the head now, and stands behind nobody");
}

#[tokio::test]
async fn two_that_find_the_lane_empty_become_a_head_and_one_behind_it() {
    let scene = Scene::new().await;
    let mut hand = Hand::on(&scene).await;
    hand.run("begin").await;
    let refresh = hand.put(&scene, None).await;
    let wished = while_waiting(scene.wish(scene.apply(), 1), async {
        somebody_waits(&scene).await;
        hand.run("commit").await;
    });
    let apply = wished.await;
    assert_eq!((scene.state(refresh).await.as_str(), scene.state(apply).await.as_str()), ("due", "gated"));
}

#[tokio::test]
async fn what_is_joined_while_it_is_claimed_gets_an_heir_instead() {
    let scene = Scene::new().await;
    scene.generation(2).await;
    let first = scene.wish(scene.apply(), 1).await;
    let mut hand = Hand::on(&scene).await;
    hand.run("begin").await;
    hand.run(&format!(
        "update operations set state = 'running', due_at = null, token = token + 1, session_id = '{}' where id = '{first}'",
        scene.session.0
    ))
    .await;
    let wished = while_waiting(scene.wish(scene.apply(), 2), async {
        somebody_waits(&scene).await;
        hand.run("commit").await;
    });
    let heir = wished.await;
    assert_ne!(heir, first);
    assert_eq!(scene.column("heir", first).await, heir.to_string());
}

#[tokio::test]
async fn an_insert_that_commits_after_the_look_is_found_a_second_later() {
    let scene = Scene::new().await;
    // The head is ready, and nothing is there: as after any finish.
    scene.wish(scene.apply(), 1).await;
    let claim = scene.take().await;
    scene.finish(&claim, done(1)).await;

    let mut hand = Hand::on(&scene).await;
    hand.run("begin").await;
    let refresh = hand.put(&scene, None).await;
    assert!(scene.claim(10).await.is_empty(), "it is not there yet");
    hand.run("commit").await;
    assert!(scene.claim(10).await.is_empty(), "and now nobody looks");
    let soon = "select (wake_at <= now() + interval '1 second')::text from operation_heads";
    assert_eq!(scene.one(soon).await, "true");
    scene.run("update operation_heads set wake_at = now()").await;
    assert_eq!(scene.take().await.operation.id, refresh);
}
