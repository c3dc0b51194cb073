//! Placements, for operators.

use domain::ids::{EngineInstanceId, EnvironmentId, TenantId};
use jiff::Timestamp;
use uuid::Uuid;

use crate::{Access, MayAudit, Result, Scope, Store};

/// Which instance serves an environment of a tenant, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlacementShown {
    /// Whose.
    pub tenant: TenantId,
    /// Which.
    pub environment: EnvironmentId,
    /// What it is called.
    pub name: String,
    /// Where. None: no instance qualifies.
    pub engine_instance: Option<EngineInstanceId>,
    /// How often it was moved, and one.
    pub generation: u64,
    /// Why there, or why nowhere.
    pub reason: String,
    /// How many deployments go there.
    pub deployments: u64,
    /// How many of them nothing may be written of, as another tenant holds a repository of theirs on that repo-server.
    pub withheld: u64,
    /// Since when.
    pub changed_at: Timestamp,
}

/// A private repository that one tenant holds on a repo-server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PrivateUrl {
    /// Which repo-server.
    pub repo_server: String,
    /// The repository, as a repo-server may take several for one.
    pub repository: String,
    /// Whose.
    pub tenant: TenantId,
    /// Since when.
    pub made_at: Timestamp,
}

impl Store {
    /// Placements of an instance, of nowhere, or all, in pages by environment.
    pub async fn placements(
        &self,
        _access: &Access<impl MayAudit>,
        instance: Option<EngineInstanceId>,
        after: Option<EnvironmentId>,
        limit: u16,
    ) -> Result<Vec<PlacementShown>> {
        let mut tx = self.begin_in(Scope::Platform).await?;
        let rows = sqlx::query!(
            r#"select p.tenant_id, p.environment_id, e.name, p.engine_instance_id, p.generation, p.reason,
                      p.changed_at as "changed_at: jiff_sqlx::Timestamp", d.all_of_it as "deployments!", d.withheld as "withheld!"
                 from placements p join environments e on e.id = p.environment_id
                cross join lateral (
                      select count(*) as all_of_it, count(*) filter (where d.withheld) as withheld
                        from deployments d where d.environment_id = p.environment_id) d
                where ($1::uuid is null or p.engine_instance_id = $1) and p.environment_id > $2
                order by p.environment_id
                limit $3"#,
            instance.map(|id| id.0),
            after.map_or(Uuid::nil(), |id| id.0),
            i64::from(limit),
        )
        .fetch_all(tx.on())
        .await?;
        tx.commit().await?;
        let shown = rows.into_iter().map(|row| PlacementShown {
            tenant: TenantId(row.tenant_id),
            environment: EnvironmentId(row.environment_id),
            name: row.name,
            engine_instance: row.engine_instance_id.map(EngineInstanceId),
            generation: row.generation.unsigned_abs(),
            reason: row.reason,
            deployments: row.deployments.unsigned_abs(),
            withheld: row.withheld.unsigned_abs(),
            changed_at: row.changed_at.to_jiff(),
        });
        Ok(shown.collect())
    }

    /// The private repositories of a repo-server.
    pub async fn private_urls(
        &self,
        _access: &Access<impl MayAudit>,
        repo_server: &str,
    ) -> Result<Vec<PrivateUrl>> {
        let mut tx = self.begin_in(Scope::Platform).await?;
        let rows = sqlx::query!(
            r#"select repo_server, engine_key, tenant_id, made_at as "made_at: jiff_sqlx::Timestamp"
                 from private_urls where repo_server = $1 order by engine_key limit 10000"#,
            repo_server,
        )
        .fetch_all(tx.on())
        .await?;
        tx.commit().await?;
        let shown = rows.into_iter().map(|row| PrivateUrl {
            repo_server: row.repo_server,
            repository: row.engine_key,
            tenant: TenantId(row.tenant_id),
            made_at: row.made_at.to_jiff(),
        });
        Ok(shown.collect())
    }
}
