//! The fleet: which engine clusters there are, and which instances are on them.

use domain::ids::{EngineClusterId, EngineInstanceId};
use jiff::Timestamp;
use uuid::Uuid;

use crate::access::{Access, Agent, MayAudit, Operator};
use crate::change::{AuditRow, Change};
use crate::{Answer, Error, Refused, Result, Scope, Store};

/// A cluster that hosts engines.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EngineCluster {
    /// Its id.
    pub id: EngineClusterId,
    /// What agents are configured with.
    pub name: String,
    /// When it was made known.
    pub made_at: Timestamp,
}

/// One Argo CD in one namespace.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EngineInstance {
    /// Its id.
    pub id: EngineInstanceId,
    /// Where it is.
    pub engine_cluster: EngineClusterId,
    /// What operators call it.
    pub name: String,
    /// Its namespace.
    pub namespace: String,
    /// Through which repo-server it reads.
    pub repo_server: String,
    /// How many deployments it takes.
    pub capacity: i32,
    /// Whether it takes any.
    pub state: InstanceState,
    /// Why not, or what is wrong with it.
    pub health: Option<String>,
    /// When it was made known.
    pub made_at: Timestamp,
}

/// Whether an instance takes placements.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InstanceState {
    /// It does.
    Active,
    /// An operator wants no new ones there.
    Cordoned,
    /// It is not set up as it has to be.
    Unfit,
}

/// An instance that is made known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewInstance {
    /// Where it is.
    pub engine_cluster: EngineClusterId,
    /// What operators call it.
    pub name: String,
    /// Its namespace.
    pub namespace: String,
    /// Through which repo-server it reads; instances that share one have the same text.
    pub repo_server: String,
    /// How many deployments it takes.
    pub capacity: i32,
}

struct ClusterRow {
    id: Uuid,
    name: String,
    made_at: jiff_sqlx::Timestamp,
}

struct InstanceRow {
    id: Uuid,
    engine_cluster_id: Uuid,
    name: String,
    namespace: String,
    repo_server: String,
    capacity: i32,
    state: String,
    health: Option<String>,
    made_at: jiff_sqlx::Timestamp,
}

impl Store {
    /// The engine cluster that agents call so. None: nobody made it known yet.
    pub async fn engine_cluster_named(
        &self,
        _: &Access<Agent>,
        name: &str,
    ) -> Result<Option<EngineClusterId>> {
        let id = sqlx::query_scalar!("select id from engine_clusters where name = $1", name);
        Ok(id.fetch_optional(&self.pool).await?.map(EngineClusterId))
    }

    /// Makes an engine cluster known.
    pub async fn add_engine_cluster(
        &self,
        by: &Access<Operator>,
        name: &str,
        request: &str,
    ) -> Answer<EngineClusterId> {
        let mut tx = self.begin_in(Scope::Platform).await?;
        let id = sqlx::query_scalar!(
            "insert into engine_clusters (id, name) values (gen_random_uuid(), $1) on conflict do nothing returning id",
            name
        );
        let Some(id) = id.fetch_optional(tx.on()).await? else {
            return Ok(Err(taken("engine cluster", name)));
        };
        tx.settle(&audited(by, ("engine_cluster.add", "engine_cluster"), (id, name), request)).await?;
        tx.commit().await?;
        Ok(Ok(EngineClusterId(id)))
    }

    /// Makes an instance known. It takes placements from now on.
    pub async fn add_engine_instance(
        &self,
        by: &Access<Operator>,
        new: &NewInstance,
        request: &str,
    ) -> Answer<EngineInstanceId> {
        let mut tx = self.begin_in(Scope::Platform).await?;
        let id = sqlx::query_scalar!(
            "insert into engine_instances (id, engine_cluster_id, name, namespace, repo_server, capacity)
             values (gen_random_uuid(), $1, $2, $3, $4, $5) on conflict do nothing returning id",
            new.engine_cluster.0,
            new.name,
            new.namespace,
            new.repo_server,
            new.capacity
        );
        let id = match id.fetch_optional(tx.on()).await {
            Ok(Some(id)) => id,
            Ok(None) => return Ok(Err(taken("engine instance", &new.name))),
            Err(error) => match Error::from(error) {
                Error::Conflict(name) if name == "engine_instances_engine_cluster_fkey" => {
                    return Ok(Err(Refused::Absent { noun: "engine cluster" }));
                }
                error @ (Error::Unavailable(_)
                | Error::OutcomeUnknown(_)
                | Error::Contended(_)
                | Error::Conflict(_)
                | Error::Misconfigured(_)
                | Error::Bug(_)) => return Err(error),
            },
        };
        tx.settle(&audited(by, ("engine_instance.add", "engine_instance"), (id, &new.name), request)).await?;
        tx.commit().await?;
        Ok(Ok(EngineInstanceId(id)))
    }

