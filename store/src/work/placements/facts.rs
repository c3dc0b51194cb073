//! What an agent has to know of a tenant on an instance.

use domain::engine::facts::{Life, Seat, TenantFacts};
use domain::ids::{EngineClusterId, EngineInstanceId, EnvironmentId, Generation, TenantId};
use domain::intent::environment::Reach;
use domain::intent::repository_url::RepositoryUrl;
use domain::operation::ResourceId;
use serde_json::Value;

use crate::access::Agent;
use crate::{Access, Error, Result, Scope, Store};

impl Store {
    /// What an agent has to know of a tenant on an instance: of this seat. None: it is gone.
    pub async fn tenant_facts(
        &self,
        _access: &Access<Agent>,
        seat: ResourceId,
    ) -> Result<Option<TenantFacts>> {
        let mut tx = self.begin_in(Scope::All).await?;
        let found = sqlx::query!(
            r#"select s.tenant_id, s.generation, s.state, s.repositories,
                      i.id as instance, i.engine_cluster_id as cluster, i.namespace,
                      (select coalesce(jsonb_agg(jsonb_build_array(e.id, e.spec -> 'reach') order by e.made_at, e.id), '[]')
                         from environments e where e.id = any (s.environments)) as "environments!"
                 from seats s join engine_instances i on i.id = s.engine_instance_id
                where s.id = $1 and s.noun = 'tenant'"#,
            seat.0,
        )
        .fetch_optional(tx.on())
        .await?;
        tx.commit().await?;
        let Some(found) = found else { return Ok(None) };
        Ok(Some(TenantFacts {
            seat: Seat {
                cluster: EngineClusterId(found.cluster),
                instance: EngineInstanceId(found.instance),
                namespace: found.namespace,
            },
            id: seat,
            tenant: TenantId(found.tenant_id),
            generation: Generation(found.generation.unsigned_abs()),
            life: if found.state == "active" { Life::Active } else { Life::Deleting },
            repositories: repositories(found.repositories)?,
            environments: environments(found.environments)?,
        }))
    }
}

fn repositories(urls: Vec<String>) -> Result<Vec<RepositoryUrl>> {
    let read =
        |url: String| RepositoryUrl::try_from(url).map_err(|_| Error::unreadable("a repository of a seat"));
    urls.into_iter().map(read).collect()
}

fn environments(pairs: Value) -> Result<Vec<(EnvironmentId, Reach)>> {
    serde_json::from_value(pairs).map_err(|_| Error::unreadable("an environment of a seat"))
}
