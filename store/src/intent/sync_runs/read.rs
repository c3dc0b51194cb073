//! Looking at sync runs.

use domain::ids::{DeploymentId, SyncRunId};

use super::{NOUN, RunPage, SyncRun, row};
use crate::{Access, Answer, MayRead, Refused, Result, Store};

impl Store {
    /// One sync run, also when its deployment is gone.
    pub async fn sync_run(&self, access: &Access<impl MayRead>, id: SyncRunId) -> Answer<SyncRun> {
        let mut tx = self.begin_in(access.scope()).await?;
        let found = sqlx::query_scalar!(
            r#"select to_jsonb(r) as "row!" from sync_runs r where r.tenant_id = $1 and r.id = $2
               union all
               select to_jsonb(e) from sync_runs_ended e where e.tenant_id = $1 and e.id = $2
               limit 1"#,
            access.tenant().0,
            id.0,
        )
        .fetch_optional(tx.on())
        .await?;
        tx.commit().await?;
        let Some(found) = found else { return Ok(Err(Refused::Absent { noun: NOUN })) };
        row::read(found).map(Ok)
    }

    /// The runs of a deployment, the newest first.
    pub async fn sync_runs(
        &self,
        access: &Access<impl MayRead>,
        deployment: DeploymentId,
        page: RunPage,
    ) -> Result<Vec<SyncRun>> {
        let before = page.before.and_then(|number| i64::try_from(number).ok());
        let mut tx = self.begin_in(access.scope()).await?;
        let found = sqlx::query_scalar!(
            r#"select row as "row!" from (
                      (select to_jsonb(r) as row, r.number from sync_runs r
                        where r.tenant_id = $1 and r.deployment_id = $2 and r.number < coalesce($3, 9223372036854775807)
                        order by r.number desc limit $4)
                      union all
                      (select to_jsonb(e), e.number from sync_runs_ended e
                        where e.tenant_id = $1 and e.deployment_id = $2 and e.number < coalesce($3, 9223372036854775807)
                        order by e.number desc limit $4)) runs
                order by number desc limit $4"#,
            access.tenant().0,
            deployment.0,
            before,
            i64::from(page.limit),
        )
        .fetch_all(tx.on())
        .await?;
        tx.commit().await?;
        found.into_iter().map(row::read).collect()
    }
}
