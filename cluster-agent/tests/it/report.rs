//! Status up: from a real Argo CD into the rows, whoever dies on the way.

use std::sync::Arc;

use cluster_agent::reconcile::{deployment, sync_run, tenant};
use cluster_agent::report::{self, Mirroring};
use domain::engine::facts::DeploymentFacts;
use domain::ids::EngineClusterId;
use domain::intent::Stored;
use serde_json::{Value, json};
use store::Store;
use testbed::{Database, Postgres, Proxy, wait};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::engine::scene::{SOON, Scene, done, greeting};
use crate::support::{PASSWORD, migrated};

/// What the rows must know before anything of a scene can be mirrored.
pub(crate) struct Rows {
    pub(crate) database: Database,
    pub(crate) cluster: EngineClusterId,
}

/// A mirror that runs; dropped, it dies without a word.
pub(crate) struct Running {
    tasks: JoinSet<anyhow::Result<()>>,
    stop: CancellationToken,
}

impl Rows {
    pub(crate) async fn of(scene: &Scene) -> Self {
        let postgres = Postgres::shared().await.unwrap();
        let database = migrated(&postgres).await;
        let cluster = EngineClusterId(Uuid::now_v7());
        let rows = Self { database, cluster };
        let (tenant, environment, instance) = (scene.tenant, scene.environment, Uuid::now_v7());
        let namespace = scene.argo.namespace();
        rows.sql(&format!("insert into engine_clusters (id, name) values ('{cluster}', '{cluster}')")).await;
        rows.sql(&format!(
            "insert into engine_instances (id, engine_cluster_id, name, namespace, repo_server)
             values ('{instance}', '{cluster}', '{instance}', '{namespace}', 'one')"
        ))
        .await;
        rows.sql(&format!("insert into tenants (id, name, door) values ('{tenant}', 'acme', 'rest')")).await;
        rows.sql(&format!(
            "insert into environments (id, tenant_id, name, spec, door)
             values ('{environment}', '{tenant}', 'prod', '{{}}', 'rest')"
        ))
        .await;
        rows.sql(&format!(
            "insert into placements (tenant_id, environment_id, engine_instance_id, reason)
             values ('{tenant}', '{environment}', '{instance}', 'the only one')"
        ))
        .await;
        rows
    }

    pub(crate) async fn sql(&self, sql: &str) -> Vec<Vec<Option<String>>> {
        self.database.query(sql).await.unwrap_or_else(|error| panic!("{sql}: {error:#}"))
    }

    /// The row of a deployment that the engine has accepted.
    pub(crate) async fn deployment(&self, facts: &DeploymentFacts) {
        let spec = Stored::of(&facts.spec).to_string().replace('\'', "''");
        let DeploymentFacts { id, tenant, environment, .. } = facts;
        self.sql(&format!(
            "insert into deployments (id, tenant_id, name, environment_id, applied_generation, spec, door)
             values ('{id}', '{tenant}', 'shop-{id}', '{environment}', 1, '{spec}', 'rest')"
        ))
        .await;
        self.sql(&format!(
            "update tenant_ledger set deployments = deployments + 1 where tenant_id = '{tenant}'"
        ))
        .await;
    }

    pub(crate) fn store(&self) -> Store {
        store_at(self.database.url_as("argosy_agent", PASSWORD))
    }

    /// What the row of a deployment says, in words. None: there is none.
    pub(crate) async fn status(&self, facts: &DeploymentFacts) -> Option<String> {
        let sql = format!(
            "select concat_ws(' ', sync, health, phase, revision) from deployment_status where deployment_id = '{}'",
            facts.id
        );
        self.sql(&sql).await.into_iter().next().map(|mut row| row.remove(0).unwrap_or_default())
    }

    pub(crate) async fn until_status(&self, facts: &DeploymentFacts, wanted: Option<&str>) {
        wait::until(&format!("the status {wanted:?}"), SOON, async || {
            let seen = self.status(facts).await;
            if seen.as_deref() == wanted { Ok(()) } else { Err(format!("{seen:?}")) }
        })
        .await
        .unwrap();
    }

