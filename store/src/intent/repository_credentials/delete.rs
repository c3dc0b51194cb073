//! Taking a repository credential down.

use std::collections::BTreeSet;

use domain::ids::{CredentialId, Generation, OperationId};
use serde_json::json;

use super::scene::{self, Scene};
use super::{NOUN, RepositoryCredential, fit};
use crate::change::{AuditRow, Change, FeedRow, moved_on};
use crate::idempotency::{IdempotencyRow, Replay};
use crate::{
    Access, Answer, Call, Done, Effect, Error, MayDeploy, Named, Reference, Refused, Result, Store, Tx, Would,
};

const ATTEMPTS: usize = 5;
/// So many users are named.
const NAMED: usize = 100;

impl Store {
    /// Takes a credential down that nobody uses. While an engine still has to forget it, its row stays.
    pub async fn delete_repository_credential(
        &self,
        access: &Access<impl MayDeploy>,
        which: &Reference,
        call: &Call,
    ) -> Answer<Done<Named>> {
        let mut attempt = 1;
        loop {
            match self.try_delete_repository_credential(access, which, call).await {
                Err(error) if attempt < ATTEMPTS && moved_on(&error) => attempt += 1,
                Err(Error::Conflict(constraint)) => return crate::quota::refused(constraint),
                answer => return answer,
            }
        }
    }

    async fn try_delete_repository_credential(
        &self,
        access: &Access<impl MayDeploy>,
        which: &Reference,
        call: &Call,
    ) -> Answer<Done<Named>> {
        let mut tx = self.begin_in(access.scope()).await?;
        let scene = scene::set(&mut tx, (access.tenant(), access.principal()), which, call).await?;
        let replay = match &scene.replay {
            Ok(replay) => replay.clone(),
            Err(refused) => return Ok(Err(refused.clone())),
        };
        if let Some(replay) = replay {
            return Ok(Ok(replayed(which, &replay)));
        }
        let Some(there) = &scene.credential else { return Ok(Err(Refused::Absent { noun: NOUN })) };
        let thing = Named { id: there.id.0, name: there.name.to_string() };
        let operation = forgetting(&scene, there.id);
        if there.deleting {
            return Ok(Ok(Done { effect: Effect::Deleting, thing, operation }));
        }
        if let Some(refused) = refused(there, &scene, call) {
            return Ok(Err(refused));
        }
        if call.dry_run {
            return Ok(Ok(Done { effect: Effect::WouldBe(Would::Delete), thing, operation: None }));
        }
        let gone = !scene.seats.iter().any(|seat| seat.credential == there.id);
        let mut change = Change::of(access.tenant());
        tell(&mut change, access, (there, gone, operation), call);
        write(&mut tx, access, (there, gone), &change).await?;
        tx.commit().await?;
        change.ring(self);
        let effect = if gone { Effect::Deleted } else { Effect::Deleting };
        Ok(Ok(Done { effect, thing, operation }))
    }
}

/// What is said against it.
fn refused(there: &RepositoryCredential, scene: &Scene, call: &Call) -> Option<Refused> {
    if let Some(lives_in) = there.lives_in.clone() {
        return Some(Refused::ReadOnly { lives_in });
    }
    if !call.condition.holds(Some(there.version())) {
        return Some(Refused::Condition { current: Some(there.generation) });
    }
    let meant = |url| fit::meant(&scene.coverages, url) == Some(there.id);
    let users: BTreeSet<&str> =
        scene.uses.iter().filter(|one| meant(&one.url)).map(|one| one.name.as_str()).collect();
    if users.is_empty() {
        return None;
    }
    Some(Refused::InUse {
        by: users.into_iter().take(NAMED).map(|name| format!("deployment {name}")).collect(),
    })
}

/// The take-down of one of its seats that is under way.
fn forgetting(scene: &Scene, id: CredentialId) -> Option<OperationId> {
    let open = scene.seats.iter().filter(|seat| seat.credential == id).flat_map(|seat| &seat.lane);
    open.filter(|open| open.subject.kind().ends_all_others()).map(|open| open.id).next()
}

fn replayed(which: &Reference, replay: &Replay) -> Done<Named> {
    let name = which.name().map_or_else(String::new, ToOwned::to_owned);
    let id = replay.resource_id.or_else(|| which.id()).unwrap_or_default();
    Done {
        effect: Effect::Replayed { status: replay.status },
        thing: Named { id, name },
        operation: replay.operation,
    }
}

fn tell(
    change: &mut Change,
    access: &Access<impl MayDeploy>,
    (there, gone, operation): (&RepositoryCredential, bool, Option<OperationId>),
    call: &Call,
) {
    let generation = Some(Generation(there.generation.0 + 1));
    change.ledger.repository_credentials = -i32::from(gone);
    change.audit(AuditRow {
        principal: access.principal().to_owned(),
        action: "repository_credential.delete".to_owned(),
        noun: NOUN,
        resource_id: there.id.0,
        resource_name: there.name.to_string(),
        generation,
        request_id: call.request_id.clone(),
        detail: None,
    });
    change.feed(FeedRow {
        noun: NOUN,
        resource_id: there.id.0,
        change: if gone { "deleted" } else { "deleting" },
        generation,
        facts: Some(json!({ "name": there.name, "operation": operation })),
    });
    let status = if gone { 204 } else { 202 };
    let answer = Replay { status, location: None, resource_id: Some(there.id.0), operation };
    if let Some(row) = IdempotencyRow::of(call, access.principal(), answer) {
        change.answered(row);
    }
}

async fn write(
    tx: &mut Tx,
    access: &Access<impl MayDeploy>,
    (there, gone): (&RepositoryCredential, bool),
    change: &Change,
) -> Result<()> {
    sqlx::query_scalar!(
        r#"with gone as (
                delete from repository_credentials where $3 and tenant_id = $1 and id = $2 returning 1),
           marked as (
                update repository_credentials
                   set state = 'deleting', generation = generation + 1, changed_at = now()
                 where not $3 and tenant_id = $1 and id = $2
                returning 1),
           written as (select 1 from gone union all select 1 from marked)
           select settle($4) as "settled!" from written"#,
        access.tenant().0,
        there.id.0,
        gone,
        change.json()?,
    )
    .fetch_one(tx.on())
    .await?;
    Ok(())
}
