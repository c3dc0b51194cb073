//! What follows from what has happened: marks, what is gone, whose turn it is, and who is told.
//!
//! In the order of locks: rows of nouns, operations, heads, ledger.

mod gates;
mod nouns;
mod rings;
mod runs;

use std::collections::{BTreeMap, BTreeSet};

use domain::engine::sync_run::Verdict;
use domain::ids::{DeploymentId, EngineClusterId, SyncRunId, TenantId};
use domain::operation::{Kind, Lane, Mark, State, Subject, Thing, Track};
use serde_json::{Value, json};
use uuid::Uuid;

use nouns::{Gone, Noun};

use super::happened::{Finding, Happened};
use super::row::lane_from_json;
use crate::change::{Change, FeedRow};
use crate::placements::after_removal;
use crate::{Result, Tx};

pub(super) use rings::Rings;

impl Happened {
    /// The thing whose object is gone from the engine. That its end was accepted is not enough: a cascade takes a while.
    fn removes(&self) -> Option<(Noun, Uuid)> {
        let gone = match (self.after.subject.kind(), self.finding) {
            (Kind::TakeDown(_), Some(Finding::Gone)) => self.succeeded(),
            (Kind::TakeDown(_), None) => false,
            (
                Kind::Apply(_) | Kind::ConnectionCheck | Kind::SyncRun | Kind::Termination | Kind::Refresh,
                Some(Finding::Gone) | None,
            ) => false,
        };
        let noun = Noun::marked_by(self.after.subject.kind())?;
        gone.then_some((noun, self.after.subject.resource().0))
    }
}

/// Sees it through.
pub(super) async fn follow(tx: &mut Tx, happened: &[Happened]) -> Result<Rings> {
    let mut rings = Rings::default();
    if happened.is_empty() {
        return Ok(rings);
    }
    tx.mark(happened).await?;
    let of = |noun: Noun| -> Vec<Uuid> {
        happened
            .iter()
            .filter_map(Happened::removes)
            .filter(|(of, _)| *of == noun)
            .map(|(_, id)| id)
            .collect()
    };
    let gone = tx.remove_all(&of(Noun::Deployment), &of(Noun::Environment), &of(Noun::Seat)).await?;
    let shrunk = tx.shrink(&gone).await?;
    let decided = tx.record_runs(happened).await?;

    tx.arm_next(happened, &mut rings).await?;
    let ids: Vec<Uuid> = gone.iter().map(|gone| gone.id).collect();
    tx.open_taken_down(&ids, &mut rings).await?;
    tx.open_next_runs(&decided, &mut rings).await?;
    tx.cure(happened, &mut rings).await?;
    tx.settle_heads(happened, &mut rings).await?;
    tx.tell((happened, &gone), shrunk, &mut rings).await?;
    Ok(rings)
}

impl Tx {
    /// Removes the rows of what is gone, and what goes with them.
    async fn remove_all(
        &mut self,
        deployments: &[Uuid],
        environments: &[Uuid],
        seats: &[Uuid],
    ) -> Result<Vec<Gone>> {
        let mut gone = Vec::new();
        if !deployments.is_empty() {
            self.end_runs_of(deployments).await?;
        }
        gone.extend(self.remove(Noun::Deployment, deployments).await?);
        gone.extend(self.remove(Noun::Environment, environments).await?);
        if !seats.is_empty() {
            let credentials = self.credentials_of(seats).await?;
            gone.extend(self.remove(Noun::Seat, seats).await?);
            gone.extend(self.remove(Noun::RepositoryCredential, &credentials).await?);
        }
        Ok(gone)
    }

    /// What only these deployments needed is given up with them.
    async fn shrink(&mut self, gone: &[Gone]) -> Result<Vec<(TenantId, Change)>> {
        let deployments = gone.iter().filter(|gone| gone.noun == Noun::Deployment);
        let tenants: BTreeSet<TenantId> = deployments.map(|gone| gone.tenant).collect();
        if tenants.is_empty() { Ok(Vec::new()) } else { after_removal(self, &tenants, lane_from_json).await }
    }

