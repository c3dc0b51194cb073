//! A database with a tenant, an engine cluster and a deployment, and the hands of agents on it: as the production roles.

use domain::ids::{AgentId, DeploymentId, EngineClusterId, TenantId};
use domain::operation::{Generation, Kind, OperationId, Outcome, ResourceId, Subject, Thing, Wish};
use store::access::{Access, Agent};
use store::{Claim, Finding, Finished, Registration, Store};
use testbed::{Database, Postgres};
use uuid::Uuid;

use crate::support::{self, PASSWORD};

pub(crate) struct Scene {
    pub(crate) store: Store,
    pub(crate) agent: Access<Agent>,
    pub(crate) session: AgentId,
    pub(crate) cluster: EngineClusterId,
    pub(crate) tenant: TenantId,
    pub(crate) shop: DeploymentId,
    pub(crate) database: Database,
    _postgres: Postgres,
}

/// The first line of a row, with nulls as empty text.
type Line = Vec<String>;

impl Scene {
    pub(crate) async fn new() -> Self {
        let postgres = Postgres::shared().await.unwrap();
        let database = support::migrated(&postgres).await;
        let store = support::store(database.url_as("argosy_agent", PASSWORD), 8);
        let agent = store.agent_access();
        let (cluster, tenant) = (Uuid::new_v4(), Uuid::new_v4());
        let insert = format!("insert into engine_clusters (id, name) values ('{cluster}', 'hub')");
        database.query(&insert).await.unwrap();
        let cluster = EngineClusterId(cluster);
        let session = register(&store, &agent, cluster).await;
        let tenant = TenantId(tenant);
        let shop = DeploymentId(Uuid::new_v4());
        let scene = Self { store, agent, session, cluster, tenant, shop, database, _postgres: postgres };
        scene.make_tenant(tenant).await;
        scene.make_deployment(tenant, shop).await;
        scene
    }

    pub(crate) async fn make_tenant(&self, tenant: TenantId) {
        self.run(&format!("insert into tenants (id, name, door) values ('{tenant}', 't{tenant}', 'rest')"))
            .await;
        self.run(&format!(
            "update tenant_ledger set max_open_operations = 100000, max_deployments = 100000,
                    deployments = 1000 where tenant_id = '{tenant}'"
        ))
        .await;
    }

    pub(crate) async fn make_deployment(&self, tenant: TenantId, id: DeploymentId) {
        self.run(&format!(
            "insert into deployments (id, tenant_id, name, spec, door)
             values ('{id}', '{tenant}', 'd{id}', '{{}}', 'custom_resource')"
        ))
        .await;
    }

    /// The shop has changed so often.
    pub(crate) async fn generation(&self, generation: u64) {
        self.run(&format!("update deployments set generation = {generation} where id = '{}'", self.shop))
            .await;
    }

    /// As the owner of the database: what users and time do.
    pub(crate) async fn run(&self, sql: &str) -> Vec<Line> {
        let rows = self.database.query(sql).await.unwrap_or_else(|error| panic!("{error:#}: {sql}"));
        rows.into_iter().map(|row| row.into_iter().map(Option::unwrap_or_default).collect()).collect()
    }

    pub(crate) async fn one(&self, sql: &str) -> String {
        self.run(sql).await.first().map(|row| row.join(" ")).unwrap_or_default()
    }

    pub(crate) async fn wish(&self, subject: Subject, target: u64) -> OperationId {
        self.wish_behind(subject, target, None).await
    }

    pub(crate) async fn wish_behind(
        &self,
        subject: Subject,
        target: u64,
        gate: Option<domain::operation::Gate>,
    ) -> OperationId {
        let wish = Wish { subject, target: Generation(target), gate };
        self.store.wish(&self.agent, self.tenant, self.cluster, &[wish]).await.unwrap()[0]
    }

    pub(crate) async fn claim(&self, number: u32) -> Vec<Claim> {
        self.claim_as(self.session, number).await
    }

