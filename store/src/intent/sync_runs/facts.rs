//! What an agent has to know of a sync run.

use domain::engine::facts::{Life, Seat, SyncRunFacts};
use domain::ids::{DeploymentId, EngineClusterId, EngineInstanceId, SyncRunId, TenantId};
use domain::intent::Stored;

use crate::access::Agent;
use crate::{Access, Error, Result, Scope, Store};

impl Store {
    /// What an agent has to know of a sync run. None: it has its verdict, or nobody serves its deployment.
    pub async fn sync_run_facts(
        &self,
        _access: &Access<Agent>,
        id: SyncRunId,
    ) -> Result<Option<SyncRunFacts>> {
        let mut tx = self.begin_in(Scope::All).await?;
        let found = sqlx::query!(
            r#"select r.tenant_id, r.deployment_id, r.spec, r.terminating or d.state = 'deleting' as "leaving!",
                      i.id as instance, i.engine_cluster_id as cluster, i.namespace
                 from sync_runs r
                 join deployments d on d.id = r.deployment_id
                 join placements p on p.environment_id = d.environment_id
                 join engine_instances i on i.id = p.engine_instance_id
                where r.id = $1"#,
            id.0,
        )
        .fetch_optional(tx.on())
        .await?;
        tx.commit().await?;
        let Some(found) = found else { return Ok(None) };
        Ok(Some(SyncRunFacts {
            seat: Seat {
                cluster: EngineClusterId(found.cluster),
                instance: EngineInstanceId(found.instance),
                namespace: found.namespace,
            },
            tenant: TenantId(found.tenant_id),
            run: id,
            deployment: DeploymentId(found.deployment_id),
            spec: Stored::read(found.spec).map_err(|_| Error::unreadable("a sync run"))?,
            life: if found.leaving { Life::Deleting } else { Life::Active },
        }))
    }
}
