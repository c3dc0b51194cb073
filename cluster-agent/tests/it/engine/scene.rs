//! What most of these tests begin with: an Argo CD, our hand on its cluster, a git host, and a namespace that a limited
//! token may fill; and facts as the store would read them.

use std::time::Duration;

use cluster_agent::cluster::{Engine, EngineCluster, Targets};
use cluster_agent::reconcile::{Done, deployment, environment, tenant};
use domain::egress::{Policy, Profile};
use domain::engine::facts::{
    CredentialFacts, DeploymentFacts, EnvironmentFacts, Life, Prune, Readiness, Seat, SyncRunFacts,
    TenantFacts,
};
use domain::ids::{
    CredentialId, DeploymentId, EngineClusterId, EngineInstanceId, EnvironmentId, SyncRunId, TenantId,
};
use domain::intent::environment::RawEnvironment;
use domain::intent::repository_url::RepositoryUrl;
use domain::intent::sync_run::SyncRunSpec;
use domain::intent::{Door, Terms, Unverified};
use domain::operation::{Generation, Outcome, ResourceId};
use domain::text::{Name, Namespace};
use serde_json::{Value, json};
use testbed::cluster::{Access, Credential, Key, Write};
use testbed::{Cluster, Folder, GitHost};
use uuid::Uuid;

pub(crate) const SOON: Duration = Duration::from_secs(60);

pub(crate) struct Scene {
    pub(crate) argo: testbed::Engine,
    pub(crate) hub: Cluster,
    pub(crate) engine: Engine,
    pub(crate) targets: Targets,
    pub(crate) git: GitHost,
    pub(crate) target: Cluster,
    /// In the target; the environment reaches this one and no other.
    pub(crate) namespace: String,
    /// What the environment is reached with.
    pub(crate) access: Access,
    pub(crate) tenant: TenantId,
    pub(crate) environment: EnvironmentId,
    folder: Folder,
}

pub(crate) fn loopback() -> Policy {
    Policy { profile: Profile::LoopbackOnly, ..Policy::default() }
}

/// A hand of its own on a cluster, that knows nothing yet: as after a restart of the agent.
pub(crate) fn hand(folder: &Folder, access: &Access) -> Engine {
    let file = folder.join(format!("{}.kubeconfig", Uuid::new_v4()));
    access.write(&file).unwrap();
    let cluster: EngineCluster = format!("hub={}", file.display()).parse().unwrap();
    Engine::new(cluster, loopback())
}

impl Scene {
    pub(crate) async fn set() -> Self {
        let (hub, target) = (Cluster::hub().await.unwrap(), Cluster::target().await.unwrap());
        let argo = testbed::Engine::start(&hub).await.unwrap();
        let namespace = target.namespace("apps").await.unwrap();
        let access = deployer(&target, &namespace, &["*"]).await;
        let folder = Folder::in_target("agent").unwrap();
        Self {
            engine: hand(&folder, &hub.admin().unwrap()),
            argo,
            hub,
            targets: Targets::new(loopback()),
            git: GitHost::start().unwrap(),
            target,
            namespace,
            access,
            tenant: TenantId(Uuid::now_v7()),
            environment: EnvironmentId(Uuid::now_v7()),
            folder,
        }
    }

    /// As after a restart of the agent.
    pub(crate) fn another_hand(&self) -> Engine {
        hand(&self.folder, &self.hub.admin().unwrap())
    }

    pub(crate) fn seat(&self) -> Seat {
        Seat {
            cluster: EngineClusterId(Uuid::nil()),
            instance: EngineInstanceId(Uuid::nil()),
            namespace: self.argo.namespace().to_owned(),
        }
    }

    pub(crate) fn tenant_facts(&self, generation: u64, repositories: &[&str]) -> TenantFacts {
        let environment = self.environment_facts(1);
        TenantFacts {
            seat: self.seat(),
            id: ResourceId(Uuid::now_v7()),
            tenant: self.tenant,
            generation: Generation(generation),
            life: Life::Active,
            repositories: repositories.iter().map(|url| repository_url(url)).collect(),
            environments: vec![(self.environment, environment.spec.reach)],
        }
    }

    pub(crate) fn environment_facts(&self, generation: u64) -> EnvironmentFacts {
        self.environment_with(generation, &self.access)
    }

    pub(crate) fn environment_with(&self, generation: u64, access: &Access) -> EnvironmentFacts {
        let body = environment_body(access, &[&self.namespace]);
        let egress = loopback();
        let terms = Terms { door: Door::Rest, egress: &egress, unverified: Unverified::Allowed };
        let raw: RawEnvironment = serde_json::from_value(body).unwrap();
        let parsed = domain::intent::environment::parse(raw, &terms).unwrap();
        EnvironmentFacts {
            seat: Some(self.seat()),
            tenant: self.tenant,
            id: self.environment,
            name: Name::parse("prod").unwrap(),
            generation: Generation(generation),
            life: Life::Active,
            spec: parsed.spec,
            secret: parsed.secret,
            passed_once: true,
            in_use: true,
        }
    }

    /// A deployment of a folder of a repository.
    pub(crate) fn deployment_facts(&self, url: &str, path: &str, mode: &str) -> DeploymentFacts {
        let egress = loopback();
        let terms = Terms { door: Door::Rest, egress: &egress, unverified: Unverified::Refused };
        let raw = serde_json::from_value(json!({
            "source": {"repository": url, "path": path, "revision": "main"},
            "destination": {"environment": "prod", "namespace": self.namespace},
            "policy": {"mode": mode},
        }));
        let spec = domain::intent::deployment::parse(raw.unwrap(), &terms).unwrap();
        DeploymentFacts {
            seat: self.seat(),
            tenant: self.tenant,
            id: DeploymentId(Uuid::now_v7()),
            name: Name::parse("shop").unwrap(),
            generation: Generation(1),
            life: Life::Active,
            spec,
            environment: self.environment,
            namespace: Namespace::parse(&self.namespace).unwrap(),
            ready: Readiness::READY,
            prune: Prune::Cascade,
        }
    }

