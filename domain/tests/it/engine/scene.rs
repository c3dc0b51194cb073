//! Facts as the store would read them.

use domain::egress::Policy;
use domain::engine::facts::{
    CredentialFacts, DeploymentFacts, EnvironmentFacts, Life, Prune, Readiness, Seat, SyncRunFacts,
    TenantFacts, namespace_of,
};
use domain::engine::hash::HashKey;
use domain::field::Shape;
use domain::ids::{
    CredentialId, DeploymentId, EngineClusterId, EngineInstanceId, EnvironmentId, SyncRunId, TenantId,
};
use domain::intent::deployment::{self, DeploymentSpec, RawDeployment};
use domain::intent::environment::{self, RawEnvironment, Reach};
use domain::intent::repository_credential::{self, RawRepositoryCredential};
use domain::intent::repository_url::{Protocol, RepositoryUrl};
use domain::intent::sync_run::{self, RawSyncRun};
use domain::intent::{Door, Terms, Unverified};
use domain::operation::{Generation, ResourceId};
use domain::secret::Secret;
use domain::text::{Name, Namespace};
use serde_json::{Value, json};
use uuid::Uuid;

pub(super) const TENANT: &str = "11111111-1111-4111-8111-111111111111";
pub(super) const ENVIRONMENT: &str = "22222222-2222-4222-8222-222222222222";
pub(super) const DEPLOYMENT: &str = "33333333-3333-4333-8333-333333333333";
pub(super) const CREDENTIAL: &str = "44444444-4444-4444-8444-444444444444";
pub(super) const RUN: &str = "55555555-5555-4555-8555-555555555555";

pub(super) fn tenant() -> TenantId {
    TENANT.parse().unwrap()
}

pub(super) fn key() -> HashKey {
    HashKey::new(Secret::new([7; 32]))
}

fn seat() -> Seat {
    Seat {
        cluster: EngineClusterId(Uuid::from_u128(1)),
        instance: EngineInstanceId(Uuid::from_u128(2)),
        namespace: "argocd-1".to_owned(),
    }
}

/// A deployment by its body, with what every one has filled in.
pub(super) fn spec(body: Value) -> DeploymentSpec {
    let mut whole = json!({
        "source": {"repository": "https://git.example.com/team/shop", "path": "apps/shop", "revision": "main"},
        "destination": {"environment": "prod", "namespace": "shop"},
        "policy": {"mode": "manual"},
    });
    let Value::Object(body) = body else { panic!("a body is an object") };
    whole.as_object_mut().unwrap().extend(body);
    if whole.get("sources").is_some() {
        whole.as_object_mut().unwrap().remove("source");
    }
    let raw = Shape::<RawDeployment>::new().read(whole).unwrap();
    let policy = Policy::default();
    let terms = Terms { door: Door::Rest, egress: &policy, unverified: Unverified::Allowed };
    deployment::parse(raw, &terms).unwrap()
}

pub(super) fn deployment(body: Value) -> DeploymentFacts {
    let spec = spec(body);
    let namespace = namespace_of(&spec.destination, &Reach::Cluster).unwrap();
    DeploymentFacts {
        seat: seat(),
        tenant: tenant(),
        id: DEPLOYMENT.parse::<DeploymentId>().unwrap(),
        name: Name::parse("shop").unwrap(),
        generation: Generation(3),
        life: Life::Active,
        spec,
        environment: ENVIRONMENT.parse().unwrap(),
        namespace,
        ready: Readiness::READY,
        prune: Prune::Cascade,
    }
}

pub(super) fn environment(body: Value) -> EnvironmentFacts {
    let raw = Shape::<RawEnvironment>::new().read(body).ok().unwrap();
    let policy = Policy::default();
    let terms = Terms { door: Door::Rest, egress: &policy, unverified: Unverified::Allowed };
    let environment = environment::parse(raw, &terms).ok().unwrap();
    EnvironmentFacts {
        seat: Some(seat()),
        tenant: tenant(),
        id: ENVIRONMENT.parse::<EnvironmentId>().unwrap(),
        name: Name::parse("prod").unwrap(),
        generation: Generation(2),
        life: Life::Active,
        spec: environment.spec,
        secret: environment.secret,
        passed_once: true,
        in_use: true,
    }
}

pub(super) fn credential(body: Value, urls: &[&str]) -> CredentialFacts {
    let raw = Shape::<RawRepositoryCredential>::new().read(body).ok().unwrap();
    let policy = Policy::default();
    let terms = Terms { door: Door::Rest, egress: &policy, unverified: Unverified::Allowed };
    let credential = repository_credential::parse(raw, &terms).ok().unwrap();
    CredentialFacts {
        seat: seat(),
        id: ResourceId(Uuid::from_u128(9)),
        tenant: tenant(),
        credential: CREDENTIAL.parse::<CredentialId>().unwrap(),
        generation: Generation(1),
        life: Life::Active,
        spec: credential.spec,
        secret: credential.secret,
        urls: urls.iter().map(|url| repository(url)).collect(),
    }
}

pub(super) fn project(repositories: &[&str], environments: Vec<(EnvironmentId, Reach)>) -> TenantFacts {
    TenantFacts {
        seat: seat(),
        id: ResourceId(Uuid::from_u128(8)),
        tenant: tenant(),
        generation: Generation(4),
        life: Life::Active,
        repositories: repositories.iter().map(|url| repository(url)).collect(),
        environments,
    }
}

pub(super) fn namespaces(names: &[&str], cluster_resources: bool) -> Reach {
    let names = names.iter().map(|name| Namespace::parse(name).unwrap()).collect();
    Reach::Namespaces { names, cluster_resources }
}

pub(super) fn run(body: Value) -> SyncRunFacts {
    let raw = Shape::<RawSyncRun>::new().read(body).unwrap();
    SyncRunFacts {
        seat: seat(),
        tenant: tenant(),
        run: RUN.parse::<SyncRunId>().unwrap(),
        deployment: DEPLOYMENT.parse().unwrap(),
        spec: sync_run::parse(raw).unwrap(),
        life: Life::Active,
    }
}

fn repository(url: &str) -> RepositoryUrl {
    RepositoryUrl::parse(url, &Protocol::ALL).unwrap()
}
