//! Gates: who is next in a lane, and whose own gate has opened.

use domain::operation::{Due, Event, Gate, Lane, Operation, ResourceId, State, Track, next, next_run, turn};
use jiff::Timestamp;
use uuid::Uuid;

use super::rings::Rings;
use crate::operations::happened::{Happened, moment};
use crate::operations::row::{Row, rows_from_json};
use crate::{Error, Result, Tx};

impl Tx {
    /// Arms whoever is next in the lanes whose heads have ended. A statement of its own, after the head was locked and
    /// written: its snapshot has what was put behind that head until then.
    pub(super) async fn arm_next(&mut self, happened: &[Happened], rings: &mut Rings) -> Result<()> {
        let left: Vec<&Happened> = happened.iter().filter(|one| one.leaves_its_lane()).collect();
        if left.is_empty() {
            return Ok(());
        }
        let lanes: Vec<String> = left.iter().map(|one| one.after.subject.lane().to_string()).collect();
        let rows = self.lanes(&lanes).await?;
        let now = self.now().await?;
        let (mut armed, mut followed) = (Vec::new(), Vec::new());
        for ended in left {
            let lane = of_lane(&rows, ended.after.subject.lane());
            let Some(id) = next(&ended.after, &lane) else { continue };
            let Some(row) = rows.iter().find(|row| row.id == id) else { continue };
            let behind =
                |other: &Operation| other.id != id && other.state == State::Waiting(Due::After(Gate::Lane));
            if lane.iter().any(behind) {
                followed.push(id.0);
            }
            armed.extend(changed(row, Event::Armed, now).inspect(|_| rings.wake(row)));
        }
        self.write_open(&armed.iter().collect::<Vec<_>>()).await?;
        if !followed.is_empty() {
            // Who is still in the queue was put behind the head before this one.
            let told = sqlx::query!("update operations set followed = true where id = any($1)", &followed);
            told.execute(self.on()).await?;
        }
        Ok(())
    }

    /// Lets in whoever stood behind the end of these.
    pub(super) async fn open_taken_down(&mut self, gone: &[Uuid], rings: &mut Rings) -> Result<()> {
        if gone.is_empty() {
            return Ok(());
        }
        let rows = sqlx::query_scalar!(
            r#"select coalesce(jsonb_agg(to_jsonb(o) order by o.id), '[]') as "rows!" from operations o
                where o.gate_id = any($1) and o.state = 'gated' and o.gate = 'taken_down'"#,
            gone
        );
        let rows = rows_from_json(rows.fetch_one(self.on()).await?)?;
        self.open(&rows, rings).await
    }

    /// Lets the next run of these deployments in, if none of them has one that is undecided before it.
    pub(super) async fn open_next_runs(&mut self, deployments: &[Uuid], rings: &mut Rings) -> Result<()> {
        for deployment in deployments {
            let undecided: Vec<ResourceId> =
                self.undecided(*deployment).await?.into_iter().map(ResourceId).collect();
            let lane = Lane { track: Track::Application, owner: ResourceId(*deployment) };
            let rows = self.lanes(&[lane.to_string()]).await?;
            let Some(id) = next_run(&undecided, &of_lane(&rows, lane)) else { continue };
            let opened: Vec<Row> = rows.into_iter().filter(|row| row.id == id).collect();
            self.open(&opened, rings).await?;
        }
        Ok(())
    }

    /// Their own gate has opened: each is due now, or stands in the queue of its lane.
    async fn open(&mut self, rows: &[Row], rings: &mut Rings) -> Result<()> {
        for row in rows {
            let Some(operation) = row.operation() else { continue };
            let name = operation.subject.lane().to_string();
            let lane: Vec<Operation> =
                self.lanes(std::slice::from_ref(&name)).await?.iter().filter_map(Row::operation).collect();
            let behind = turn(&operation, &lane);
            if behind.is_some() {
                // As for whoever is put behind a head: it has to know, or it goes without looking back.
                let told = sqlx::query!(
                    "update operations set followed = true where lane = $1 and state in ('due', 'running')",
                    name
                );
                if told.execute(self.on()).await?.rows_affected() == 0 {
                    return Err(Error::Contended("the head of a lane went while a gate opened".to_owned()));
                }
            }
            let now = self.now().await?;
            if let Some(opened) = changed(row, Event::Opened { behind }, now) {
                self.write_open(&[&opened]).await?;
                rings.wake(row);
            }
        }
        Ok(())
    }
}

fn of_lane(rows: &[Row], lane: Lane) -> Vec<Operation> {
    rows.iter().filter_map(Row::operation).filter(|one| one.subject.lane() == lane).collect()
}

fn changed(row: &Row, event: Event, now: Timestamp) -> Option<Operation> {
    let operation = row.operation()?;
    let moment = moment(&operation, now);
    operation
        .transition(event, &moment)
        .inspect_err(|why| tracing::debug!(operation = %row.id, %why, "not let in"))
        .ok()
}