    async fn feed(&self) -> Vec<Vec<Option<String>>> {
        self.sql("select position, noun, change, facts from feed order by position").await
    }
}

pub(crate) fn store_at(url: String) -> Store {
    let args = store::Args {
        database_url: Some(url.into()),
        direct_database_url: None,
        database_password_file: None,
        database_connections: 6,
        database_acquire_timeout: std::time::Duration::from_secs(3),
    };
    args.open("agent-test").unwrap()
}

pub(crate) fn mirror(scene: &Scene, rows: &Rows, store: Store) -> Running {
    let access = store.agent_access();
    let engine = Arc::new(scene.another_hand());
    let (cluster, session, turn) = (rows.cluster, Uuid::now_v7(), watch::Sender::new(false));
    let mirroring = Mirroring { store, access, engine, cluster, session, turn };
    let stop = CancellationToken::new();
    let mut tasks = JoinSet::new();
    tasks.spawn(report::run(mirroring, stop.clone()));
    Running { tasks, stop }
}

impl Running {
    pub(crate) async fn stop(mut self) {
        self.stop.cancel();
        self.tasks.join_next().await.unwrap().unwrap().unwrap();
    }
}

/// One more deployment of the same tenant: of the last of all repositories it uses.
pub(crate) async fn beside(scene: &Scene, repositories: &[&str]) -> DeploymentFacts {
    let told = tenant::apply(&scene.engine, &scene.tenant_facts(2, repositories)).await;
    assert_eq!(told.outcome, done(2));
    let facts = scene.deployment_facts(repositories[repositories.len() - 1], "hello", "automated");
    assert_eq!(deployment::apply(&scene.engine, &facts).await.outcome, done(1));
    scene.argo.until_healthy(&scene.application(&facts)).await.unwrap();
    facts
}

async fn deployed(scene: &Scene, name: &str) -> (DeploymentFacts, String) {
    let repository = scene.git.repository(name).await.unwrap();
    let head = repository.commit(&[("hello/map.json", greeting("hello", "from git"))]).await.unwrap();
    (scene.deployed(&repository.url(), "hello").await, head)
}

#[tokio::test]
async fn what_argo_cd_says_of_an_application_is_in_its_row_and_in_the_feed() {
    let scene = Scene::set().await;
    let rows = Rows::of(&scene).await;
    let repository = scene.git.repository("shop").await.unwrap();
    let head = repository.commit(&[("hello/map.json", greeting("hello", "from git"))]).await.unwrap();
    scene.prepare(&repository.url()).await;
    let facts = scene.deployment_facts(&repository.url(), "hello", "automated");
    rows.deployment(&facts).await;
    let running = mirror(&scene, &rows, rows.store());
    let told = deployment::apply(&scene.engine, &facts).await;
    assert_eq!(told.outcome, done(1));
    // Nobody here wakes an Application that is called invalid at first, but the mirror.
    rows.until_status(&facts, Some(&format!("Synced Healthy Succeeded {head}"))).await;

    let report =
        rows.sql(&format!("select report from deployment_status where deployment_id = '{}'", facts.id)).await;
    let report: Value = serde_json::from_str(report[0][0].as_deref().unwrap()).unwrap();
    assert_eq!(report["counts"]["total"], json!(1), "{report:#}");
    assert_eq!(report["resources"][0]["name"], json!("hello"), "{report:#}");
    assert_eq!(report["history"][0]["revisions"], json!([head]), "{report:#}");
    let feed = rows.feed().await;
    for (number, row) in feed.iter().enumerate() {
        assert_eq!(row[0], Some((number + 1).to_string()), "{feed:?}");
        assert_eq!((row[1].as_deref(), row[2].as_deref()), (Some("deployment"), Some("status")), "{feed:?}");
    }
    let last: Value = serde_json::from_str(feed.last().unwrap()[3].as_deref().unwrap()).unwrap();
    let expected = json!({"sync": "Synced", "health": "Healthy", "phase": "Succeeded", "revision": head});
    assert_eq!(last, expected, "{feed:?}");
    running.stop().await;
}