    /// Cordons an instance, or lets it take placements again. Answers whether there is such an instance.
    pub async fn set_engine_instance(
        &self,
        by: &Access<Operator>,
        id: EngineInstanceId,
        (state, health): (InstanceState, Option<&str>),
        request: &str,
    ) -> Result<bool> {
        let mut tx = self.begin_in(Scope::Platform).await?;
        let changed = sqlx::query_scalar!(
            "update engine_instances set state = $2, health = $3, changed_at = now() where id = $1 returning name",
            id.0,
            state.name(),
            health
        );
        let Some(name) = changed.fetch_optional(tx.on()).await? else { return Ok(false) };
        let action = ("engine_instance.set", "engine_instance");
        tx.settle(&audited(by, action, (id.0, &name), request)).await?;
        tx.commit().await?;
        Ok(true)
    }

    /// All engine clusters, by name.
    pub async fn engine_clusters(&self, _: &Access<impl MayAudit>) -> Result<Vec<EngineCluster>> {
        let mut tx = self.begin_in(Scope::Platform).await?;
        let rows = sqlx::query_as!(
            ClusterRow,
            r#"select id, name, made_at as "made_at: jiff_sqlx::Timestamp"
                 from engine_clusters order by name limit 1000"#
        );
        let rows = rows.fetch_all(tx.on()).await?;
        tx.commit().await?;
        let shown = |row: ClusterRow| EngineCluster {
            id: EngineClusterId(row.id),
            name: row.name,
            made_at: row.made_at.to_jiff(),
        };
        Ok(rows.into_iter().map(shown).collect())
    }

    /// All instances, by name; perhaps of one engine cluster only.
    pub async fn engine_instances(
        &self,
        _: &Access<impl MayAudit>,
        on: Option<EngineClusterId>,
    ) -> Result<Vec<EngineInstance>> {
        let mut tx = self.begin_in(Scope::Platform).await?;
        let rows = sqlx::query_as!(
            InstanceRow,
            r#"select id, engine_cluster_id, name, namespace, repo_server, capacity, state, health,
                      made_at as "made_at: jiff_sqlx::Timestamp"
                 from engine_instances where $1::uuid is null or engine_cluster_id = $1
                order by name limit 10000"#,
            on.map(|id| id.0)
        );
        let rows = rows.fetch_all(tx.on()).await?;
        tx.commit().await?;
        Ok(rows.into_iter().map(EngineInstance::from).collect())
    }
}

impl InstanceState {
    /// How rows and the API call it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Cordoned => "cordoned",
            Self::Unfit => "unfit",
        }
    }
}

impl From<InstanceRow> for EngineInstance {
    fn from(row: InstanceRow) -> Self {
        Self {
            id: EngineInstanceId(row.id),
            engine_cluster: EngineClusterId(row.engine_cluster_id),
            name: row.name,
            namespace: row.namespace,
            repo_server: row.repo_server,
            capacity: row.capacity,
            state: match row.state.as_str() {
                "active" => InstanceState::Active,
                "cordoned" => InstanceState::Cordoned,
                // The column has no other; and what we do not know takes nothing.
                _ => InstanceState::Unfit,
            },
            health: row.health,
            made_at: row.made_at.to_jiff(),
        }
    }
}

fn taken(what: &str, name: &str) -> Refused {
    let detail = format!("there is another {what} `{name}`, or one in the same place; choose another name");
    Refused::State { code: "name_taken", detail }
}

fn audited(
    by: &Access<Operator>,
    (action, noun): (&str, &'static str),
    (id, name): (Uuid, &str),
    request: &str,
) -> Change {
    let mut change = Change::of_the_platform();
    change.audit(AuditRow {
        principal: by.principal().to_owned(),
        action: action.to_owned(),
        noun,
        resource_id: id,
        resource_name: name.to_owned(),
        request_id: request.to_owned(),
        ..AuditRow::default()
    });
    change
}
