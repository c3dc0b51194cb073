//! The one write of a deployment and all that goes with it.

use serde::Serialize;
use serde_json::Value;

use super::plan::Plan;
use crate::change::Change;
use crate::{Error, Result, Tx};

/// Writes a deployment, its repositories, what it needs on its engine, and all that goes with the change.
pub(super) async fn put(tx: &mut Tx, plan: &Plan, change: &Change) -> Result<()> {
    let urls = if plan.moves { super::before::named(&plan.deployment.spec) } else { Vec::new() };
    let written = sqlx::query!(
        r#"with written as (
                insert into deployments as d
                       (id, tenant_id, name, environment_id, namespace, generation, refused_generation, refusal, suspended,
                        withheld, project_generation, spec, labels, door, lives_in)
                select id, tenant_id, name, environment_id, namespace, generation, refused_generation, refusal, suspended,
                       withheld, project_generation, spec, labels, door, lives_in
                  from jsonb_populate_record(null::deployments, $1)
                on conflict (id) do update
                   set environment_id = excluded.environment_id, namespace = excluded.namespace,
                       generation = excluded.generation, refused_generation = excluded.refused_generation,
                       refusal = excluded.refusal, suspended = excluded.suspended, withheld = excluded.withheld,
                       project_generation = excluded.project_generation, spec = excluded.spec, labels = excluded.labels,
                       lives_in = excluded.lives_in, changed_at = now()
                returning 'deployment' as what),
           named as (
                select * from jsonb_to_recordset($2) as n (url text, key text)),
           dropped as (
                delete from deployment_repositories r
                 where $3 and r.deployment_id = ($1 ->> 'id')::uuid and r.url not in (select url from named)
                returning 'repository'),
           added as (
                insert into deployment_repositories (deployment_id, tenant_id, url, key_hash)
                select ($1 ->> 'id')::uuid, ($1 ->> 'tenant_id')::uuid, url, decode(key, 'hex') from named
                on conflict on constraint deployment_repositories_pkey do nothing
                returning 'repository')
           select needed.written as "needed!", settle($7) as "settled!"
             from (select count(*) from (table written union all table dropped union all table added) a) as first
            cross join lateral argosy_write_needs($4, $5, $6) as needed (written)"#,
        plan.row,
        json(&urls)?,
        plan.moves,
        plan.placement.as_ref().map_or_else(|| Ok(serde_json::json!({})), json)?,
        json(&plan.claims())?,
        json(&plan.seats.writes)?,
        change.json()?,
    );
    let needed = written.fetch_one(tx.on()).await?.needed;
    let expected = plan.seats.writes.len() + usize::from(plan.placement.is_some());
    if usize::try_from(needed).ok() == Some(expected) {
        return Ok(());
    }
    Err(Error::Contended("a seat or a placement moved on".to_owned()))
}

fn json(value: &impl Serialize) -> Result<Value> {
    serde_json::to_value(value).map_err(|error| Error::Bug(sqlx::Error::Encode(Box::new(error))))
}
