//! The locking read: everything that a wish about one deployment has to know.

use domain::ids::{DeploymentId, EngineClusterId, EngineInstanceId, EnvironmentId, Generation, TenantId};
use domain::intent::deployment::{DeploymentSpec, Destination};
use domain::intent::repository_url::RepositoryUrl;
use domain::operation::{Operation, ResourceId};
use domain::text::Name;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use uuid::Uuid;

use super::row::{self, Row, Where};
use super::{Deployment, WantedDeployment};
use crate::idempotency::Replay;
use crate::operations::lane_from_json;
use crate::placements::{Contested, Credential, Named, SeatRow, Spot};
use crate::{Call, Error, Reference, Refused, Result, Tx};

/// What is asked for.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Asked {
    tenant: TenantId,
    principal: String,
    key: Option<String>,
    name: Option<String>,
    id: Option<Uuid>,
    /// The name of the environment it is to go to.
    environment: Option<String>,
    /// Or its id, of the tenant's own namespace.
    implicit: Option<EnvironmentId>,
    /// Each once. None: it is about the deployment alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    repositories: Option<Vec<Named>>,
}

/// What there is.
pub(crate) struct Before {
    /// What was answered to the same wish before.
    pub(crate) replay: std::result::Result<Option<Replay>, Refused>,
    /// By the clock of the database.
    pub(crate) now: Timestamp,
    /// The deployment, whose row is locked now; and its row.
    pub(crate) own: Option<(Deployment, Row)>,
    /// It has sync runs without a verdict.
    pub(crate) undecided: bool,
    /// Whose end a new holder of the name has to wait for.
    pub(super) earlier: Option<ResourceId>,
    /// Where it is served now.
    pub(crate) old: Where,
    /// Where it is to go.
    pub(super) target: Option<Target>,
    /// Whether it needs something else from now on.
    pub(super) moves: bool,
    /// What it depends on then.
    pub(super) needs: Surroundings,
    /// The open operations of all lanes that are concerned.
    pub(crate) lanes: Vec<Operation>,
}

/// Where a deployment is to go.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Target {
    pub(super) id: EnvironmentId,
    pub(super) name: Name,
    pub(super) generation: Generation,
    pub(super) applied_generation: Generation,
    pub(super) refused_generation: Generation,
    engine_instance: Option<EngineInstanceId>,
    engine_cluster: Option<EngineClusterId>,
    repo_server: Option<String>,
}

/// What depends on where a deployment is placed, and who has what to do with its repositories.
#[derive(Clone, Debug, Default, Deserialize)]
pub(super) struct Surroundings {
    #[serde(default)]
    pub(super) seats: Vec<SeatRow>,
    #[serde(default)]
    pub(super) credentials: Vec<Credential>,
    #[serde(default)]
    pub(super) public: Vec<String>,
    #[serde(default)]
    pub(super) contested: Vec<Contested>,
}

#[derive(Deserialize)]
struct BeforeRow {
    now: Timestamp,
    replay: Option<Value>,
    row: Option<Value>,
    engine_cluster: Option<EngineClusterId>,
    old_spot: Option<EngineInstanceId>,
    #[serde(default)]
    undecided: bool,
    earlier: Option<ResourceId>,
    target: Option<Target>,
    #[serde(default)]
    moves: bool,
    #[serde(flatten)]
    needs: Surroundings,
    operations: Option<Value>,
}

/// What was chosen for an environment that had no instance.
#[derive(Deserialize)]
pub(super) struct Chosen {
    #[serde(flatten)]
    pub(super) spot: Option<Spot>,
    /// How many deployments the instance has.
    #[serde(default)]
    pub(super) deployments: u64,
    #[serde(flatten)]
    pub(super) needs: Surroundings,
    operations: Option<Value>,
}

impl Asked {
    /// About a deployment, whatever it says.
    pub(crate) fn about(tenant: TenantId, principal: &str, which: &Reference, call: &Call) -> Self {
        Self {
            tenant,
            principal: principal.to_owned(),
            key: call.idempotency.as_ref().map(|idempotency| idempotency.key.clone()),
            name: which.name().map(ToOwned::to_owned),
            id: which.id(),
            environment: None,
            implicit: None,
            repositories: None,
        }
    }

