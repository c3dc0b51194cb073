//! What follows repositories: which deployments read which, and what they were compared with last.

use domain::ids::{DeploymentId, EngineClusterId, TenantId};
use domain::intent::Stored;
use domain::intent::deployment::DeploymentSpec;
use domain::intent::source::Source;
use domain::operation::ResourceId;
use serde_json::Value;
use uuid::Uuid;

use crate::access::{Access, Agent};
use crate::{Error, Result, Scope, Store};

/// A deployment that follows its sources.
#[derive(Clone, Debug)]
pub struct Followed {
    /// Which.
    pub deployment: DeploymentId,
    /// Whose.
    pub tenant: TenantId,
    /// Where its Application is.
    pub namespace: String,
    /// What it follows, in the order of its revisions.
    pub sources: Vec<Source>,
    /// What these were when it was compared last, one a source. Empty: it was not compared, as far as is known.
    pub compared: Vec<String>,
    /// Something kept it from being compared or synced.
    pub in_error: bool,
}

struct Row {
    id: Uuid,
    tenant_id: Uuid,
    spec: Value,
    namespace: String,
    compared: Vec<String>,
    in_error: bool,
}

impl Row {
    fn followed(self) -> Result<Followed> {
        let spec = Stored::<DeploymentSpec>::read(self.spec);
        Ok(Followed {
            deployment: DeploymentId(self.id),
            tenant: TenantId(self.tenant_id),
            namespace: self.namespace,
            sources: spec.map_err(|_| Error::unreadable("a deployment"))?.sources,
            compared: self.compared,
            in_error: self.in_error,
        })
    }
}

impl Store {
    /// Deployments of an engine cluster whose Applications are there and which follow their sources: the next `limit` after
    /// this one, by id. What is suspended, withheld or being taken down is left alone.
    pub async fn followed(
        &self,
        _: &Access<Agent>,
        cluster: EngineClusterId,
        after: Option<DeploymentId>,
        limit: u16,
    ) -> Result<Vec<Followed>> {
        let rows = self.follow(cluster, after.map_or(Uuid::nil(), |id| id.0), None, limit).await?;
        rows.into_iter().map(Row::followed).collect()
    }

    /// The same for these deployments.
    pub async fn followed_among(
        &self,
        _: &Access<Agent>,
        cluster: EngineClusterId,
        among: &[DeploymentId],
    ) -> Result<Vec<Followed>> {
        let among: Vec<Uuid> = among.iter().map(|id| id.0).collect();
        let rows = self.follow(cluster, Uuid::nil(), Some(&among), u16::MAX).await?;
        rows.into_iter().map(Row::followed).collect()
    }

    async fn follow(
        &self,
        cluster: EngineClusterId,
        after: Uuid,
        among: Option<&[Uuid]>,
        limit: u16,
    ) -> Result<Vec<Row>> {
        let mut tx = self.begin_in(Scope::All).await?;
        let rows = sqlx::query_as!(
            Row,
            r#"select d.id, d.tenant_id, d.spec, i.namespace,
                      coalesce(array(select jsonb_array_elements_text(s.report #> '{sync,revisions}')), '{}') as "compared!",
                      coalesce(jsonb_path_exists(s.report, '$.conditions[*].type ? (@ like_regex "Error$")'), false)
                          as "in_error!"
                 from deployments d
                 join placements p on p.tenant_id = d.tenant_id and p.environment_id = d.environment_id
                 join engine_instances i on i.id = p.engine_instance_id
                 left join deployment_status s on s.deployment_id = d.id
                where i.engine_cluster_id = $1 and d.id > $2 and ($4::uuid[] is null or d.id = any ($4)) and d.state = 'active'
                  and not d.suspended and not d.withheld and d.applied_generation > 0
                order by d.id limit $3"#,
            cluster.0,
            after,
            i64::from(limit),
            among as _,
        )
        .fetch_all(tx.on())
        .await?;
        tx.commit().await?;
        Ok(rows)
    }

    /// The seats of repository credentials on the instances of an engine cluster, for [`Store::credential_facts`].
    pub async fn credential_seats(
        &self,
        _: &Access<Agent>,
        cluster: EngineClusterId,
    ) -> Result<Vec<ResourceId>> {
        let mut tx = self.begin_in(Scope::All).await?;
        let rows = sqlx::query_scalar!(
            "select s.id from seats s join engine_instances i on i.id = s.engine_instance_id
              where i.engine_cluster_id = $1 and s.noun = 'repository_credential' and s.state = 'active'
              order by s.id",
            cluster.0,
        )
        .fetch_all(tx.on())
        .await?;
        tx.commit().await?;
        Ok(rows.into_iter().map(ResourceId).collect())
    }
}
