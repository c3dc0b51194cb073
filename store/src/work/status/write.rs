//! Writing what was seen: behind the fence, only what changed, with its rows in the feed.

use std::collections::BTreeMap;

use domain::engine::observed::Report;
use domain::ids::{DeploymentId, TenantId};
use serde_json::Value;
use sqlx::types::Json;
use uuid::Uuid;

use super::{Mirror, Sighting};
use crate::Scope;
use crate::access::{Access, Agent};
use crate::{Result, Store, Tx};

/// What became of what was reported.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reported {
    /// It is written.
    Written {
        /// These rows changed. Of the others the same was known.
        changed: Vec<DeploymentId>,
        /// There are no such deployments, or they are another tenant's: of these nothing is kept.
        absent: Vec<DeploymentId>,
    },
    /// Another mirrors by now. Nothing was written.
    Stale,
}

impl Reported {
    /// There was nothing to write.
    #[must_use]
    pub const fn nothing() -> Self {
        Self::Written { changed: Vec::new(), absent: Vec::new() }
    }
}

/// A row that was written, on its way into the feed.
struct Change {
    tenant: TenantId,
    deployment: DeploymentId,
    facts: Value,
}

/// Sightings, column by column.
struct Columns<'a> {
    deployments: Vec<Uuid>,
    tenants: Vec<Uuid>,
    sync: Vec<String>,
    health: Vec<String>,
    phase: Vec<Option<String>>,
    revision: Vec<Option<String>>,
    reports: Vec<Json<&'a Report>>,
    hashes: Vec<Vec<u8>>,
}

impl<'a> Columns<'a> {
    /// Two of one deployment cannot be written by one statement: the later one is true.
    fn of(seen: &'a [Sighting]) -> Self {
        let last: BTreeMap<DeploymentId, &Sighting> = seen.iter().map(|one| (one.deployment, one)).collect();
        let seen: Vec<&Sighting> = last.into_values().collect();
        Self {
            deployments: seen.iter().map(|one| one.deployment.0).collect(),
            tenants: seen.iter().map(|one| one.tenant.0).collect(),
            sync: seen.iter().map(|one| one.report.sync.status.name().to_owned()).collect(),
            health: seen.iter().map(|one| one.report.health.status.name().to_owned()).collect(),
            phase: seen.iter().map(|one| phase(&one.report)).collect(),
            revision: seen.iter().map(|one| revision(&one.report)).collect(),
            reports: seen.iter().map(|one| Json(&one.report)).collect(),
            hashes: seen.iter().map(|one| one.hash.to_bytes().to_vec()).collect(),
        }
    }
}

/// Of the last sync. None: there was none.
fn phase(report: &Report) -> Option<String> {
    report.operation.as_ref().map(|operation| operation.phase.name().to_owned())
}

/// The commits it was compared with, if it was.
fn revision(report: &Report) -> Option<String> {
    let revisions = &report.sync.revisions;
    revisions.iter().any(|revision| !revision.is_empty()).then(|| revisions.join(","))
}

impl Store {
    /// Writes what was seen, if we still mirror that engine cluster: all of it in one transaction.
    ///
    /// A sighting whose hash is the one on the row writes nothing. So does one of a deployment that does not exist, or not
    /// in that tenant.
    pub async fn report(&self, _: &Access<Agent>, mirror: &Mirror, seen: &[Sighting]) -> Result<Reported> {
        let mut tx = self.begin_in(Scope::All).await?;
        if !tx.still_mirrors(mirror).await? {
            return Ok(Reported::Stale);
        }
        let (changes, absent) = tx.upsert_statuses(mirror, seen).await?;
        tx.feed_statuses(&changes).await?;
        tx.commit().await?;
        self.ring(&changes);
        Ok(Reported::Written { changed: changes.iter().map(|change| change.deployment).collect(), absent })
    }

    /// Says that the Applications of these deployments are not there any more: what was said of them is no longer true.
    ///
    /// Of a deployment that is wished for, the status goes and its readers are told. Whether one that is being taken down
    /// is over is not decided here.
    pub async fn vanished(
        &self,
        _: &Access<Agent>,
        mirror: &Mirror,
        gone: &[DeploymentId],
    ) -> Result<Reported> {
        let mut tx = self.begin_in(Scope::All).await?;
        if !tx.still_mirrors(mirror).await? {
            return Ok(Reported::Stale);
        }
        let changes = tx.remove_statuses(mirror, gone).await?;
        tx.feed_statuses(&changes).await?;
        tx.commit().await?;
        self.ring(&changes);
        Ok(Reported::Written {
            changed: changes.iter().map(|change| change.deployment).collect(),
            absent: Vec::new(),
        })
    }

    /// Readers of these tenants' feeds may look.
    fn ring(&self, changes: &[Change]) {
        let mut tenants: Vec<TenantId> = changes.iter().map(|change| change.tenant).collect();
        tenants.sort_unstable();
        tenants.dedup();
        for tenant in tenants {
            self.doorbell().feed(tenant);
        }
    }
}

impl Tx {
    /// Whether the fence holds. From here until the end of the transaction nobody can take over: the row is locked.
    async fn still_mirrors(&mut self, mirror: &Mirror) -> Result<bool> {
        let held = sqlx::query_scalar!(
            r#"select true as "held!" from mirrors
                where engine_cluster_id = $1 and session_id = $2 and fence = $3 and lease_ends_at > clock_timestamp()
                  for share"#,
            mirror.cluster.0,
            mirror.session,
            mirror.fence,
        )
        .fetch_optional(self.on())
        .await?;
        Ok(held.is_some())
    }