    /// About what a deployment is to be.
    pub(super) fn for_wanted(
        tenant: TenantId,
        principal: &str,
        wanted: &WantedDeployment,
        call: &Call,
    ) -> Self {
        let (environment, implicit) = match &wanted.spec.destination {
            Destination::Environment { environment, .. } => (Some(environment.to_string()), None),
            Destination::Implicit => (None, Some(EnvironmentId::implicit(tenant))),
        };
        let repositories = Some(named(&wanted.spec));
        Self {
            environment,
            implicit,
            repositories,
            ..Self::about(tenant, principal, &wanted.reference, call)
        }
    }
}

/// The repositories a deployment names, each spelling once, in order.
pub(super) fn repositories(spec: &DeploymentSpec) -> Vec<RepositoryUrl> {
    let mut urls: Vec<RepositoryUrl> =
        spec.sources.iter().map(|source| source.repository().clone()).collect();
    urls.sort_by(|one, other| one.declared().cmp(other.declared()));
    urls.dedup_by(|one, other| one.declared() == other.declared());
    urls
}

/// The same, as rows keep them.
pub(super) fn named(spec: &DeploymentSpec) -> Vec<Named> {
    repositories(spec).iter().map(Named::of).collect()
}

impl Target {
    /// Where it is served.
    pub(super) fn spot(&self) -> Option<Spot> {
        Some(Spot {
            engine_instance: self.engine_instance?,
            engine_cluster: self.engine_cluster?,
            repo_server: self.repo_server.clone()?,
        })
    }
}

impl Chosen {
    pub(super) fn lanes(&self) -> Result<Vec<Operation>> {
        self.operations.clone().map_or_else(|| Ok(Vec::new()), lane_from_json)
    }
}

/// Locks the deployment, and reads all that a change of it touches.
pub(crate) async fn read(tx: &mut Tx, asked: &Asked, call: &Call) -> Result<Before> {
    let answer = sqlx::query_scalar!(r#"select argosy_deployment_before($1) as "answer!""#, json(asked)?)
        .fetch_one(tx.on())
        .await?;
    let row: BeforeRow = serde_json::from_value(answer).map_err(unreadable)?;
    let old = Where { engine_cluster: row.engine_cluster, engine_instance: row.old_spot };
    let own = match row.row.map(row::read).transpose()? {
        Some(row) => Some((row.clone().deployment(old)?, row)),
        None => None,
    };
    Ok(Before {
        replay: Replay::read(row.replay, call.idempotency.as_ref())?,
        now: row.now,
        own,
        undecided: row.undecided,
        earlier: row.earlier,
        old,
        target: row.target,
        moves: row.moves,
        needs: row.needs,
        lanes: row.operations.map_or_else(|| Ok(Vec::new()), lane_from_json)?,
    })
}

/// Chooses an instance for an environment that has none: one more round trip.
pub(super) async fn place(
    tx: &mut Tx,
    (asked, own): (&Asked, Option<DeploymentId>),
    target: EnvironmentId,
    (guarded, claims): (&[String], &[String]),
) -> Result<Chosen> {
    let mut asked = json(asked)?;
    if let Some(asked) = asked.as_object_mut() {
        asked.insert("own".to_owned(), serde_json::json!(own));
        asked.insert("target".to_owned(), serde_json::json!(target));
        asked.insert("guarded".to_owned(), serde_json::json!(guarded));
    }
    let answer = sqlx::query_scalar!(r#"select argosy_deployment_place($1, $2) as "answer!""#, asked, claims)
        .fetch_one(tx.on())
        .await?;
    serde_json::from_value(answer).map_err(unreadable)
}

fn unreadable(error: serde_json::Error) -> Error {
    Error::Bug(sqlx::Error::Decode(Box::new(error)))
}

fn json(value: &impl Serialize) -> Result<Value> {
    serde_json::to_value(value).map_err(|error| Error::Bug(sqlx::Error::Encode(Box::new(error))))
}
