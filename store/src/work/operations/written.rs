//! Operations under lock, and how what became of them is written.

use domain::operation::{Operation, OperationId};
use jiff::Timestamp;
use serde_json::{Value, json};
use uuid::Uuid;

use super::happened::Happened;
use super::row::{self, Row, rows_from_json};
use crate::{Error, Result, Tx};

/// What to do about an operation that somebody else has locked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Locked {
    /// Wait for it.
    Wait,
    /// Leave it: whoever has it sees to it, or we come again.
    Leave,
}

struct LockedRow {
    operation: Value,
    now: jiff_sqlx::Timestamp,
}

impl Tx {
    /// Locks operations in the order of their ids; each as it is when we have it.
    pub(super) async fn lock_operations(
        &mut self,
        ids: &[OperationId],
        locked: Locked,
    ) -> Result<Vec<(Row, Timestamp)>> {
        let ids: Vec<Uuid> = ids.iter().map(|id| id.0).collect();
        let rows = match locked {
            Locked::Wait => sqlx::query_as!(
                LockedRow,
                r#"select to_jsonb(o) || jsonb_build_object('lease_ends_at', s.lease_ends_at) as "operation!",
                              clock_timestamp() as "now!: jiff_sqlx::Timestamp"
                         from operations o left join sessions s on s.id = o.session_id
                        where o.id = any($1) order by o.id for no key update of o"#,
                &ids
            )
            .fetch_all(self.on())
            .await?,
            Locked::Leave => sqlx::query_as!(
                LockedRow,
                r#"select to_jsonb(o) || jsonb_build_object('lease_ends_at', s.lease_ends_at) as "operation!",
                              clock_timestamp() as "now!: jiff_sqlx::Timestamp"
                         from operations o left join sessions s on s.id = o.session_id
                        where o.id = any($1) order by o.id for no key update of o skip locked"#,
                &ids
            )
            .fetch_all(self.on())
            .await?,
        };
        rows.into_iter()
            .map(|locked| Ok((row::row_from_json(locked.operation)?, locked.now.to_jiff())))
            .collect()
    }

    /// Writes what operations are now: those that have ended go where what has ended is kept.
    pub(super) async fn write(&mut self, happened: &[Happened]) -> Result<()> {
        let ended = |one: &&Happened| !one.after.open();
        let gone: Vec<_> = happened.iter().filter(ended).filter_map(|one| row::ended(&one.after)).collect();
        if !gone.is_empty() {
            self.end(&json!(gone)).await?;
        }
        let open: Vec<_> = happened.iter().filter(|one| one.after.open()).map(|one| &one.after).collect();
        self.write_open(&open).await
    }

    /// Writes operations that are open, and were so.
    pub(super) async fn write_open(&mut self, open: &[&Operation]) -> Result<()> {
        if open.is_empty() {
            return Ok(());
        }
        let rows: Vec<_> = open.iter().map(|operation| row::open(operation)).collect();
        let written = sqlx::query!(
            r#"update operations o
                  set state = x.state, gate = x.gate, gate_id = x.gate_id, due_at = x.due_at,
                      deadline_at = x.deadline_at, attempts = x.attempts, breaks = x.breaks, last = x.last,
                      session_id = case when x.state = 'running' then o.session_id end
                 from jsonb_to_recordset($1) as x (
                      id uuid, state text, gate text, gate_id uuid, due_at timestamptz, deadline_at timestamptz,
                      attempts integer, breaks integer, last jsonb, token bigint)
                where o.id = x.id and o.token = x.token"#,
            json!(rows)
        );
        let written = written.execute(self.on()).await?.rows_affected();
        if written == rows.len() as u64 {
            Ok(())
        } else {
            Err(Error::Contended("an operation moved on while it was written".to_owned()))
        }
    }

    async fn end(&mut self, ended: &Value) -> Result<()> {
        sqlx::query!(
            r#"with x as materialized (
                    select * from jsonb_to_recordset($1) as x (
                           id uuid, attempts integer, breaks integer, last jsonb, ending text, seen bigint, by_id uuid,
                           reason jsonb, sentence text)),
               gone as (
                    delete from operations o using x where o.id = x.id returning o.*)
               insert into operations_ended (
                      id, tenant_id, engine_cluster_id, kind, resource_id, lane, class, target, made_at, deadline_at,
                      attempts, breaks, token, session_id, last, trace, ending, seen, by_id, reason, sentence)
               select g.id, g.tenant_id, g.engine_cluster_id, g.kind, g.resource_id, g.lane, g.class, g.target, g.made_at,
                      g.deadline_at, x.attempts, x.breaks, g.token, g.session_id, x.last, g.trace, x.ending, x.seen, x.by_id,
                      x.reason, x.sentence
                 from gone g join x on x.id = g.id"#,
            ended
        )
        .execute(self.on())
        .await?;
        Ok(())
    }

    /// All open operations of these lanes.
    pub(super) async fn lanes(&mut self, lanes: &[String]) -> Result<Vec<Row>> {
        let rows = sqlx::query_scalar!(
            r#"select coalesce(jsonb_agg(to_jsonb(o) order by o.lane, o.place), '[]') as "rows!"
                 from operations o where o.lane = any($1)"#,
            lanes
        );
        rows_from_json(rows.fetch_one(self.on()).await?)
    }

    /// The database's time.
    pub(super) async fn now(&mut self) -> Result<Timestamp> {
        let now = sqlx::query_scalar!(r#"select clock_timestamp() as "now!: jiff_sqlx::Timestamp""#);
        Ok(now.fetch_one(self.on()).await?.to_jiff())
    }
}