#[tokio::test]
async fn what_vanished_while_nobody_looked_is_noticed_and_what_did_not_change_is_not_written_again() {
    let scene = Scene::set().await;
    let rows = Rows::of(&scene).await;
    let (first, head) = deployed(&scene, "first").await;
    let repository = scene.git.repository("second").await.unwrap();
    repository.commit(&[("hello/map.json", greeting("other", "from git"))]).await.unwrap();
    let second =
        beside(&scene, &[&scene.git.repository("first").await.unwrap().url(), &repository.url()]).await;
    rows.deployment(&first).await;
    rows.deployment(&second).await;
    let running = mirror(&scene, &rows, rows.store());
    rows.until_status(&first, Some(&format!("Synced Healthy Succeeded {head}"))).await;
    wait::until("the other status", SOON, async || {
        rows.status(&second).await.ok_or_else(|| "none".to_owned())
    })
    .await
    .unwrap();
    running.stop().await;
    let written = rows.sql("select observed_at from deployment_status order by deployment_id").await;

    let application = scene.application(&second);
    let patch = json!({"metadata": {"finalizers": null}});
    scene.hub.objects().patch(&application, patch).await.unwrap();
    scene.hub.objects().delete(&application).await.unwrap();
    scene.hub.objects().until_gone(&application, SOON).await.unwrap();
    let running = mirror(&scene, &rows, rows.store());
    rows.until_status(&second, None).await;
    assert_eq!(rows.sql("select observed_at from deployment_status").await, written[..1]);
    running.stop().await;
}

#[tokio::test]
async fn of_two_mirrors_one_writes_and_the_other_takes_over_when_it_dies() {
    let scene = Scene::set().await;
    let rows = Rows::of(&scene).await;
    let (facts, head) = deployed(&scene, "shop").await;
    rows.deployment(&facts).await;
    let first = mirror(&scene, &rows, rows.store());
    rows.until_status(&facts, Some(&format!("Synced Healthy Succeeded {head}"))).await;
    let second = mirror(&scene, &rows, rows.store());
    let holder = rows.sql("select session_id, fence from mirrors").await;

    // It dies in the middle: nothing is given back.
    let died = std::time::Instant::now();
    drop(first);
    wait::until("another holder", SOON, async || {
        let now = rows.sql("select session_id, fence from mirrors").await;
        if now == holder { Err(format!("{now:?}")) } else { Ok(()) }
    })
    .await
    .unwrap();
    assert!(died.elapsed().as_secs() <= 10, "{:?}", died.elapsed());
    assert_eq!(rows.sql("select fence from mirrors").await[0][0].as_deref(), Some("2"));
    scene.argo.cascade_delete(&scene.application(&facts)).await.unwrap();
    rows.until_status(&facts, None).await;

    // One that is told to stop lets the next in at once.
    second.stop().await;
    let third = mirror(&scene, &rows, rows.store());
    wait::until("a third holder", SOON, async || {
        let fence = rows.sql("select fence from mirrors where lease_ends_at > now()").await;
        if fence.first().is_some_and(|row| row[0].as_deref() == Some("3")) {
            Ok(())
        } else {
            Err(format!("{fence:?}"))
        }
    })
    .await
    .unwrap();
    third.stop().await;
}

