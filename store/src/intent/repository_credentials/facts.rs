//! What an agent has to know of a credential on an instance, with the secret.

use domain::engine::facts::{CredentialFacts, Life, Seat};
use domain::ids::{CredentialId, EngineClusterId, EngineInstanceId, Generation, TenantId};
use domain::intent::repository_url::RepositoryUrl;
use domain::operation::ResourceId;
use serde_json::Value;

use super::row;
use crate::access::Agent;
use crate::{Access, Error, Result, Scope, Store};

struct FactsRow {
    tenant_id: uuid::Uuid,
    generation: i64,
    state: String,
    repositories: Vec<String>,
    row: Value,
    secret: Vec<u8>,
    instance: uuid::Uuid,
    cluster: uuid::Uuid,
    namespace: String,
}

impl Store {
    /// What an agent has to know of a credential on an instance, named by its seat. None: it is gone.
    pub async fn credential_facts(
        &self,
        _access: &Access<Agent>,
        seat: ResourceId,
    ) -> Result<Option<CredentialFacts>> {
        let mut tx = self.begin_in(Scope::All).await?;
        let found = sqlx::query_as!(
            FactsRow,
            r#"select s.tenant_id, s.generation, s.state, s.repositories, to_jsonb(c) - 'secret' as "row!", c.secret,
                      i.id as instance, i.engine_cluster_id as cluster, i.namespace
                 from seats s
                 join repository_credentials c on c.id = s.resource_id and c.tenant_id = s.tenant_id
                 join engine_instances i on i.id = s.engine_instance_id
                where s.id = $1 and s.noun = 'repository_credential'"#,
            seat.0,
        )
        .fetch_optional(tx.on())
        .await?;
        tx.commit().await?;
        let Some(found) = found else { return Ok(None) };
        let tenant = TenantId(found.tenant_id);
        let there = row::read(found.row)?;
        let text = self.seals()?.open(&found.secret, &row::place(tenant, there.id))?;
        let url =
            |url: String| RepositoryUrl::try_from(url).map_err(|_| Error::unreadable("an address in use"));
        Ok(Some(CredentialFacts {
            seat: Seat {
                cluster: EngineClusterId(found.cluster),
                instance: EngineInstanceId(found.instance),
                namespace: found.namespace,
            },
            id: seat,
            tenant,
            credential: CredentialId(there.id.0),
            generation: Generation(u64::try_from(found.generation).unwrap_or_default()),
            life: if found.state == "active" { Life::Active } else { Life::Deleting },
            secret: Some(row::secret_of(&there.spec.auth, text)),
            spec: there.spec,
            urls: found.repositories.into_iter().map(url).collect::<Result<_>>()?,
        }))
    }
}
