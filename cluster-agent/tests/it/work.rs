//! The claim loop as a process: rows in, rows out. No engine is needed to see that work is found, done and given back.

use std::time::Duration;

use domain::ids::{DeploymentId, EngineClusterId, TenantId};
use domain::operation::{Generation, OperationId, Subject, Thing, Wish};
use rustix::process::Signal;
use store::access::{Access, Agent as AgentRole};
use store::{Args, Store};
use testbed::{Database, Postgres, wait};
use uuid::Uuid;

use crate::support::{PASSWORD, SOON, start, with_hub};

/// What a user does, seen from the rows: with a doorbell that nobody pulls, unless told to.
struct Scene {
    store: Store,
    access: Access<AgentRole>,
    database: Database,
    cluster: EngineClusterId,
    tenant: TenantId,
    _postgres: Postgres,
}

impl Scene {
    async fn new() -> Self {
        let postgres = Postgres::shared().await.unwrap();
        let database = with_hub(&postgres).await;
        let args = Args {
            database_url: Some(database.url_as("argosy_agent", PASSWORD).into()),
            direct_database_url: None,
            database_password_file: None,
            database_connections: 3,
            database_acquire_timeout: Duration::from_secs(5),
        };
        let store = args.open("work-test").unwrap();
        let access = store.agent_access();
        let cluster = store.engine_cluster_named(&access, "hub").await.unwrap().unwrap();
        let tenant = TenantId(Uuid::new_v4());
        let insert = format!("insert into tenants (id, name, door) values ('{tenant}', 'acme', 'rest')");
        database.query(&insert).await.unwrap();
        Self { store, access, database, cluster, tenant, _postgres: postgres }
    }

    /// A deployment that nobody serves: an agent refuses it without asking any engine.
    async fn wish(&self) -> OperationId {
        let id = DeploymentId(Uuid::new_v4());
        let insert = format!(
            "insert into deployments (id, tenant_id, name, spec, door)
             values ('{id}', '{}', 'd{id}', '{{}}', 'custom_resource')",
            self.tenant
        );
        self.database.query(&insert).await.unwrap();
        let wish =
            Wish { subject: Subject::apply(Thing::Deployment, id.into()), target: Generation(1), gate: None };
        self.store.wish(&self.access, self.tenant, self.cluster, &[wish]).await.unwrap()[0]
    }

    async fn one(&self, sql: &str) -> String {
        let rows = self.database.query(sql).await.unwrap();
        rows.into_iter().flatten().flatten().next().unwrap_or_default()
    }

    async fn until(&self, sql: &str, wanted: &str) {
        wait::until(&format!("{sql} to be {wanted}"), SOON, async || {
            let seen = self.one(sql).await;
            if seen == wanted { Ok(()) } else { Err(seen) }
        })
        .await
        .unwrap();
    }

    async fn until_refused(&self, id: OperationId) {
        self.until(&format!("select ending from operations_ended where id = '{id}'"), "refused").await;
    }
}

#[tokio::test]
async fn losing_every_ring_costs_only_the_poll() {
    let scene = Scene::new().await;
    let url = scene.database.url_as("argosy_agent", PASSWORD);
    let mut agent = start(&url, &["--poll-interval", "300ms"]);
    let session = "select count(*)::text from sessions where lease_ends_at > now() and cardinality(engine_clusters) = 1";
    scene.until(session, "1").await;
    for _ in 0..3 {
        // Nobody rings: the store of this test runs no doorbell.
        let id = scene.wish().await;
        scene.until_refused(id).await;
    }
    scene.until("select running::text from operation_heads", "0").await;

    agent.process.signal(Signal::TERM).unwrap();
    assert!(agent.process.wait(SOON));
    assert_eq!(agent.process.exit().and_then(|status| status.code()), Some(0), "{}", agent.log());
    scene.until("select count(*)::text from sessions where lease_ends_at > now()", "0").await;
}

#[tokio::test]
async fn a_ring_is_enough() {
    let scene = Scene::new().await;
    let _agent = start(&scene.database.url_as("argosy_agent", PASSWORD), &["--poll-interval", "1h"]);
    let listens = "select count(*)::text from pg_stat_activity
                    where datname = current_database() and application_name = 'argosy-agent (listen)'";
    scene.until(listens, "1").await;
    scene
        .until("select (count(*) > 0)::text from sessions where cardinality(engine_clusters) = 1", "true")
        .await;
    let id = scene.wish().await;
    let ring = format!("select pg_notify('argosy_work', '{}')::text", scene.cluster);
    wait::until("the operation to be refused", SOON, async || {
        // It may listen a moment after it has connected, and look a moment after it has a session.
        scene.one(&ring).await;
        match scene.one(&format!("select ending from operations_ended where id = '{id}'")).await.as_str() {
            "refused" => Ok(()),
            other => Err(other.to_owned()),
        }
    })
    .await
    .unwrap();
}

#[tokio::test]
async fn an_engine_cluster_that_nobody_made_known_is_asked_for() {
    let scene = Scene::new().await;
    scene.database.query("delete from engine_clusters").await.unwrap();
    let mut agent = start(&scene.database.url_as("argosy_agent", PASSWORD), &[]);
    agent.until(503, "no engine cluster is called `hub`: an operator has to make it known").await;
    scene
        .database
        .query("insert into engine_clusters (id, name) values (gen_random_uuid(), 'hub')")
        .await
        .unwrap();
    scene
        .until("select cardinality(engine_clusters)::text from sessions order by made_at desc limit 1", "1")
        .await;
}

#[tokio::test]
async fn an_agent_that_vanishes_is_replaced_and_what_it_held_is_done() {
    let scene = Scene::new().await;
    let id = scene.wish().await;
    // A session that claimed it and died: its lease has run out.
    let take = format!(
        "with dead as (
              insert into sessions (id, name, version, engine_clusters, lease_ends_at)
              values (gen_random_uuid(), 'dead', '0', '{{}}', now() - interval '1 second') returning id),
         head as (update operation_heads set running = 1, ready = false returning 1)
         update operations set state = 'running', due_at = null, token = 1, attempts = 1, session_id = dead.id
           from dead where operations.id = '{id}'"
    );
    scene.database.query(&take).await.unwrap();
    let _agent = start(&scene.database.url_as("argosy_agent", PASSWORD), &["--poll-interval", "200ms"]);
    scene.until_refused(id).await;
    scene.until("select running::text from operation_heads", "0").await;
    let breaks = scene.one(&format!("select token::text from operations_ended where id = '{id}'")).await;
    assert_eq!(breaks, "2", "it was claimed once more, with a new token");
}
