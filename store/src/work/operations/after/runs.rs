//! Sync runs, as far as their operations concern them: one starts behind the verdict of the one before.

use domain::engine::sync_run::{Judgement, Verdict};
use domain::ids::SyncRunId;
use domain::operation::{Ending, Kind, State};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::operations::happened::Happened;
use crate::{Result, Tx};

/// The verdict on a run whose operation ended without starting it. None: it was started, or is not over.
fn unstarted(one: &Happened) -> Option<(SyncRunId, Verdict)> {
    if one.after.subject.kind() != Kind::SyncRun {
        return None;
    }
    let State::Ended(ending) = &one.after.state else { return None };
    let judgement = match ending {
        Ending::Succeeded { .. } => return None,
        Ending::Failed(_) | Ending::Refused { .. } | Ending::Quarantined(_) => Judgement::Error,
        Ending::Superseded { .. } | Ending::Cancelled => Judgement::Terminated,
    };
    let message = one.sentence().unwrap_or_else(|| "it was called off before it began".to_owned());
    Some((SyncRunId(one.after.subject.resource().0), Verdict::unstarted(judgement, message)))
}

impl Tx {
    /// Notes which runs the engine has begun, and ends those that never will. Answers the deployments that may have
    /// another run to start.
    pub(super) async fn record_runs(&mut self, happened: &[Happened]) -> Result<Vec<Uuid>> {
        let begun: Vec<Uuid> = happened
            .iter()
            .filter(|one| one.after.subject.kind() == Kind::SyncRun && one.succeeded())
            .map(|one| one.after.subject.resource().0)
            .collect();
        if !begun.is_empty() {
            sqlx::query!(
                "update sync_runs set started_at = coalesce(started_at, now()) where id = any($1)",
                &begun
            )
            .execute(self.on())
            .await?;
        }
        let over: Vec<_> = happened.iter().filter_map(unstarted).collect();
        self.judge(&over).await
    }

    /// Records verdicts. Answers the deployments of those that had none yet: another run of theirs may start.
    pub(in crate::work::operations) async fn judge(
        &mut self,
        verdicts: &[(SyncRunId, Verdict)],
    ) -> Result<Vec<Uuid>> {
        if verdicts.is_empty() {
            return Ok(Vec::new());
        }
        let rows: Vec<Value> = verdicts
            .iter()
            .map(|(id, verdict)| json!({ "id": id, "verdict": verdict.judgement, "report": verdict }))
            .collect();
        Ok(sqlx::query_scalar!(
            r#"with x as materialized (
                    select * from jsonb_to_recordset($1) as x (id uuid, verdict text, report jsonb)),
               gone as (delete from sync_runs r using x where r.id = x.id returning r.*),
               kept as (
                    insert into sync_runs_ended (id, tenant_id, deployment_id, number, spec, rollback_to, asked_by,
                                                 started_at, door, lives_in, made_at, verdict, report)
                    select g.id, g.tenant_id, g.deployment_id, g.number, g.spec, g.rollback_to, g.asked_by,
                           g.started_at, g.door, g.lives_in, g.made_at, x.verdict, x.report
                      from gone g join x on x.id = g.id)
               select distinct deployment_id as "deployment_id!" from gone order by 1"#,
            json!(rows)
        )
        .fetch_all(self.on())
        .await?)
    }

    /// Ends all runs of deployments that are about to go.
    pub(super) async fn end_runs_of(&mut self, deployments: &[Uuid]) -> Result<()> {
        let report =
            json!(Verdict::unstarted(Judgement::Terminated, "its deployment was taken down".to_owned()));
        sqlx::query!(
            r#"with gone as (
                    delete from sync_runs r using deployments d
                     where d.id = any($1) and d.state = 'deleting' and r.deployment_id = d.id returning r.*)
               insert into sync_runs_ended (id, tenant_id, deployment_id, number, spec, rollback_to, asked_by,
                                            started_at, door, lives_in, made_at, verdict, report)
               select id, tenant_id, deployment_id, number, spec, rollback_to, asked_by,
                      started_at, door, lives_in, made_at, 'terminated', $2 from gone"#,
            deployments,
            report
        )
        .execute(self.on())
        .await?;
        Ok(())
    }

    /// The runs of a deployment that have no verdict, in the order they were made.
    pub(super) async fn undecided(&mut self, deployment: Uuid) -> Result<Vec<Uuid>> {
        Ok(sqlx::query_scalar!(
            "select id from sync_runs where deployment_id = $1 order by number",
            deployment
        )
        .fetch_all(self.on())
        .await?)
    }
}
