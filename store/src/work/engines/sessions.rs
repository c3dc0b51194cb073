//! Agents: each process has a session, and the session a lease. What it holds is its own as long as the lease lives.

use std::time::Duration;

use domain::ids::{AgentId, EngineClusterId};
use domain::operation::LEASE;
use jiff::Timestamp;
use uuid::Uuid;

use crate::access::{Access, Agent, MayAudit};
use crate::{Result, Scope, Store};

/// What an agent says of itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Registration {
    /// What operators know it by; several replicas may have the same.
    pub name: String,
    /// Its version.
    pub version: String,
    /// What it can do: the kinds of operations it takes.
    pub capabilities: Vec<String>,
    /// Which it serves.
    pub engine_clusters: Vec<EngineClusterId>,
}

/// A session that has begun.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Registered {
    /// With which to claim.
    pub session: AgentId,
    /// The life of the database. When another begins, what was known of it is void.
    pub epoch: i64,
}

/// An agent as operators see it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AgentView {
    /// Its session.
    pub id: AgentId,
    /// What it said of itself.
    pub registration: Registration,
    /// Whether its lease lives.
    pub alive: bool,
    /// When it kept itself alive last.
    pub last_seen: Timestamp,
    /// When its session began.
    pub made_at: Timestamp,
    /// How many operations it holds.
    pub holds: u32,
}

struct AgentRow {
    id: Uuid,
    name: String,
    version: String,
    capabilities: Vec<String>,
    engine_clusters: Vec<Uuid>,
    alive: bool,
    last_seen: jiff_sqlx::Timestamp,
    made_at: jiff_sqlx::Timestamp,
    holds: i32,
}

impl Store {
    /// Begins a session.
    pub async fn register(&self, _: &Access<Agent>, registration: &Registration) -> Result<Registered> {
        let clusters: Vec<Uuid> = registration.engine_clusters.iter().map(|id| id.0).collect();
        let row = sqlx::query!(
            r#"insert into sessions (id, name, version, capabilities, engine_clusters, lease_ends_at)
               values (gen_random_uuid(), $1, $2, $3, $4, now() + make_interval(secs => $5))
               returning id, (select epoch from installation) as "epoch!""#,
            registration.name,
            registration.version,
            &registration.capabilities,
            &clusters,
            LEASE.as_secs_f64()
        );
        let row = row.fetch_one(&self.pool).await?;
        Ok(Registered { session: AgentId(row.id), epoch: row.epoch })
    }

    /// Keeps a session alive. Answers the epoch; none: it is lost, and with it whatever it held. Register anew.
    ///
    /// Commits asynchronously: what is lost with the server ends a lease early, which harms nobody.
    pub async fn keep_alive(&self, _: &Access<Agent>, session: AgentId) -> Result<Option<i64>> {
        let kept = sqlx::query_scalar!(
            r#"update sessions set lease_ends_at = now() + make_interval(secs => $2), last_seen = now()
                where id = $1 and lease_ends_at > now()
                  and set_config('synchronous_commit', 'off', true) is not null
               returning (select epoch from installation) as "epoch!""#,
            session.0,
            LEASE.as_secs_f64()
        );
        Ok(kept.fetch_optional(&self.pool).await?)
    }

    /// Ends a session: what it still holds is another's at once.
    pub async fn end_session(&self, _: &Access<Agent>, session: AgentId) -> Result<()> {
        sqlx::query!(
            "update sessions set lease_ends_at = now() where id = $1 and lease_ends_at > now()",
            session.0
        )
        .execute(&self.pool)
        .await?;
        Ok(())
    }

    /// How long a session lives by itself.
    #[must_use]
    pub const fn lease() -> Duration {
        LEASE
    }

    /// The agents of the last day, those that live first.
    pub async fn agents(&self, _: &Access<impl MayAudit>) -> Result<Vec<AgentView>> {
        let mut tx = self.begin_in(Scope::Platform).await?;
        let rows = sqlx::query_as!(
            AgentRow,
            r#"select id, name, version, capabilities, engine_clusters, lease_ends_at > now() as "alive!",
                      last_seen as "last_seen: jiff_sqlx::Timestamp", made_at as "made_at: jiff_sqlx::Timestamp",
                      (select count(*)::integer from operations o
                        where o.session_id = sessions.id and o.state = 'running') as "holds!"
                 from sessions order by lease_ends_at desc limit 1000"#
        );
        let rows = rows.fetch_all(tx.on()).await?;
        tx.commit().await?;
        Ok(rows.into_iter().map(AgentView::from).collect())
    }
}

impl From<AgentRow> for AgentView {
    fn from(row: AgentRow) -> Self {
        let registration = Registration {
            name: row.name,
            version: row.version,
            capabilities: row.capabilities,
            engine_clusters: row.engine_clusters.into_iter().map(EngineClusterId).collect(),
        };
        Self {
            id: AgentId(row.id),
            registration,
            alive: row.alive,
            last_seen: row.last_seen.to_jiff(),
            made_at: row.made_at.to_jiff(),
            holds: u32::try_from(row.holds).unwrap_or_default(),
        }
    }
}
