//! A database with engines and tenants, and the hands of the backend, of agents and of named jobs on it.

use domain::access::Principal;
use domain::egress::Policy;
use domain::ids::{AgentId, DeploymentId, EngineClusterId, EngineInstanceId, EnvironmentId, TenantId};
use domain::intent::deployment::{DeploymentSpec, RawDeployment, parse};
use domain::intent::environment::RawEnvironment;
use domain::intent::repository_credential::RawRepositoryCredential;
use domain::intent::{Door, Stored, Terms, Unverified};
use domain::operation::{Generation, Kind, OperationId, Outcome};
use serde_json::{Value, json};
use store::access::{Access, Agent, Caller, Owner, TenantRef};
use store::deployments::{Deployment, Origin, Standing, WantedDeployment};
use store::{Call, Claim, Done, Finding, Finished, Reference, Refused, Registration, Store};
use testbed::{Database, Postgres};
use uuid::Uuid;

use crate::support::{self, PASSWORD};

pub(crate) struct Scene {
    pub(crate) backend: Store,
    pub(crate) agents: Store,
    pub(crate) agent: Access<Agent>,
    pub(crate) session: AgentId,
    pub(crate) cluster: EngineClusterId,
    pub(crate) database: Database,
    _postgres: Postgres,
}

/// A tenant, and its owner's proof.
#[derive(Clone)]
pub(crate) struct Tenant {
    pub(crate) id: TenantId,
    pub(crate) owner: Access<Owner>,
}

/// What a PUT came to.
pub(crate) type Put = Result<Done<Deployment>, Refused>;

pub(crate) const SHOP: &str = "https://git.example.com/acme/shop.git";

impl Scene {
    /// With an engine cluster, and no instance yet.
    pub(crate) async fn new() -> Self {
        let postgres = Postgres::shared().await.unwrap();
        let database = support::migrated(&postgres).await;
        let backend = support::store(database.url_as("argosy_backend", PASSWORD), 16);
        let agents = support::store(database.url_as("argosy_agent", PASSWORD), 4);
        let agent = agents.agent_access();
        let cluster = EngineClusterId(Uuid::new_v4());
        let insert = format!("insert into engine_clusters (id, name) values ('{cluster}', 'hub')");
        database.query(&insert).await.unwrap();
        let registration = Registration {
            name: "agent".to_owned(),
            version: "0".to_owned(),
            capabilities: Vec::new(),
            engine_clusters: vec![cluster],
        };
        let session = agents.register(&agent, &registration).await.unwrap().session;
        Self { backend, agents, agent, session, cluster, database, _postgres: postgres }
    }

    /// With one instance, one tenant and an environment `prod` of it.
    pub(crate) async fn furnished() -> (Self, Tenant) {
        let scene = Self::new().await;
        scene.instance("one").await;
        let acme = scene.tenant("acme").await;
        scene.environment(&acme, "prod").await;
        (scene, acme)
    }

    /// An instance with a repo-server of its own.
    pub(crate) async fn instance(&self, name: &str) -> EngineInstanceId {
        let id = EngineInstanceId(Uuid::new_v4());
        self.run(&format!(
            "insert into engine_instances (id, engine_cluster_id, name, namespace, repo_server)
             values ('{id}', '{}', '{name}', 'argocd-{name}', 'repo-{name}')",
            self.cluster
        ))
        .await;
        id
    }

    pub(crate) async fn tenant(&self, name: &str) -> Tenant {
        let id = TenantId(Uuid::new_v4());
        let owner = format!("corp:{name}");
        self.run(&format!("insert into tenants (id, name, door) values ('{id}', '{name}', 'rest')")).await;
        self.run(&format!(
            "insert into members (tenant_id, principal, role, made_by) values ('{id}', '{owner}', 'owner', 'test')"
        ))
        .await;
        let caller = Caller::of_token(Principal::parse(&owner).unwrap(), Vec::new());
        let admitted = self.backend.admit(&caller, &TenantRef::Id(id.0)).await.unwrap().expect("a member");
        Tenant { id, owner: admitted.owner().expect("an owner") }
    }

    pub(crate) async fn environment(&self, tenant: &Tenant, name: &str) -> EnvironmentId {
        let id = EnvironmentId(Uuid::now_v7());
        let raw = RawEnvironment {
            server: Some("https://k8s.example.com:6443".to_owned()),
            token: Some(domain::secret::Secret::new("token".to_owned())),
            ..RawEnvironment::default()
        };
        let spec = domain::intent::environment::parse(raw, &terms(&Policy::default())).ok().unwrap().spec;
        self.run(&format!(
            "insert into environments (id, tenant_id, name, spec, door) values ('{id}', '{}', '{name}', '{}', 'rest')",
            tenant.id,
            Stored::of(&spec)
        ))
        .await;
        id
    }

