//! Environments that go after everything that uses them: what is left to do about each.

use domain::ids::{DeploymentId, EnvironmentId, TenantId};

use crate::access::Platform;
use crate::{Access, Result, Scope, Store};

/// An environment that waits for what uses it to be gone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ending {
    /// Whose.
    pub tenant: TenantId,
    /// Which.
    pub environment: EnvironmentId,
    /// The first deployments in it that nobody has taken down yet. None are left: it can go itself, as soon as those that
    /// are under way are gone.
    pub users: Vec<DeploymentId>,
}

impl Store {
    /// Environments that wait for what uses them, each with the first page of it. For a named job.
    pub async fn ending_environments(&self, _: &Access<Platform>) -> Result<Vec<Ending>> {
        let mut tx = self.begin_in(Scope::Platform).await?;
        let rows = sqlx::query!(
            r#"select e.tenant_id, e.id, coalesce(users.ids, '{}') as "users!"
                 from environments e
                 left join lateral (
                      select array_agg(d.id) as ids
                        from (select id from deployments
                               where tenant_id = e.tenant_id and environment_id = e.id and state = 'active'
                               order by id limit 100) d) users on true
                where e.state = 'deleting' and e.cascades
                order by e.id limit 100"#
        )
        .fetch_all(tx.on())
        .await?;
        tx.commit().await?;
        Ok(rows
            .into_iter()
            .map(|row| Ending {
                tenant: TenantId(row.tenant_id),
                environment: EnvironmentId(row.id),
                users: row.users.into_iter().map(DeploymentId).collect(),
            })
            .collect())
    }
}