    /// A deployment whose Application has gone by itself, after the engine had accepted its end. Whether its row went.
    pub(super) async fn deployment_is_gone(&mut self, deployment: DeploymentId) -> Result<(bool, Rings)> {
        let mut rings = Rings::default();
        let lane = Lane { track: Track::Application, owner: deployment.into() };
        let subject = Subject::take_down(Thing::Deployment, deployment.into());
        self.lock_owners(std::iter::once(subject)).await?;
        if !self.lanes(&[lane.to_string()]).await?.is_empty() {
            return Ok((false, rings));
        }
        let gone = self.remove_all(&[deployment.0], &[], &[]).await?;
        let shrunk = self.shrink(&gone).await?;
        self.open_taken_down(&[deployment.0], &mut rings).await?;
        self.settle_heads(&[], &mut rings).await?;
        self.tell((&[], &gone), shrunk, &mut rings).await?;
        Ok((!gone.is_empty(), rings))
    }

    /// Records a verdict, and lets in whoever stood behind it. Whether there was none yet.
    pub(super) async fn run_is_over(&mut self, run: SyncRunId, verdict: Verdict) -> Result<(bool, Rings)> {
        let mut rings = Rings::default();
        let owner = sqlx::query!("select deployment_id, tenant_id from sync_runs where id = $1", run.0);
        let Some(owner) = owner.fetch_optional(self.on()).await? else { return Ok((false, rings)) };
        let deployment = DeploymentId(owner.deployment_id);
        self.lock_owners(std::iter::once(Subject::refresh(deployment.into()))).await?;
        let decided = self.judge(&[(run, verdict)]).await?;
        self.open_next_runs(&decided, &mut rings).await?;
        self.settle_heads(&[], &mut rings).await?;
        let mut change = Change::of(TenantId(owner.tenant_id));
        let (noun, resource_id) = ("sync_run", run.0);
        change.feed(FeedRow { noun, resource_id, change: "ended", generation: None, facts: None });
        self.settle(&change).await?;
        rings.feeds.insert(TenantId(owner.tenant_id));
        Ok((!decided.is_empty(), rings))
    }