    /// What changed, and of which deployments there is nothing to change.
    async fn upsert_statuses(
        &mut self,
        mirror: &Mirror,
        seen: &[Sighting],
    ) -> Result<(Vec<Change>, Vec<DeploymentId>)> {
        let columns = Columns::of(seen);
        let rows = sqlx::query!(
            r#"with seen as (
                   select * from unnest($1::uuid[], $2::uuid[], $3::text[], $4::text[], $5::text[], $6::text[], $7::jsonb[],
                                        $8::bytea[])
                                 as s (deployment_id, tenant_id, sync, health, phase, revision, report, hash)),
               living as materialized (
                   select d.id from deployments d join seen on seen.deployment_id = d.id and seen.tenant_id = d.tenant_id
                    order by d.id for key share of d),
               written as (
                   insert into deployment_status as known
                          (deployment_id, tenant_id, engine_cluster_id, sync, health, phase, revision, report, hash, fence)
                   select seen.deployment_id, seen.tenant_id, $9, seen.sync, seen.health, seen.phase, seen.revision,
                          seen.report, seen.hash, $10
                     from seen join living on living.id = seen.deployment_id
                    order by seen.deployment_id
                   on conflict on constraint deployment_status_pkey do update
                      set engine_cluster_id = excluded.engine_cluster_id, sync = excluded.sync, health = excluded.health,
                          phase = excluded.phase, revision = excluded.revision, report = excluded.report,
                          hash = excluded.hash, fence = excluded.fence, observed_at = now()
                    where known.hash <> excluded.hash or known.engine_cluster_id <> excluded.engine_cluster_id
                   returning known.deployment_id)
               select seen.deployment_id as "deployment!", seen.tenant_id as "tenant!",
                      living.id is not null as "living!", written.deployment_id is not null as "changed!",
                      jsonb_build_object('sync', seen.sync, 'health', seen.health, 'phase', seen.phase,
                                         'revision', seen.revision) as "facts!"
                 from seen left join living on living.id = seen.deployment_id
                      left join written on written.deployment_id = seen.deployment_id
                where living.id is null or written.deployment_id is not null
                order by seen.deployment_id"#,
            &columns.deployments,
            &columns.tenants,
            &columns.sync,
            &columns.health,
            &columns.phase as _,
            &columns.revision as _,
            &columns.reports as _,
            &columns.hashes,
            mirror.cluster.0,
            mirror.fence,
        )
        .fetch_all(self.on())
        .await?;
        let absent = rows.iter().filter(|row| !row.living).map(|row| DeploymentId(row.deployment)).collect();
        let changed = rows.into_iter().filter(|row| row.changed);
        let changes = changed.map(|row| Change {
            tenant: TenantId(row.tenant),
            deployment: DeploymentId(row.deployment),
            facts: row.facts,
        });
        Ok((changes.collect(), absent))
    }

    async fn remove_statuses(&mut self, mirror: &Mirror, gone: &[DeploymentId]) -> Result<Vec<Change>> {
        let gone: Vec<Uuid> = gone.iter().map(|id| id.0).collect();
        let rows = sqlx::query!(
            "delete from deployment_status where deployment_id = any ($1) and engine_cluster_id = $2
             returning deployment_id, tenant_id",
            &gone,
            mirror.cluster.0,
        )
        .fetch_all(self.on())
        .await?;
        let changes = rows.into_iter().map(|row| Change {
            tenant: TenantId(row.tenant_id),
            deployment: DeploymentId(row.deployment_id),
            facts: Value::Null,
        });
        Ok(changes.collect())
    }

    /// The last statement before the commit: tenants' ledgers are locked in the order of their ids, so that no two of us
    /// wait for each other, and a reader of the feed never passes over a position that is committed later.
    async fn feed_statuses(&mut self, changes: &[Change]) -> Result<()> {
        if changes.is_empty() {
            return Ok(());
        }
        let tenants: Vec<Uuid> = changes.iter().map(|change| change.tenant.0).collect();
        let deployments: Vec<Uuid> = changes.iter().map(|change| change.deployment.0).collect();
        let facts: Vec<Value> = changes.iter().map(|change| change.facts.clone()).collect();
        sqlx::query!(
            r#"with changes as (
                   select * from unnest($1::uuid[], $2::uuid[], $3::jsonb[]) with ordinality
                                 as c (tenant_id, resource_id, facts, nth)),
               counts as (select tenant_id, count(*) as many from changes group by tenant_id),
               locked as materialized (
                   select l.tenant_id from tenant_ledger l
                    where l.tenant_id in (select tenant_id from counts)
                    order by l.tenant_id for no key update of l),
               moved as (
                   update tenant_ledger l set feed_position = l.feed_position + counts.many
                     from counts join locked on locked.tenant_id = counts.tenant_id
                    where l.tenant_id = counts.tenant_id
                   returning l.tenant_id, l.feed_position - counts.many as before)
               insert into feed (tenant_id, position, noun, resource_id, change, facts)
               select c.tenant_id, moved.before + row_number() over (partition by c.tenant_id order by c.nth),
                      'deployment', c.resource_id, 'status', nullif(c.facts, 'null'::jsonb)
                 from changes c join moved on moved.tenant_id = c.tenant_id"#,
            &tenants,
            &deployments,
            &facts,
        )
        .execute(self.on())
        .await?;
        Ok(())
    }
}