    /// A credential for all repositories that begin so.
    pub(crate) async fn credential(&self, tenant: &Tenant, name: &str, prefix: &str) -> Uuid {
        let id = Uuid::now_v7();
        let raw: RawRepositoryCredential =
            serde_json::from_value(json!({ "prefix": prefix, "bearer": { "token": "hunter2" } })).unwrap();
        let policy = Policy::default();
        let said = domain::intent::repository_credential::parse(raw, &terms(&policy)).ok().unwrap();
        self.run(&format!(
            "insert into repository_credentials (id, tenant_id, name, spec, door, secret, secret_fingerprint, secret_set_by,
                                                 secret_set_at)
             values ('{id}', '{}', '{name}', '{}', 'rest', '\\x010161000000000000000000000000000000000000', \
                     '0123456789abcdef', 'test', now())",
            tenant.id,
            Stored::of(&said.spec)
        ))
        .await;
        id
    }

    pub(crate) async fn put(&self, tenant: &Tenant, name: &str, body: Value) -> Put {
        self.put_with(tenant, name, body, &Call::default()).await
    }

    pub(crate) async fn put_with(&self, tenant: &Tenant, name: &str, body: Value, call: &Call) -> Put {
        let reference = Reference::parse(name).unwrap();
        let wanted = WantedDeployment { reference, spec: spec(body), origin: Origin::Rest };
        self.backend.put_deployment(&tenant.owner, &wanted, call).await.unwrap()
    }

    /// Puts what must be let in.
    pub(crate) async fn made(&self, tenant: &Tenant, name: &str, body: Value) -> Deployment {
        self.put(tenant, name, body).await.unwrap().thing
    }

    pub(crate) async fn get(&self, tenant: &Tenant, name: &str) -> Result<Deployment, Refused> {
        self.backend.deployment(&tenant.owner, &Reference::parse(name).unwrap()).await.unwrap()
    }

    pub(crate) async fn claim(&self) -> Vec<Claim> {
        let kinds: Vec<Kind> = Kind::all().collect();
        let batch = self.agents.claim(&self.agent, self.session, self.cluster, (&kinds, 100)).await.unwrap();
        batch.expect("the session lives").claims
    }

    pub(crate) async fn finish(&self, claim: Claim, outcome: Outcome, finding: Option<Finding>) {
        self.agents.finish(&self.agent, vec![Finished { claim, outcome, finding }]).await.unwrap();
    }

    /// An agent does all that is due, as far as there is something; what is taken down is gone.
    pub(crate) async fn work(&self) -> Vec<Kind> {
        let mut did = Vec::new();
        loop {
            // What an agent has found empty is looked at again, later.
            self.run("update operation_heads set ready = running < cap, looked_at = null, wake_at = null")
                .await;
            let claims = self.claim().await;
            if claims.is_empty() {
                return did;
            }
            for claim in claims {
                let kind = claim.operation.subject.kind();
                did.push(kind);
                let finding = matches!(kind, Kind::TakeDown(_)).then_some(Finding::Gone);
                let seen = Generation(claim.operation.target.0);
                self.finish(claim, Outcome::Done { seen }, finding).await;
            }
        }
    }

    /// The open operations of a tenant: their kinds and states, sorted.
    pub(crate) async fn open(&self, tenant: &Tenant) -> Vec<String> {
        let sql = format!(
            "select kind || ' ' || state || coalesce(' ' || gate, '') from operations where tenant_id = '{}' order by 1",
            tenant.id
        );
        self.run(&sql).await.into_iter().map(|row| row.join(" ")).collect()
    }

    /// As the owner of the database: what others and time do.
    pub(crate) async fn run(&self, sql: &str) -> Vec<Vec<String>> {
        let rows = self.database.query(sql).await.unwrap_or_else(|error| panic!("{error:#}: {sql}"));
        rows.into_iter().map(|row| row.into_iter().map(Option::unwrap_or_default).collect()).collect()
    }

    pub(crate) async fn one(&self, sql: &str) -> String {
        self.run(sql).await.first().map(|row| row.join(" ")).unwrap_or_default()
    }

    /// The seat of a tenant's project: its generation, state, repositories and number of environments.
    pub(crate) async fn project(&self, tenant: &Tenant) -> String {
        self.one(&format!(
            "select generation || ' ' || state || ' ' || array_to_string(repositories, ',') || ' ' || cardinality(environments)
               from seats where noun = 'tenant' and resource_id = '{}' order by made_at desc, id desc",
            tenant.id
        ))
        .await
    }

    pub(crate) async fn state(&self, operation: OperationId) -> String {
        self.one(&format!(
            "select state || coalesce(' ' || gate, '') from operations where id = '{operation}'
             union all select ending from operations_ended where id = '{operation}'"
        ))
        .await
    }
}

pub(crate) fn id_of(put: &Put) -> DeploymentId {
    put.as_ref().unwrap().thing.id
}

pub(crate) fn place(deployment: &Deployment) -> Option<EngineInstanceId> {
    match deployment.standing {
        Standing::Placed { engine_instance, .. } => Some(engine_instance),
        Standing::Unplaced | Standing::Nowhere => None,
    }
}

/// A body: from this repository to the environment `prod`, by hand.
pub(crate) fn from(repository: &str) -> Value {
    json!({
        "source": { "repository": repository, "path": "." },
        "destination": { "environment": "prod", "namespace": "shop" },
        "policy": { "mode": "manual" },
    })
}

/// The same with other members.
#[expect(clippy::needless_pass_by_value, reason = "it reads as a body does")]
pub(crate) fn with(mut body: Value, members: Value) -> Value {
    body.as_object_mut().unwrap().extend(members.as_object().unwrap().clone());
    body
}

pub(crate) fn to(environment: &str) -> Value {
    json!({ "destination": { "environment": environment, "namespace": "shop" } })
}

pub(crate) fn spec(body: Value) -> DeploymentSpec {
    let raw: RawDeployment = serde_json::from_value(body).unwrap();
    parse(raw, &terms(&Policy::default())).unwrap()
}

fn terms(policy: &Policy) -> Terms<'_> {
    Terms { door: Door::Rest, egress: policy, unverified: Unverified::Allowed }
}