    /// What waited for something that has come is due now, and not after its pause. What somebody has locked is not
    /// paused, or is found the next time.
    async fn cure(&mut self, happened: &[Happened], rings: &mut Rings) -> Result<()> {
        let cures = |one: &&Happened| match one.after.subject.kind() {
            Kind::Apply(Thing::Tenant | Thing::Environment | Thing::RepositoryCredential)
            | Kind::ConnectionCheck => one.succeeded(),
            Kind::Apply(Thing::Deployment)
            | Kind::TakeDown(_)
            | Kind::SyncRun
            | Kind::Termination
            | Kind::Refresh => false,
        };
        let tenants: BTreeSet<Uuid> = happened.iter().filter(cures).map(|one| one.row.tenant_id.0).collect();
        if tenants.is_empty() {
            return Ok(());
        }
        let cured = sqlx::query!(
            r#"with cured as materialized (
                    select id from operations
                     where tenant_id = any($1) and state = 'due' and due_at > now() and last ->> 'code' = 'not_ready'
                     order by id for no key update skip locked)
               update operations o set due_at = now() from cured where o.id = cured.id
               returning o.engine_cluster_id, o.tenant_id"#,
            &tenants.into_iter().collect::<Vec<_>>()
        );
        for row in cured.fetch_all(self.on()).await? {
            rings.heads.insert((EngineClusterId(row.engine_cluster_id), TenantId(row.tenant_id)));
        }
        Ok(())
    }

    /// The heads of the tenants: fewer run, and there may be something to claim.
    async fn settle_heads(&mut self, happened: &[Happened], rings: &mut Rings) -> Result<()> {
        let mut heads: BTreeMap<(EngineClusterId, TenantId), i32> =
            rings.heads.iter().map(|head| (*head, 0)).collect();
        for one in happened {
            let freed = i32::from(one.was_running() && !one.runs());
            if freed > 0 || one.after.open() {
                *heads.entry((one.row.engine_cluster_id, one.row.tenant_id)).or_default() += freed;
            }
            if one.after.open() {
                rings.wake(&one.row);
            }
        }
        if heads.is_empty() {
            return Ok(());
        }
        let heads: Vec<Value> = heads
            .iter()
            .map(|((cluster, tenant), freed)| json!({ "cluster": cluster, "tenant": tenant, "freed": freed }))
            .collect();
        sqlx::query!(
            r#"with x as materialized (
                    select h.engine_cluster_id, h.tenant_id, x.freed
                      from operation_heads h
                      join jsonb_to_recordset($1) as x (cluster uuid, tenant uuid, freed integer)
                        on h.engine_cluster_id = x.cluster and h.tenant_id = x.tenant
                     order by h.engine_cluster_id, h.tenant_id for no key update of h)
               update operation_heads h
                  set running = greatest(0, h.running - x.freed), ready = h.running - x.freed < h.cap,
                      looked_at = null, wake_at = null
                 from x where h.engine_cluster_id = x.engine_cluster_id and h.tenant_id = x.tenant_id"#,
            json!(heads)
        )
        .execute(self.on())
        .await?;
        Ok(())
    }

    /// The feed and the ledger of each tenant, in the order of their ids.
    async fn tell(
        &mut self,
        (happened, gone): (&[Happened], &[Gone]),
        shrunk: Vec<(TenantId, Change)>,
        rings: &mut Rings,
    ) -> Result<()> {
        let mut changes: BTreeMap<TenantId, Change> = BTreeMap::new();
        for one in happened {
            let State::Ended(ending) = &one.after.state else { continue };
            let tenant = one.row.tenant_id;
            let change = changes.entry(tenant).or_insert_with(|| Change::of(tenant));
            change.ledger.open_operations -= 1;
            let (kind, resource) = (one.after.subject.kind(), one.after.subject.resource());
            change.feed(FeedRow {
                noun: "operation",
                resource_id: one.after.id.0,
                change: ending.name(),
                generation: Some(one.after.target),
                facts: Some(json!({ "kind": kind.name(), "resource": resource })),
            });
            if let Some(row) = marked(one) {
                change.feed(row);
            }
        }
        for Gone { noun, id, tenant } in gone {
            let change = changes.entry(*tenant).or_insert_with(|| Change::of(*tenant));
            match noun {
                Noun::Deployment => change.ledger.deployments -= 1,
                Noun::Environment => change.ledger.environments -= 1,
                Noun::RepositoryCredential => change.ledger.repository_credentials -= 1,
                Noun::Seat => continue,
            }
            change.feed(FeedRow {
                noun: noun.name(),
                resource_id: *id,
                change: "deleted",
                generation: None,
                facts: None,
            });
        }
        // Each transaction takes the ledgers in this order.
        let mut all: Vec<(TenantId, Change)> = shrunk.into_iter().chain(changes).collect();
        all.sort_by_key(|(tenant, _)| *tenant);
        for (_, change) in all {
            self.settle(&change).await?;
            rings.changes.push(change);
        }
        Ok(())
    }
}

/// The row of the feed of whoever looks at the resource.
fn marked(one: &Happened) -> Option<FeedRow> {
    let noun = match Noun::marked_by(one.after.subject.kind()) {
        Some(noun @ (Noun::Deployment | Noun::Environment | Noun::RepositoryCredential)) => noun.name(),
        // What has a seat has several, and is not changed by any of them.
        Some(Noun::Seat) => return None,
        None => match one.after.subject.kind() {
            Kind::ConnectionCheck => "environment",
            Kind::SyncRun | Kind::Termination => "sync_run",
            Kind::Refresh => "deployment",
            Kind::Apply(_) | Kind::TakeDown(_) => return None,
        },
    };
    let generation = match one.after.mark() {
        Mark::Applied(generation) | Mark::Refused(generation) => Some(generation),
        Mark::None => None,
    };
    let resource_id = one.after.subject.resource().0;
    Some(FeedRow { noun, resource_id, change: "status", generation, facts: None })
}
