//! What an agent has to know of a deployment.

use domain::engine::facts::{DeploymentFacts, Life, Prune, Readiness, Seat, namespace_of};
use domain::ids::{DeploymentId, EngineClusterId, EngineInstanceId, EnvironmentId, TenantId};
use domain::intent::environment::Reach;
use serde_json::Value;
use uuid::Uuid;

use super::row;
use crate::access::Agent;
use crate::{Access, Error, Result, Scope, Store};

struct FactsRow {
    tenant_id: Uuid,
    row: Value,
    environment_id: Uuid,
    reach: Value,
    instance: Uuid,
    cluster: Uuid,
    namespace: String,
    project: bool,
    cluster_secret: bool,
    checked: bool,
}

impl Store {
    /// What an agent has to know of a deployment. None: it is gone, or nobody serves it.
    pub async fn deployment_facts(
        &self,
        access: &Access<Agent>,
        id: DeploymentId,
    ) -> Result<Option<DeploymentFacts>> {
        Ok(self.deployment_facts_many(access, &[id]).await?.pop())
    }

    /// The same for several, by id. Those that are gone are left out.
    pub async fn deployment_facts_many(
        &self,
        _access: &Access<Agent>,
        ids: &[DeploymentId],
    ) -> Result<Vec<DeploymentFacts>> {
        let ids: Vec<Uuid> = ids.iter().map(|id| id.0).collect();
        let mut tx = self.begin_in(Scope::All).await?;
        let found = sqlx::query_as!(
            FactsRow,
            r#"select d.tenant_id, to_jsonb(d) as "row!", e.id as environment_id, e.spec -> 'reach' as "reach!",
                      i.id as instance, i.engine_cluster_id as cluster, i.namespace,
                      (not d.withheld and d.project_generation > 0
                       and coalesce(s.applied_generation, 0) >= d.project_generation) as "project!",
                      e.applied_generation > 0 as "cluster_secret!", e.passed_once as checked
                 from deployments d
                 join environments e on e.id = d.environment_id
                 join placements p on p.environment_id = e.id
                 join engine_instances i on i.id = p.engine_instance_id
                 left join seats s on s.noun = 'tenant' and s.resource_id = d.tenant_id and s.engine_instance_id = i.id
                                  and s.state = 'active'
                where d.id = any ($1)
                order by d.id"#,
            &ids,
        )
        .fetch_all(tx.on())
        .await?;
        tx.commit().await?;
        found.into_iter().map(FactsRow::facts).collect()
    }
}

impl FactsRow {
    fn facts(self) -> Result<DeploymentFacts> {
        let row = row::read(self.row)?;
        let prune = if row.abandoned() { Prune::Abandon } else { Prune::Cascade };
        let at = row::Where { engine_cluster: None, engine_instance: None };
        let there = row.deployment(at)?;
        let reach: Reach = serde_json::from_value(self.reach)
            .map_err(|_| Error::unreadable("what an environment may touch"))?;
        let namespace = namespace_of(&there.spec.destination, &reach)
            .ok_or_else(|| Error::unreadable("a deployment to no namespace"))?;
        Ok(DeploymentFacts {
            seat: Seat {
                cluster: EngineClusterId(self.cluster),
                instance: EngineInstanceId(self.instance),
                namespace: self.namespace,
            },
            tenant: TenantId(self.tenant_id),
            id: there.id,
            name: there.name,
            generation: there.generation,
            life: if there.deleting { Life::Deleting } else { Life::Active },
            spec: there.spec,
            environment: EnvironmentId(self.environment_id),
            namespace,
            ready: Readiness {
                project: self.project,
                cluster_secret: self.cluster_secret,
                checked: self.checked,
            },
            prune,
        })
    }
}
