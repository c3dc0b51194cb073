//! One deployment with all that is known of it, in one look.

use domain::engine::explain::{Check, Explanation, Situation, Told, Underway, explain};
use domain::engine::facts::Life;
use domain::engine::observed::Report;
use domain::ids::{EngineClusterId, EngineInstanceId};
use domain::intent::environment::{ConnectionReport, ConnectionVerdict};
use domain::operation::{Kind, Operation, Thing};
use jiff::Timestamp;
use serde_json::Value;
use uuid::Uuid;

use super::row::{self, Where};
use super::{Deployment, NOUN, Standing};
use crate::operations::lane_from_json;
use crate::status::Status;
use crate::{Access, Answer, MayRead, Reference, Refused, Result, Store};

/// A deployment with all that is known of it.
#[derive(Clone, Debug)]
pub struct DeploymentInFull {
    /// As it is wished.
    pub deployment: Deployment,
    /// The name of its environment. None: there is none of that name (yet).
    pub environment: Option<String>,
    /// As it was seen last. None: nobody has seen it yet.
    pub status: Option<Status>,
    /// Why it is where it is.
    pub explanation: Explanation,
}

struct FullRow {
    row: Value,
    engine_instance: Option<Uuid>,
    engine_cluster: Option<Uuid>,
    environment: Option<String>,
    passed_once: Option<bool>,
    check_report: Option<Value>,
    report: Option<Value>,
    observed_at: Option<jiff_sqlx::Timestamp>,
    lane: Value,
}

impl Store {
    /// One deployment with all that is known of it. A name means whoever has it; if nobody has, whoever had it last and is
    /// being taken down.
    pub async fn deployment_in_full(
        &self,
        access: &Access<impl MayRead>,
        which: &Reference,
    ) -> Answer<DeploymentInFull> {
        let mut tx = self.begin_in(access.scope()).await?;
        let found = sqlx::query_as!(
            FullRow,
            r#"select to_jsonb(d) as "row!", i.id as "engine_instance?", i.engine_cluster_id as "engine_cluster?",
                      e.name as "environment?", e.passed_once as "passed_once?", e.check_report as "check_report?",
                      s.report as "report?", s.observed_at as "observed_at?: jiff_sqlx::Timestamp",
                      argosy_open_operations(array['application/' || d.id]) as "lane!"
                 from (select * from deployments d
                        where d.tenant_id = $1 and (d.name = $2 or d.id = $3)
                        order by d.state, d.made_at desc limit 1) d
                 left join environments e on e.tenant_id = $1 and e.id = d.environment_id
                 left join placements p on p.tenant_id = $1 and p.environment_id = d.environment_id
                 left join engine_instances i on i.id = p.engine_instance_id
                 left join deployment_status s on s.tenant_id = $1 and s.deployment_id = d.id"#,
            access.tenant().0,
            which.name(),
            which.id(),
        )
        .fetch_optional(tx.on())
        .await?;
        tx.commit().await?;
        let Some(found) = found else { return Ok(Err(Refused::Absent { noun: NOUN })) };
        found.in_full().map(Ok)
    }
}

impl FullRow {
    fn in_full(self) -> Result<DeploymentInFull> {
        let at = Where {
            engine_cluster: self.engine_cluster.map(EngineClusterId),
            engine_instance: self.engine_instance.map(EngineInstanceId),
        };
        let deployment = row::read(self.row)?.deployment(at)?;
        let lane = lane_from_json(self.lane)?;
        let check: Option<ConnectionReport> =
            self.check_report.and_then(|report| serde_json::from_value(report).ok());
        let check = check_of(check.as_ref(), self.passed_once == Some(true));
        // What a newer release wrote is as good as unseen.
        let report: Option<Report> = self.report.and_then(|report| serde_json::from_value(report).ok());
        let situation = Situation {
            life: if deployment.deleting { Life::Deleting } else { Life::Active },
            spec: &deployment.spec,
            environment: self.environment.as_deref().unwrap_or_default(),
            placed: matches!(deployment.standing, Standing::Placed { .. }),
            check,
            told: told(&deployment),
            refusal: refusal(&deployment),
            underway: tells(&lane).and_then(|operation| Underway::of(operation, None)),
            report: report.as_ref(),
        };
        let explanation = explain(&situation);
        let observed_at: Option<Timestamp> = self.observed_at.map(|at| at.to_jiff());
        let status = report.zip(observed_at).map(|(report, observed_at)| Status {
            deployment: deployment.id,
            report,
            observed_at,
        });
        Ok(DeploymentInFull { deployment, environment: self.environment, status, explanation })
    }
}

fn check_of(report: Option<&ConnectionReport>, passed_once: bool) -> Check<'_> {
    match report.map(|report| &report.verdict) {
        Some(ConnectionVerdict::Failed { why }) => Check::Failed(why),
        Some(ConnectionVerdict::Passed) => Check::Passed,
        None if passed_once => Check::Passed,
        None => Check::NotYet,
    }
}

fn told(deployment: &Deployment) -> Told {
    match deployment.applied.0 {
        0 => Told::Never,
        applied if applied < deployment.generation.0 => Told::Before,
        _ => Told::Now,
    }
}

/// Why the present wish was refused, if it was.
fn refusal(deployment: &Deployment) -> Option<&str> {
    let (refused, why) = deployment.refusal.as_ref()?;
    (*refused >= deployment.generation).then_some(why.as_str())
}

/// The operation that tells the engine: the one that is at it, or else the first that waits.
fn tells(lane: &[Operation]) -> Option<&Operation> {
    let tells = |open: &&Operation| {
        matches!(open.subject.kind(), Kind::Apply(Thing::Deployment) | Kind::TakeDown(Thing::Deployment))
    };
    let mut all: Vec<&Operation> = lane.iter().filter(tells).collect();
    all.sort_by_key(|open| (!open.head(), open.place));
    all.first().copied()
}
