//! What a change brings along: operations, audit, counters, feed, and the answer to its repetition. One value, written by
//! `settle(jsonb)` inside the statement that writes the change itself, so that one cannot be without the other.
//!
//! How a noun uses it:
//!
//! 1. Its *locking read* locks its row (`for update of d`), and brings the time and the open operations of its lane:
//!    ```sql
//!    select …, now() as "now!: jiff_sqlx::Timestamp",
//!           (select coalesce(jsonb_agg(to_jsonb(o) order by o.place), '[]') from operations o
//!             where o.lane = 'application/' || d.id) as "lane!"
//!    ```
//!    (`domain::operation::Lane` shows as the text of the column: `project/…`, `cluster_secret/…`, `repository_secret/…`,
//!    `application/…`, `termination/…`, `connection_check/…`.) Read with [`crate::operations::lane_from_json`]. A
//!    row that is only now made has an empty lane.
//! 2. `let mut change = Change::of(tenant)`, then `change.wish(&wish, &lane, &queue)` for each wish, which answers what the
//!    caller is to hold; `change.feed(…)`, `change.audit(…)`, and `change.ledger`.
//! 3. Its *write*: `with written as (insert into deployments … returning 1)
//!    select settle($9) as "settled!" from (select count(*) from written) as w`, with `change.json()`.
//! 4. After the commit: [`Change::ring`].
//!
//! The lane may have moved on in between. Then the write fails with a conflict on `operations_head_key` or
//! `operations_waiting_key` (see [`moved_on`]): begin anew, at most five times.
//!
//! Order of locks, for everybody: deployments, environments, `repository_credentials`, seats, `sync_runs`; then operations,
//! `operation_heads`, `tenant_ledger` (these by `settle`). The count of a thing in the ledger rises when its row is made, and
//! falls when its row *goes* (`store::operations` does that when the last take-down is done), not when that is wished.

use domain::ids::{DeploymentId, EngineClusterId, Generation, OperationId, TenantId};
use domain::operation::{Decision, Gate, Kind, Operation, Subject, Terms, Wish, decide, superseded};
use jiff::Timestamp;
use serde::Serialize;
use uuid::Uuid;

use crate::{Error, Store};

/// Everything a change brings along.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Change {
    /// Whose; none: the platform's, which has no operations, counters or feed.
    tenant: Option<TenantId>,
    operations: Vec<Step>,
    audit: Vec<AuditRow>,
    /// How the counters move.
    pub(crate) ledger: LedgerDelta,
    feed: Vec<FeedRow>,
    idempotency: Option<IdempotencyRow>,
}

/// Where and how an operation is to be queued.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Queue<'a> {
    /// The engine cluster of the placement.
    pub(crate) engine_cluster: EngineClusterId,
    /// Who waits for it.
    pub(crate) class: Class,
    /// From the locking read: the time of the transaction.
    pub(crate) now: Timestamp,
    /// The W3C `traceparent` to carry onto it.
    pub(crate) trace: Option<&'a str>,
}

/// In what order a tenant's operations are taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Class {
    /// A person waits for it, or things go: never behind bulk work.
    Prompt,
    /// Everything else.
    Bulk,
}

/// One of the operations of a change.
#[derive(Clone, Debug, Serialize)]
#[serde(tag = "step", rename_all = "snake_case")]
enum Step {
    Insert {
        id: OperationId,
        engine_cluster: EngineClusterId,
        kind: &'static str,
        resource: Uuid,
        lane: String,
        class: u8,
        target: Generation,
        gate: Option<&'static str>,
        gate_id: Option<Uuid>,
        heir_of: Option<OperationId>,
        retires: Vec<OperationId>,
        superseded: String,
        /// In seconds, both.
        patience: u64,
        cap: u64,
        trace: Option<String>,
    },
    Join {
        id: OperationId,
        engine_cluster: EngineClusterId,
        class: u8,
        target: Generation,
        patience: u64,
        cap: u64,
    },
}

/// How the counters of a tenant move.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub(crate) struct LedgerDelta {
    pub(crate) deployments: i32,
    pub(crate) environments: i32,
    pub(crate) repository_credentials: i32,
    pub(crate) api_keys: i32,
    /// Besides those that this change makes or retires by its wishes.
    pub(crate) open_operations: i32,
}

/// A line of the audit.
#[derive(Clone, Debug, Default, Serialize)]
pub(crate) struct AuditRow {
    /// Who did it.
    pub(crate) principal: String,
    /// What, as in `deployment.put`.
    pub(crate) action: String,
    pub(crate) noun: &'static str,
    pub(crate) resource_id: Uuid,
    pub(crate) resource_name: String,
    pub(crate) generation: Option<Generation>,
    pub(crate) request_id: String,
    /// Never a secret.
    pub(crate) detail: Option<serde_json::Value>,
}

/// A line of the feed.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct FeedRow {
    /// As in `deployment`.
    pub(crate) noun: &'static str,
    pub(crate) resource_id: Uuid,
    /// `created`, `changed`, `deleting`, `deleted`, `status`; of operations their ending.
    pub(crate) change: &'static str,
    pub(crate) generation: Option<Generation>,
    /// What a reader wants to know at once. Never a secret.
    pub(crate) facts: Option<serde_json::Value>,
}

/// What is answered to a repetition of this wish.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct IdempotencyRow {
    pub(crate) principal: String,
    pub(crate) key: String,
    pub(crate) method: &'static str,
    pub(crate) path: String,
    /// In hexadecimal.
    pub(crate) body_hmac: String,
    pub(crate) status: u16,
    pub(crate) location: Option<String>,
    pub(crate) resource_id: Option<Uuid>,
    pub(crate) operation_id: Option<OperationId>,
}

