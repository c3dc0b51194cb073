//! What follows when deployments of a tenant are gone.

use std::collections::BTreeSet;

use domain::ids::{EngineClusterId, Generation, TenantId};
use domain::operation::{Operation, ResourceId, Subject, Thing, Wish};
use serde_json::Value;

use crate::change::{Change, Class, Queue};
use crate::{Result, Tx};

/// Makes the seats of these tenants as small as they may be, now that deployments of theirs are gone, and takes down those
/// that nothing needs any more: projects and repository Secrets exist only while something needs them.
///
/// For whoever removes rows of deployments, in the transaction that does: after the rows are gone, and before anything
/// that locks operations or the ledger. The changes are to be settled there, by `settle`, in the order of tenants. How the
/// open operations of a lane are read is `store::operations`' matter, which calls this.
pub(crate) async fn after_removal(
    tx: &mut Tx,
    tenants: &BTreeSet<TenantId>,
    lane_from_json: fn(Value) -> Result<Vec<Operation>>,
) -> Result<Vec<(TenantId, Change)>> {
    let mut changes = Vec::new();
    for tenant in tenants {
        let rows = sqlx::query!(
            r#"select s.id as "id!", s.noun as "noun!", s.generation as "generation!", s.state as "state!",
                      i.engine_cluster_id, now() as "now!: jiff_sqlx::Timestamp"
                 from argosy_shrink_seats($1) s join engine_instances i on i.id = s.engine_instance_id
                order by s.id"#,
            tenant.0,
        )
        .fetch_all(tx.on())
        .await?;
        let mut change = Change::of(*tenant);
        for row in &rows {
            let project = row.noun == "tenant";
            let thing = if project { Thing::Tenant } else { Thing::RepositoryCredential };
            let resource = ResourceId(row.id);
            let subject = match row.state.as_str() {
                "active" => Subject::apply(thing, resource),
                _ => Subject::take_down(thing, resource),
            };
            let lane = lane(tx, subject).await?;
            let queue = Queue {
                engine_cluster: EngineClusterId(row.engine_cluster_id),
                class: Class::of(subject.kind()),
                now: row.now.to_jiff(),
                trace: None,
            };
            let target = Generation(row.generation.unsigned_abs());
            change.wish(&Wish { subject, target, gate: None }, &lane_from_json(lane)?, &queue);
        }
        if !rows.is_empty() {
            changes.push((*tenant, change));
        }
    }
    Ok(changes)
}

async fn lane(tx: &mut Tx, subject: Subject) -> Result<Value> {
    let lanes = [subject.lane().to_string()];
    Ok(sqlx::query_scalar!(r#"select argosy_open_operations($1) as "lane!""#, &lanes)
        .fetch_one(tx.on())
        .await?)
}
