//! Reading what was seen.

use domain::engine::hash::Hash;
use domain::engine::observed::Report;
use domain::ids::{DeploymentId, EngineClusterId, TenantId};
use jiff::Timestamp;
use sqlx::types::Json;
use uuid::Uuid;

use crate::access::{Access, Agent, MayRead};
use crate::{Error, Result, Scope, Store};

/// What was seen last of a deployment.
#[derive(Clone, Debug)]
pub struct Status {
    /// Of which.
    pub deployment: DeploymentId,
    /// What was seen.
    pub report: Report,
    /// When it last changed.
    pub observed_at: Timestamp,
}

/// What an earlier mirror wrote, for one that begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Written {
    /// Of which deployment.
    pub deployment: DeploymentId,
    /// Whose.
    pub tenant: TenantId,
    /// Of the report on the row.
    pub hash: Hash,
}

struct StatusRow {
    deployment_id: Uuid,
    report: Json<Report>,
    observed_at: jiff_sqlx::Timestamp,
}

impl From<StatusRow> for Status {
    fn from(row: StatusRow) -> Self {
        Self {
            deployment: DeploymentId(row.deployment_id),
            report: row.report.0,
            observed_at: row.observed_at.to_jiff(),
        }
    }
}

impl Store {
    /// What was seen last of a deployment, in full. None: nothing yet, or it is no deployment of this tenant.
    pub async fn status(
        &self,
        access: &Access<impl MayRead>,
        deployment: DeploymentId,
    ) -> Result<Option<Status>> {
        Ok(self.statuses(access, &[deployment]).await?.pop())
    }

    /// The same for some deployments, as for a page of a list. Those that nothing is known of are left out.
    pub async fn statuses(
        &self,
        access: &Access<impl MayRead>,
        deployments: &[DeploymentId],
    ) -> Result<Vec<Status>> {
        let wanted: Vec<Uuid> = deployments.iter().map(|id| id.0).collect();
        let mut tx = self.begin_in(access.scope()).await?;
        let rows = sqlx::query_as!(
            StatusRow,
            r#"select deployment_id, report as "report: Json<Report>", observed_at as "observed_at: jiff_sqlx::Timestamp"
                 from deployment_status where tenant_id = $1 and deployment_id = any ($2) order by deployment_id"#,
            access.tenant().0,
            &wanted,
        )
        .fetch_all(tx.on())
        .await?;
        tx.commit().await?;
        Ok(rows.into_iter().map(Status::from).collect())
    }

    /// What is written of an engine cluster: the next `limit` after this deployment, by id.
    pub async fn written(
        &self,
        _: &Access<Agent>,
        cluster: EngineClusterId,
        after: Option<DeploymentId>,
        limit: u16,
    ) -> Result<Vec<Written>> {
        let mut tx = self.begin_in(Scope::All).await?;
        let rows = sqlx::query!(
            "select deployment_id, tenant_id, hash from deployment_status
              where engine_cluster_id = $1 and deployment_id > $2 order by deployment_id limit $3",
            cluster.0,
            after.map_or(Uuid::nil(), |id| id.0),
            i64::from(limit),
        )
        .fetch_all(tx.on())
        .await?;
        tx.commit().await?;
        let hash = |bytes: Vec<u8>| {
            let bytes = <[u8; 16]>::try_from(bytes);
            bytes
                .map(Hash::from_bytes)
                .map_err(|_| Error::Bug(sqlx::Error::Decode("a hash is not of 16 bytes".into())))
        };
        rows.into_iter()
            .map(|row| {
                Ok(Written {
                    deployment: DeploymentId(row.deployment_id),
                    tenant: TenantId(row.tenant_id),
                    hash: hash(row.hash)?,
                })
            })
            .collect()
    }
}
