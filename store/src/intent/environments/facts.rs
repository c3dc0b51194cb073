//! What an agent has to know of an environment, with the secret.

use domain::engine::facts::{EnvironmentFacts, Life, Seat};
use domain::ids::{EngineClusterId, EngineInstanceId, EnvironmentId, TenantId};
use serde_json::Value;

use super::row;
use crate::access::Agent;
use crate::{Access, Result, Scope, Store};

struct FactsRow {
    tenant_id: uuid::Uuid,
    row: Value,
    secret: Option<Vec<u8>>,
    instance: Option<uuid::Uuid>,
    cluster: Option<uuid::Uuid>,
    namespace: Option<String>,
    in_use: bool,
}

impl Store {
    /// What an agent has to know of an environment. None: it is gone.
    pub async fn environment_facts(
        &self,
        _access: &Access<Agent>,
        id: EnvironmentId,
    ) -> Result<Option<EnvironmentFacts>> {
        let mut tx = self.begin_in(Scope::All).await?;
        let found = sqlx::query_as!(
            FactsRow,
            r#"select e.tenant_id, to_jsonb(e) - 'secret' as "row!", e.secret,
                      i.id as "instance?", i.engine_cluster_id as "cluster?", i.namespace as "namespace?",
                      exists (select from deployments d where d.tenant_id = e.tenant_id and d.environment_id = e.id)
                          as "in_use!"
                 from environments e
                 left join placements p on p.tenant_id = e.tenant_id and p.environment_id = e.id
                 left join engine_instances i on i.id = p.engine_instance_id
                where e.id = $1"#,
            id.0,
        )
        .fetch_optional(tx.on())
        .await?;
        tx.commit().await?;
        let Some(found) = found else { return Ok(None) };
        let tenant = TenantId(found.tenant_id);
        let there = row::read(found.row)?;
        let secret = match &found.secret {
            Some(sealed) => {
                let text = self.seals()?.open(sealed, &row::place(tenant, id))?;
                Some(row::secret_of(&there.spec.auth, text))
            }
            None => None,
        };
        let seat = match (found.cluster, found.instance, found.namespace) {
            (Some(cluster), Some(instance), Some(namespace)) => Some(Seat {
                cluster: EngineClusterId(cluster),
                instance: EngineInstanceId(instance),
                namespace,
            }),
            (_, _, _) => None,
        };
        Ok(Some(EnvironmentFacts {
            seat,
            tenant,
            id,
            name: there.name,
            generation: there.generation,
            life: if there.deleting { Life::Deleting } else { Life::Active },
            spec: there.spec,
            secret,
            passed_once: there.passed_once,
            in_use: found.in_use,
        }))
    }
}