impl Change {
    /// Nothing yet, of this tenant.
    pub(crate) fn of(tenant: TenantId) -> Self {
        Self { tenant: Some(tenant), ..Self::of_the_platform() }
    }

    /// Nothing yet, of no tenant.
    pub(crate) fn of_the_platform() -> Self {
        Self {
            tenant: None,
            operations: Vec::new(),
            audit: Vec::new(),
            ledger: LedgerDelta::default(),
            feed: Vec::new(),
            idempotency: None,
        }
    }

    /// Decides on a wish, given the open operations of its lane, and answers the operation that its caller holds: a new one,
    /// the one it joins, or the one that covers it.
    ///
    /// Two wishes of one change are never in one lane.
    pub(crate) fn wish(&mut self, wish: &Wish, lane: &[Operation], queue: &Queue<'_>) -> OperationId {
        let Queue { engine_cluster, class, now, trace } = *queue;
        let class = class as u8;
        let terms = Terms::of(wish.subject.kind());
        let (patience, cap) = (terms.patience.as_secs(), terms.cap.as_secs());
        match decide(wish, lane, now) {
            Decision::Covered { by } => by,
            Decision::Join(id) => {
                let target = wish.target;
                self.operations.push(Step::Join { id, engine_cluster, class, target, patience, cap });
                id
            }
            Decision::Insert(insertion) => {
                let id = operation_id(now);
                let (gate, gate_id) = insertion.gate.map_or((None, None), gate_columns);
                self.operations.push(Step::Insert {
                    id,
                    engine_cluster,
                    kind: wish.subject.kind().name(),
                    resource: wish.subject.resource().0,
                    lane: wish.subject.lane().to_string(),
                    class,
                    target: wish.target,
                    gate,
                    gate_id,
                    heir_of: insertion.heir_of,
                    retires: insertion.retires,
                    superseded: superseded(id),
                    patience,
                    cap,
                    trace: trace.map(ToOwned::to_owned),
                });
                id
            }
        }
    }

    pub(crate) fn audit(&mut self, row: AuditRow) {
        self.audit.push(row);
    }

    pub(crate) fn feed(&mut self, row: FeedRow) {
        self.feed.push(row);
    }

    pub(crate) fn answered(&mut self, row: IdempotencyRow) {
        self.idempotency = Some(row);
    }

    /// For `settle`.
    pub(crate) fn json(&self) -> crate::Result<serde_json::Value> {
        serde_json::to_value(self).map_err(|error| Error::Bug(sqlx::Error::Encode(Box::new(error))))
    }

    /// Tells whoever waits for it. After the commit, never before.
    pub(crate) fn ring(&self, store: &Store) {
        for step in &self.operations {
            let (Step::Insert { engine_cluster, .. } | Step::Join { engine_cluster, .. }) = step;
            store.doorbell().work(*engine_cluster);
        }
        if let Some(tenant) = self.tenant.filter(|_| !self.feed.is_empty()) {
            store.doorbell().feed(tenant);
        }
    }
}

impl Class {
    /// Of a wish that a person has. The sweep's and the git poll's are bulk whatever they are.
    pub(crate) fn of(kind: Kind) -> Self {
        match kind {
            Kind::TakeDown(_) | Kind::SyncRun | Kind::Refresh | Kind::Termination | Kind::ConnectionCheck => {
                Self::Prompt
            }
            Kind::Apply(_) => Self::Bulk,
        }
    }
}

/// The wish for one run of a deployment: it stands behind the verdicts of those before, if there are such.
pub(crate) fn sync_run_wish(run: Uuid, deployment: DeploymentId, undecided_before: bool) -> Wish {
    Wish {
        subject: Subject::sync_run(domain::operation::ResourceId(run), deployment.into()),
        target: Generation::FIRST,
        gate: undecided_before.then_some(Gate::Verdict),
    }
}

/// How often a transaction is begun anew because others were in its way.
pub(crate) const TRIES: u32 = 5;

/// Whether a write failed because the lane is not as it was when it was read: begin anew, and decide again.
pub(crate) fn moved_on(error: &Error) -> bool {
    match error {
        Error::Conflict(constraint) => {
            constraint == "operations_head_key" || constraint == "operations_waiting_key"
        }
        Error::Contended(_) => true,
        Error::Unavailable(_) | Error::OutcomeUnknown(_) | Error::Misconfigured(_) | Error::Bug(_) => false,
    }
}

/// A time as it comes from the database, in microseconds since 1970.
pub(crate) fn instant(micros: i64) -> Timestamp {
    Timestamp::from_microsecond(micros).unwrap_or(Timestamp::MAX)
}

/// A new id, made of the database's time: ids go by it.
fn operation_id(now: Timestamp) -> OperationId {
    let seconds = u64::try_from(now.as_second()).unwrap_or_default();
    let nanos = u32::try_from(now.subsec_nanosecond()).unwrap_or_default();
    OperationId(Uuid::new_v7(uuid::Timestamp::from_unix(uuid::NoContext, seconds, nanos)))
}

fn gate_columns(gate: Gate) -> (Option<&'static str>, Option<Uuid>) {
    match gate {
        Gate::Lane => (Some("lane"), None),
        Gate::Verdict => (Some("verdict"), None),
        Gate::TakenDown(resource) => (Some("taken_down"), Some(resource.0)),
    }
}
