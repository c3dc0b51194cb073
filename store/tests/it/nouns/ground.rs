//! A tenant with somebody who may deploy, an engine, and the keys: as the production roles.

use std::collections::BTreeMap;

use domain::access::Principal;
use domain::egress::Policy;
use domain::field::Shape;
use domain::ids::{EngineClusterId, EngineInstanceId, EnvironmentId, TenantId};
use domain::intent::environment::{self, RawEnvironment};
use domain::intent::repository_credential::{self, RawRepositoryCredential};
use domain::intent::{Door, Terms, Unverified};
use domain::secret::Secret;
use domain::text::Name;
use serde_json::Value;
use store::access::Deployer;
use store::environments::{Environment, WantedEnvironment};
use store::repository_credentials::{RepositoryCredential, WantedCredential};
use store::seal::KeyRing;
use store::{Access, Call, Caller, Done, Reference, Refused, Store};
use testbed::{Database, Postgres};
use uuid::Uuid;

use crate::support::{self, PASSWORD};

pub(crate) const SERVER: &str = "https://k8s.example.com:6443";

pub(crate) struct Ground {
    pub(crate) store: Store,
    /// As an agent has it.
    pub(crate) agent: Store,
    pub(crate) access: Access<Deployer>,
    pub(crate) tenant: TenantId,
    pub(crate) cluster: EngineClusterId,
    pub(crate) instance: EngineInstanceId,
    pub(crate) database: Database,
    _postgres: Postgres,
}

/// Keys whose bytes are all alike; the first seals.
pub(crate) fn ring(keys: &[(&str, u8)]) -> KeyRing {
    let key = |(name, byte): &(&str, u8)| (name.parse().unwrap(), Secret::new([*byte; 32]));
    let all: BTreeMap<_, _> = keys.iter().map(key).collect();
    KeyRing::of(keys[0].0.parse().unwrap(), all, Secret::new([42; 32])).unwrap()
}

pub(crate) fn named(name: &str) -> Reference {
    Reference::Name(Name::parse(name).unwrap())
}

pub(crate) fn call() -> Call {
    Call { request_id: "a-request".to_owned(), ..Call::default() }
}

fn terms(policy: &Policy) -> Terms<'_> {
    Terms { door: Door::Rest, egress: policy, unverified: Unverified::Allowed }
}

pub(crate) fn an_environment(name: &str, body: Value) -> WantedEnvironment {
    let policy = Policy::default();
    let raw = Shape::<RawEnvironment>::new().read(body).unwrap();
    let said = environment::parse(raw, &terms(&policy)).unwrap();
    WantedEnvironment { reference: named(name), spec: said.spec, secret: said.secret }
}

pub(crate) fn a_credential(name: &str, body: Value) -> WantedCredential {
    let policy = Policy::default();
    let raw = Shape::<RawRepositoryCredential>::new().read(body).unwrap();
    let said = repository_credential::parse(raw, &terms(&policy)).unwrap();
    WantedCredential { reference: named(name), spec: said.spec, secret: said.secret }
}

impl Ground {
    pub(crate) async fn new() -> Self {
        let postgres = Postgres::shared().await.unwrap();
        let database = support::migrated(&postgres).await;
        let open =
            |role: &str| support::store(database.url_as(role, PASSWORD), 4).with_seals(ring(&[("one", 1)]));
        let (store, agent) = (open("argosy_backend"), open("argosy_agent"));
        let (cluster, instance, tenant) = (Uuid::new_v4(), Uuid::new_v4(), Uuid::new_v4());
        for sql in [
            format!("insert into engine_clusters (id, name) values ('{cluster}', 'hub')"),
            format!(
                "insert into engine_instances (id, engine_cluster_id, name, namespace, repo_server)
                 values ('{instance}', '{cluster}', 'main', 'argocd', 'main')"
            ),
            format!("insert into tenants (id, name, door) values ('{tenant}', 'acme', 'rest')"),
            format!(
                "insert into members (tenant_id, principal, role, made_by)
                 values ('{tenant}', 'corp:ada', 'deployer', 'corp:root')"
            ),
        ] {
            database.query(&sql).await.unwrap();
        }
        let ada = Caller::of_token(Principal::parse("corp:ada").unwrap(), Vec::new());
        let access = store.admit(&ada, &named("acme")).await.unwrap().unwrap().deployer().unwrap();
        Self {
            store,
            agent,
            access,
            tenant: TenantId(tenant),
            cluster: EngineClusterId(cluster),
            instance: EngineInstanceId(instance),
            database,
            _postgres: postgres,
        }
    }

