//! Claiming: one statement takes what is due of the tenants that had least, and moves nothing else.
//!
//! It commits asynchronously: a claim that is lost with the server was never begun, and what it would have taken is due as
//! before.

use std::time::Duration;

use domain::ids::{AgentId, EngineClusterId, TenantId};
use domain::operation::{Kind, Operation, Token};
use jiff::Timestamp;

use crate::access::{Access, Agent};
use crate::operations::row::{Row, rows_from_json};
use crate::{Result, Store};

/// So many of one tenant go with one claim: with all slots free, the first of a tenant that comes a moment later still
/// finds one soon.
const PER_TENANT: i32 = 8;

/// An operation that this agent holds, as it was when it was claimed.
#[derive(Clone, Debug)]
pub struct Claim {
    /// It runs.
    pub operation: Operation,
    /// Whose.
    pub tenant: TenantId,
    /// Where.
    pub engine_cluster: EngineClusterId,
    /// The fence.
    pub token: Token,
    /// The W3C `traceparent` of the intent.
    pub trace: Option<String>,
}

/// What a claim took.
#[derive(Clone, Debug)]
pub struct Batch {
    /// The operations; at most as many as were asked for.
    pub claims: Vec<Claim>,
    /// There may be more at once: not everything was looked at.
    pub more: bool,
    /// When something that waits now is to be looked at again.
    pub wake_in: Option<Duration>,
}

struct ClaimRow {
    claimed: serde_json::Value,
    lease: Option<jiff_sqlx::Timestamp>,
    wake_at: Option<jiff_sqlx::Timestamp>,
    now: jiff_sqlx::Timestamp,
    visited: bool,
}

impl Store {
    /// Takes at most so many operations of these kinds on an engine cluster. None: the session is lost, and with it whatever
    /// it held; register anew.
    ///
    /// The future must be seen through: what it has taken when it is dropped is nobody's until the session ends.
    pub async fn claim(
        &self,
        _: &Access<Agent>,
        session: AgentId,
        engine_cluster: EngineClusterId,
        (kinds, batch): (&[Kind], u32),
    ) -> Result<Option<Batch>> {
        let kinds: Vec<String> = kinds.iter().map(|kind| kind.name().to_owned()).collect();
        let batch = i64::from(batch);
        let answer = sqlx::query_file_as!(
            ClaimRow,
            "src/work/operations/claim/claim.sql",
            session.0,
            engine_cluster.0,
            &kinds,
            batch,
            PER_TENANT
        );
        let answer = answer.fetch_one(&self.pool).await?;
        if answer.lease.is_none() {
            return Ok(None);
        }
        let now = answer.now.to_jiff();
        let claims = rows_from_json(answer.claimed)?.into_iter().filter_map(claim).collect();
        let wake_in = answer.wake_at.map(|at| until(at.to_jiff(), now));
        Ok(Some(Batch { claims, more: answer.visited, wake_in }))
    }
}

/// None: a kind that we did not ask for, so there is none.
fn claim(row: Row) -> Option<Claim> {
    let operation = row.operation()?;
    let (tenant, engine_cluster) = (row.tenant_id, row.engine_cluster_id);
    Some(Claim { tenant, engine_cluster, token: operation.token, trace: row.trace, operation })
}

fn until(then: Timestamp, now: Timestamp) -> Duration {
    Duration::try_from(then.duration_since(now)).unwrap_or(Duration::ZERO)
}
