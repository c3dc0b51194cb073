//! Having a deployment compared with its source again.

use domain::ids::Generation;
use domain::operation::{Subject, Wish};

use super::before::{self, Asked};
use super::put::again;
use super::{Deployment, NOUN, Standing};
use crate::change::{AuditRow, Change, Class, Queue};
use crate::idempotency::{IdempotencyRow, Replay};
use crate::{Access, Answer, Call, Done, Effect, Error, MaySync, Reference, Refused, Store};

const ATTEMPTS: usize = 5;

impl Store {
    /// Has a deployment compared with its source now. Requests that wait for the same are one.
    pub async fn refresh_deployment(
        &self,
        access: &Access<impl MaySync>,
        which: &Reference,
        call: &Call,
    ) -> Answer<Done<Deployment>> {
        let mut attempt = 1;
        loop {
            match self.try_refresh_deployment(access, which, call).await {
                Err(error) if attempt < ATTEMPTS && again(&error) => attempt += 1,
                Err(Error::Conflict(constraint)) => return crate::quota::refused(constraint),
                answer => return answer,
            }
        }
    }

    async fn try_refresh_deployment(
        &self,
        access: &Access<impl MaySync>,
        which: &Reference,
        call: &Call,
    ) -> Answer<Done<Deployment>> {
        let mut tx = self.begin_in(access.scope()).await?;
        let asked = Asked::about(access.tenant(), access.principal(), which, call);
        let before = before::read(&mut tx, &asked, call).await?;
        let replay = match before.replay {
            Ok(replay) => replay,
            Err(refused) => return Ok(Err(refused)),
        };
        if let Some(replay) = replay {
            drop(tx);
            return self.replayed_deployment(access, replay).await;
        }
        let Some((there, _)) = before.own else { return Ok(Err(Refused::Absent { noun: NOUN })) };
        if there.deleting {
            return Ok(Err(Refused::Deleting));
        }
        let Standing::Placed { engine_cluster, .. } = there.standing else { return Ok(Err(unplaced())) };
        let mut change = Change::of(access.tenant());
        let trace = call.trace.as_deref();
        let queue = Queue { engine_cluster, class: Class::Prompt, now: before.now, trace };
        let subject = Subject::refresh(there.id.into());
        let wish = Wish { subject, target: Generation::FIRST, gate: None };
        let operation = Some(change.wish(&wish, &before.lanes, &queue));
        change.audit(AuditRow {
            principal: access.principal().to_owned(),
            action: "deployment.refresh".to_owned(),
            noun: NOUN,
            resource_id: there.id.0,
            resource_name: there.name.to_string(),
            generation: Some(there.generation),
            request_id: call.request_id.clone(),
            detail: None,
        });
        let answer = Replay { status: 202, location: None, resource_id: Some(there.id.0), operation };
        if let Some(row) = IdempotencyRow::of(call, access.principal(), answer) {
            change.answered(row);
        }
        sqlx::query_scalar!(r#"select settle($1) as "settled!""#, change.json()?).fetch_one(tx.on()).await?;
        tx.commit().await?;
        change.ring(self);
        Ok(Ok(Done { effect: Effect::Changed, thing: there, operation }))
    }
}

/// Nobody is there who could do it.
pub(crate) fn unplaced() -> Refused {
    let detail = "no engine is available for it; it is placed as soon as there is one".to_owned();
    Refused::State { code: "unplaced", detail }
}