    /// Somebody else, in another tenant.
    pub(crate) async fn stranger(&self) -> Access<Deployer> {
        let other = Uuid::new_v4();
        self.run(&format!(
            "insert into tenants (id, name, door) values ('{other}', 'other', 'rest');
             insert into members (tenant_id, principal, role, made_by)
             values ('{other}', 'corp:eve', 'deployer', 'corp:root')"
        ))
        .await;
        let eve = Caller::of_token(Principal::parse("corp:eve").unwrap(), Vec::new());
        self.store.admit(&eve, &named("other")).await.unwrap().unwrap().deployer().unwrap()
    }

    /// As the owner of the database.
    pub(crate) async fn run(&self, sql: &str) -> Vec<Vec<String>> {
        let rows = self.database.query(sql).await.unwrap_or_else(|error| panic!("{error:#}: {sql}"));
        rows.into_iter().map(|row| row.into_iter().map(Option::unwrap_or_default).collect()).collect()
    }

    /// One line of text.
    pub(crate) async fn one(&self, sql: &str) -> String {
        self.run(sql).await.first().map(|row| row.join(" ")).unwrap_or_default()
    }

    /// Kinds and states of what is open, in order.
    pub(crate) async fn open(&self) -> Vec<String> {
        let rows = self.run("select kind, state, target from operations order by place").await;
        rows.into_iter().map(|row| row.join(" ")).collect()
    }

    pub(crate) async fn put(&self, wanted: &WantedEnvironment) -> Done<Environment> {
        self.store.put_environment(&self.access, wanted, &call()).await.unwrap().unwrap()
    }

    pub(crate) async fn put_refused(&self, wanted: &WantedEnvironment, call: &Call) -> Refused {
        self.store.put_environment(&self.access, wanted, call).await.unwrap().unwrap_err()
    }

    pub(crate) async fn put_credential(&self, wanted: &WantedCredential) -> Done<RepositoryCredential> {
        self.store.put_repository_credential(&self.access, wanted, &call()).await.unwrap().unwrap()
    }

    pub(crate) async fn environment(&self, name: &str) -> Environment {
        self.store.environment(&self.access, &named(name)).await.unwrap().unwrap()
    }

    /// The environment is served by the one engine there is.
    pub(crate) async fn place(&self, environment: EnvironmentId) {
        self.run(&format!(
            "insert into placements (tenant_id, environment_id, engine_instance_id, reason)
             values ('{}', '{environment}', '{}', 'a test')",
            self.tenant, self.instance
        ))
        .await;
    }

    /// A deployment in it, of this repository, which the engine has accepted.
    pub(crate) async fn deploy(&self, name: &str, environment: EnvironmentId, url: &str) -> Uuid {
        let (id, tenant) = (Uuid::new_v4(), self.tenant);
        self.run(&format!(
            "insert into deployments (id, tenant_id, name, environment_id, applied_generation, spec, door)
             values ('{id}', '{tenant}', '{name}', '{environment}', 1, '{{}}', 'rest');
             insert into deployment_repositories (deployment_id, tenant_id, url, key_hash)
             values ('{id}', '{tenant}', '{url}', sha256(convert_to(lower('{url}'), 'UTF8')))"
        ))
        .await;
        id
    }

    /// The engine refused the deployment.
    pub(crate) async fn refuse(&self, deployment: Uuid) {
        self.run(&format!(
            "update deployments set refused_generation = generation, applied_generation = 0, refusal = 'no'
              where id = '{deployment}'"
        ))
        .await;
    }

    /// All operations are over.
    pub(crate) async fn settle(&self) {
        self.run("delete from operations").await;
    }
}
