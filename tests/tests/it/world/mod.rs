//! A whole Argosy for one test: a database, both programs, an engine on the hub, a cluster to deploy to, a Git host.
//!
//! Everything is asked for as users would: over REST, with tokens of a real issuer. Only what they see in their own
//! cluster and what an operator sees on the hub is looked at directly.

mod door;
mod programs;
mod rest;

use std::time::Duration;

use serde_json::{Value, json};
use testbed::cluster::{Access, Key};
use testbed::{Cluster, Database, Engine, GitHost, Issuer, Postgres};

pub(crate) use door::Door;
pub(crate) use programs::Programs;
pub(crate) use rest::{Answer, Rest};

/// The deadline of everything that is waited for here.
pub(crate) const SOON: Duration = Duration::from_secs(60);

pub(crate) struct World {
    pub(crate) programs: Programs,
    pub(crate) issuer: Issuer,
    pub(crate) engine: Engine,
    pub(crate) git: GitHost,
    pub(crate) target: Cluster,
    pub(crate) database: Database,
    operator: String,
}

impl World {
    /// With one engine, registered, and nothing else.
    pub(crate) async fn begin() -> Self {
        let postgres = Postgres::shared().await.unwrap();
        let database = postgres.database().await.unwrap();
        let (hub, target) = (Cluster::hub().await.unwrap(), Cluster::target().await.unwrap());
        let engine = Engine::start(&hub).await.unwrap();
        let (issuer, git) = (Issuer::start().unwrap(), GitHost::start().unwrap());
        let known_hosts = git.known_hosts().await.unwrap();
        engine.site().trust("127.0.0.1", git.ca_pem()).unwrap();
        std::fs::write(engine.site().known_hosts(), &known_hosts).unwrap();
        let programs = Programs::start(&database, &hub, &issuer, &git).await;
        let operator = programs.operator_key();
        let world = Self { programs, issuer, engine, git, target, database, operator };
        world.register_engine().await;
        world
    }

    /// The operator, by the key that was made on the database.
    pub(crate) fn operator(&self) -> Rest {
        Rest::new(self.programs.url(), &self.operator)
    }

    /// A person, by a token of the issuer.
    pub(crate) fn person(&self, name: &str) -> Rest {
        Rest::new(self.programs.url(), &self.token(name))
    }

    /// What this person shows.
    pub(crate) fn token(&self, name: &str) -> String {
        self.issuer.token_for(name, programs::AUDIENCE).sign().unwrap()
    }

    /// A tenant that this person owns.
    pub(crate) async fn tenant(&self, name: &str, owner: &str) -> Rest {
        let body = json!({"name": name, "owner": programs::principal(owner)});
        self.operator().post("/v1/tenants", body).await.ok(201);
        self.person(owner).within(&format!("/v1/tenants/{name}"))
    }

    async fn register_engine(&self) {
        let operator = self.operator();
        let cluster = operator.post("/v1/engine-clusters", json!({"name": "hub"})).await.ok(201);
        let instance = json!({
            "engineCluster": cluster["id"], "name": "first", "namespace": self.engine.namespace(),
            "repoServer": "first", "capacity": 100,
        });
        operator.post("/v1/engine-instances", instance).await.ok(201);
    }

    /// An environment of the tenant: one new namespace of the target, by a token that reaches nothing else.
    pub(crate) async fn environment(&self, tenant: &Rest, name: &str) -> String {
        let (namespace, kubeconfig) = self.place().await;
        let body = json!({"kubeconfig": kubeconfig, "namespaces": [namespace]});
        tenant.put(&format!("/environments/{name}"), body).await.accepted();
        namespace
    }

    /// A new namespace of the target, and a kubeconfig that reaches nothing else.
    pub(crate) async fn place(&self) -> (String, Value) {
        let namespace = self.target.namespace("apps").await.unwrap();
        let access = deployer(&self.target, &namespace).await;
        (namespace, access.kubeconfig())
    }

    /// What a ConfigMap in the target says under `greeting`, once it says `wanted`.
    pub(crate) async fn until_greeting(&self, namespace: &str, config_map: &str, wanted: &str) {
        let key = Key::of("v1", "ConfigMap").named(config_map).within(namespace);
        let says = |object: &Value| object.pointer("/data/greeting") == Some(&json!(wanted));
        self.target.objects().until(&key, SOON, says).await.unwrap();
    }

    pub(crate) async fn until_no_config_map(&self, namespace: &str, name: &str) {
        let key = Key::of("v1", "ConfigMap").named(name).within(namespace);
        self.target.objects().until_gone(&key, SOON).await.unwrap();
    }
}

/// A ServiceAccount that may do anything in one namespace, and nothing elsewhere.
pub(crate) async fn deployer(target: &Cluster, namespace: &str) -> Access {
    let rbac = "rbac.authorization.k8s.io";
    let metadata = json!({"name": "deployer", "namespace": namespace});
    for object in [
        json!({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": metadata}),
        json!({"apiVersion": format!("{rbac}/v1"), "kind": "Role", "metadata": metadata,
            "rules": [{"apiGroups": ["*"], "resources": ["*"], "verbs": ["*"]}]}),
        json!({"apiVersion": format!("{rbac}/v1"), "kind": "RoleBinding", "metadata": metadata,
            "roleRef": {"apiGroup": rbac, "kind": "Role", "name": "deployer"},
            "subjects": [{"kind": "ServiceAccount", "name": "deployer", "namespace": namespace}]}),
    ] {
        target.objects().apply(object).await.unwrap();
    }
    target.service_account(namespace, "deployer", Duration::from_secs(24 * 3600)).await.unwrap()
}

/// The manifest of a ConfigMap that says something.
pub(crate) fn greeting(name: &str, text: &str) -> String {
    json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}, "data": {"greeting": text}})
        .to_string()
}
