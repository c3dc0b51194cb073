//! Deployments whose end the engine has accepted, and which wait for what it takes along.

use domain::ids::{DeploymentId, EngineClusterId};

use crate::access::{Access, Agent};
use crate::{Result, Scope, Store};

/// Looked at, at a time.
const MOST: i64 = 500;

/// A deployment that is over as soon as its Application is gone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Leaving {
    /// Which.
    pub deployment: DeploymentId,
    /// Where its Application is, or was.
    pub namespace: String,
}

impl Store {
    /// The deployments of an engine cluster that are over as soon as their Applications are gone: their end was accepted,
    /// and nothing is open for them. [`Store::gone`] ends each.
    ///
    /// Where there are more than fit, it is others each time: those of a cluster that is away for good, and which never end,
    /// must not keep the rest from ending.
    pub async fn leaving(&self, _: &Access<Agent>, cluster: EngineClusterId) -> Result<Vec<Leaving>> {
        let mut tx = self.begin_in(Scope::All).await?;
        let rows = sqlx::query!(
            "select d.id, i.namespace
               from deployments d
               join placements p on p.tenant_id = d.tenant_id and p.environment_id = d.environment_id
               join engine_instances i on i.id = p.engine_instance_id
              where d.state = 'deleting' and d.applied_generation = d.generation and i.engine_cluster_id = $1
                and not exists (select from operations o where o.lane = 'application/' || d.id)
              order by random() limit $2",
            cluster.0,
            MOST,
        )
        .fetch_all(tx.on())
        .await?;
        tx.commit().await?;
        let leaving = rows.into_iter();
        Ok(leaving
            .map(|row| Leaving { deployment: DeploymentId(row.id), namespace: row.namespace })
            .collect())
    }
}