    pub(crate) fn run_facts(&self, deployment: &DeploymentFacts) -> SyncRunFacts {
        SyncRunFacts {
            seat: self.seat(),
            tenant: self.tenant,
            run: SyncRunId(Uuid::now_v7()),
            deployment: deployment.id,
            spec: SyncRunSpec::default(),
            life: Life::Active,
        }
    }

    pub(crate) fn credential_facts(&self, url: &str, password: &str) -> CredentialFacts {
        let egress = loopback();
        let terms = Terms { door: Door::Rest, egress: &egress, unverified: Unverified::Refused };
        let body = json!({"repository": url, "basic": {"username": "robot", "password": password}});
        let raw = serde_json::from_value(body).unwrap();
        let parsed = domain::intent::repository_credential::parse(raw, &terms).unwrap();
        CredentialFacts {
            seat: self.seat(),
            id: ResourceId(Uuid::now_v7()),
            tenant: self.tenant,
            credential: CredentialId(Uuid::now_v7()),
            generation: Generation(1),
            life: Life::Active,
            spec: parsed.spec,
            secret: parsed.secret,
            urls: vec![repository_url(url)],
        }
    }

    /// Project and cluster Secret, as they must be there before any Application.
    pub(crate) async fn prepare(&self, url: &str) {
        let told = tenant::apply(&self.engine, &self.tenant_facts(1, &[url])).await;
        assert_eq!(told.outcome, done(1));
        let told = environment::apply(&self.engine, &self.targets, &self.environment_facts(1)).await;
        assert_eq!(told.outcome, done(1));
    }

    /// Prepared, applied, and where it should be.
    pub(crate) async fn deployed(&self, url: &str, path: &str) -> DeploymentFacts {
        self.prepare(url).await;
        let facts = self.deployment_facts(url, path, "automated");
        assert_eq!(deployment::apply(&self.engine, &facts).await.outcome, done(1));
        self.argo.until_healthy(&self.application(&facts)).await.unwrap();
        facts
    }

    pub(crate) fn application(&self, facts: &DeploymentFacts) -> Key {
        self.argo.application_key(&facts.id.application_name())
    }

    /// The Application as it is.
    pub(crate) async fn live(&self, facts: &DeploymentFacts) -> Value {
        self.hub.objects().get(&self.application(facts)).await.unwrap().unwrap()
    }

    /// What we wrote so far, on this instance.
    pub(crate) fn our_writes(&self) -> Vec<Write> {
        let writes = self.hub.writes(self.argo.namespace()).unwrap();
        // Deletions carry no field manager. Nobody else deletes.
        let ours = |write: &Write| write.manager.starts_with("argosy") || write.verb == "delete";
        writes.into_iter().filter(|write| ours(write) && write.name != "testbed-canary").collect()
    }

    pub(crate) async fn until_greeting(&self, config_map: &str, wanted: &str) {
        let key = Key::of("v1", "ConfigMap").named(config_map).within(&self.namespace);
        let says = |object: &Value| object.pointer("/data/greeting") == Some(&json!(wanted));
        self.target.objects().until(&key, SOON, says).await.unwrap();
    }

    pub(crate) async fn greeting(&self, config_map: &str) -> Option<Value> {
        let key = Key::of("v1", "ConfigMap").named(config_map).within(&self.namespace);
        self.target.objects().get(&key).await.unwrap()
    }
}

pub(crate) fn done(seen: u64) -> Outcome {
    Outcome::Done { seen: Generation(seen) }
}

/// The sentence that people read when it was refused.
pub(crate) fn refusal(done: &Done) -> String {
    let Outcome::Refused { why, .. } = &done.outcome else { panic!("not refused: {done:?}") };
    why.to_string()
}

/// The sentence that people read while it is in the way.
pub(crate) fn obstacle(done: &Done) -> String {
    let Outcome::Unreachable(obstacle) = &done.outcome else { panic!("nothing in the way: {done:?}") };
    obstacle.to_string()
}

pub(crate) fn repository_url(url: &str) -> RepositoryUrl {
    url.to_owned().try_into().unwrap()
}

pub(crate) fn environment_body(access: &Access, namespaces: &[&str]) -> Value {
    let mut body = json!({"server": access.server, "ca": access.ca_pem, "namespaces": namespaces});
    match &access.credential {
        Credential::Token(token) => body["token"] = json!(token),
        Credential::Certificate(identity) => {
            body["clientCertificate"] = json!(identity.certificate);
            body["clientKey"] = json!(identity.key);
        }
        Credential::Nobody => {}
    }
    body
}

/// A ServiceAccount that may do this with everything in one namespace, and nothing elsewhere.
pub(crate) async fn deployer(target: &Cluster, namespace: &str, verbs: &[&str]) -> Access {
    let rbac = "rbac.authorization.k8s.io";
    let metadata = json!({"name": "deployer", "namespace": namespace});
    for object in [
        json!({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": metadata}),
        json!({"apiVersion": format!("{rbac}/v1"), "kind": "Role", "metadata": metadata,
            "rules": [{"apiGroups": ["*"], "resources": ["*"], "verbs": verbs}]}),
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