    pub(crate) async fn claim_as(&self, session: AgentId, number: u32) -> Vec<Claim> {
        let kinds: Vec<Kind> = Kind::all().collect();
        let batch = self.store.claim(&self.agent, session, self.cluster, (&kinds, number)).await.unwrap();
        batch.expect("the session lives").claims
    }

    /// Claims the one operation that there is to claim.
    pub(crate) async fn take(&self) -> Claim {
        let mut claims = self.claim(10).await;
        assert_eq!(claims.len(), 1, "{claims:?}");
        claims.remove(0)
    }

    pub(crate) async fn finish(&self, claim: &Claim, outcome: Outcome) -> bool {
        self.finish_finding(claim, outcome, None).await
    }

    pub(crate) async fn finish_finding(
        &self,
        claim: &Claim,
        outcome: Outcome,
        finding: Option<Finding>,
    ) -> bool {
        let finished = Finished { claim: claim.clone(), outcome, finding };
        !self.store.finish(&self.agent, vec![finished]).await.unwrap().is_empty()
    }

    pub(crate) async fn another_agent(&self) -> AgentId {
        register(&self.store, &self.agent, self.cluster).await
    }

    /// The agent's lease has run out.
    pub(crate) async fn lose(&self, session: AgentId) {
        let lapse = "update sessions set lease_ends_at = now() - interval '1 second'";
        self.run(&format!("{lapse} where id = '{}'", session.0)).await;
    }

    pub(crate) async fn recover(&self) -> store::Recovered {
        self.store.recover(&self.agent).await.unwrap()
    }

    /// The state of an open operation, or how it ended.
    pub(crate) async fn state(&self, id: OperationId) -> String {
        self.one(&format!(
            "select state from operations where id = '{id}' union all
             select ending from operations_ended where id = '{id}'"
        ))
        .await
    }

    /// A column of an operation, open or ended.
    pub(crate) async fn column(&self, column: &str, id: OperationId) -> String {
        let open = self.one(&format!("select count(*)::text from operations where id = '{id}'")).await;
        let table = if open == "1" { "operations" } else { "operations_ended" };
        self.one(&format!("select ({column})::text from {table} where id = '{id}'")).await
    }

    /// Everything that is known of operations, to see that nothing changed.
    pub(crate) async fn everything(&self) -> Vec<Line> {
        self.run(
            "select to_jsonb(o)::text from operations o union all select to_jsonb(e)::text from operations_ended e
             union all select to_jsonb(h)::text from operation_heads h union all select to_jsonb(d)::text from deployments d
             union all select to_jsonb(l)::text from tenant_ledger l order by 1",
        )
        .await
    }

    /// What was paused is due.
    pub(crate) async fn pauses_end(&self) {
        self.run("update operations set due_at = now() where state = 'due' and due_at > now()").await;
        self.run("update operation_heads set ready = running < cap, looked_at = null, wake_at = null").await;
    }

    pub(crate) fn apply(&self) -> Subject {
        Subject::apply(Thing::Deployment, self.shop.into())
    }

    pub(crate) fn take_down(&self) -> Subject {
        Subject::take_down(Thing::Deployment, self.shop.into())
    }

    pub(crate) fn refresh(&self) -> Subject {
        Subject::refresh(self.shop.into())
    }

    /// A run of the shop that was just made, with its number.
    pub(crate) async fn make_run(&self, number: u32) -> Subject {
        let id = Uuid::new_v4();
        self.run(&format!(
            "insert into sync_runs (id, tenant_id, deployment_id, number, spec, asked_by)
             values ('{id}', '{}', '{}', {number}, '{{}}', 'somebody')",
            self.tenant, self.shop
        ))
        .await;
        Subject::sync_run(ResourceId(id), self.shop.into())
    }
}

async fn register(store: &Store, agent: &Access<Agent>, cluster: EngineClusterId) -> AgentId {
    let registration = Registration {
        name: "agent".to_owned(),
        version: "0".to_owned(),
        capabilities: Vec::new(),
        engine_clusters: vec![cluster],
    };
    store.register(agent, &registration).await.unwrap().session
}

pub(crate) fn done(seen: u64) -> Outcome {
    Outcome::Done { seen: Generation(seen) }
}