#[tokio::test]
async fn a_deployment_whose_end_was_accepted_is_over_when_its_application_is_gone_and_not_before() {
    let scene = Scene::set().await;
    let rows = Rows::of(&scene).await;
    let (facts, head) = deployed(&scene, "shop").await;
    rows.deployment(&facts).await;
    let running = mirror(&scene, &rows, rows.store());
    rows.until_status(&facts, Some(&format!("Synced Healthy Succeeded {head}"))).await;

    rows.sql(&format!("update deployments set state = 'deleting' where id = '{}'", facts.id)).await;
    // The engine has accepted it, and has not begun; then it takes along what was deployed.
    let count = async || rows.sql("select count(*) from deployments").await[0][0].clone();
    let rounds = rows.sql("select lease_ends_at from mirrors").await;
    wait::until("two signs of life of the mirror", SOON, async || {
        let now = rows.sql("select lease_ends_at - interval '4 s' from mirrors").await;
        if now > rounds { Ok(()) } else { Err(format!("{now:?}")) }
    })
    .await
    .unwrap();
    assert_eq!(count().await.as_deref(), Some("1"), "its Application is still there");
    scene.argo.cascade_delete(&scene.application(&facts)).await.unwrap();
    wait::until("the end of the row", SOON, async || match count().await.as_deref() {
        Some("0") => Ok(()),
        other => Err(format!("{other:?}")),
    })
    .await
    .unwrap();
    let feed = rows.feed().await;
    assert!(feed.iter().any(|row| row[2].as_deref() == Some("deleted")), "{feed:?}");
    assert_eq!(rows.sql("select deployments from tenant_ledger").await[0][0].as_deref(), Some("0"));
    running.stop().await;
}

#[tokio::test]
async fn what_changes_while_the_database_is_away_is_written_when_it_is_back() {
    let scene = Scene::set().await;
    let rows = Rows::of(&scene).await;
    let (facts, head) = deployed(&scene, "shop").await;
    rows.deployment(&facts).await;
    let postgres = Postgres::shared().await.unwrap();
    let proxy = Proxy::to(postgres.address()).unwrap();
    let store = store_at(rows.database.url_through(proxy.port(), "argosy_agent", PASSWORD));
    let running = mirror(&scene, &rows, store);
    rows.until_status(&facts, Some(&format!("Synced Healthy Succeeded {head}"))).await;

    proxy.cut();
    let repository = scene.git.repository("shop").await.unwrap();
    let next = repository.commit(&[("hello/map.json", greeting("hello", "later"))]).await.unwrap();
    scene.argo.refresh(&scene.application(&facts)).await.unwrap();
    scene.until_greeting("hello", "later").await;
    assert_eq!(rows.status(&facts).await, Some(format!("Synced Healthy Succeeded {head}")));
    proxy.heal();
    rows.until_status(&facts, Some(&format!("Synced Healthy Succeeded {next}"))).await;
    running.stop().await;
}

#[tokio::test]
async fn a_run_gets_the_verdict_that_its_sync_came_to() {
    let scene = Scene::set().await;
    let rows = Rows::of(&scene).await;
    let repository = scene.git.repository("shop").await.unwrap();
    repository.commit(&[("hello/map.json", greeting("hello", "from git"))]).await.unwrap();
    scene.prepare(&repository.url()).await;
    let facts = scene.deployment_facts(&repository.url(), "hello", "manual");
    rows.deployment(&facts).await;
    let told = deployment::apply(&scene.engine, &facts).await;
    assert_eq!(told.outcome, done(1));
    let compared = |live: &Value| live.pointer("/status/sync/status") == Some(&json!("OutOfSync"));
    scene.argo.until(&scene.application(&facts), compared).await.unwrap();
    let run = scene.run_facts(&facts);
    rows.sql(&format!(
        "insert into sync_runs (id, tenant_id, deployment_id, number, spec, asked_by)
         values ('{}', '{}', '{}', 1, '{{}}', 'corp:alice')",
        run.run, facts.tenant, facts.id
    ))
    .await;
    let running = mirror(&scene, &rows, rows.store());
    assert_eq!(sync_run::apply(&scene.engine, &run).await.outcome, done(1));
    let judged = wait::until("the verdict", SOON, async || {
        let rows = rows.sql("select id, verdict from sync_runs_ended").await;
        rows.into_iter().next().ok_or_else(|| "none".to_owned())
    })
    .await
    .unwrap();
    assert_eq!(judged, [Some(run.run.to_string()), Some("succeeded".to_owned())]);
    running.stop().await;
}
