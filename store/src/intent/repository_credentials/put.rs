//! Making and changing a repository credential.

use domain::field::Flaw;
use domain::ids::{CredentialId, Generation};
use domain::intent::Stored;
use domain::intent::repository_credential::CredentialSecret;
use domain::secret::{Settled, settle};
use domain::text::Name;
use jiff::Timestamp;
use serde_json::json;

use super::scene::{self, Scene};
use super::seats::{self, Arranged};
use super::{NOUN, RepositoryCredential, WantedCredential, fit, row};
use crate::change::{AuditRow, Change, FeedRow, moved_on};
use crate::idempotency::{IdempotencyRow, Replay};
use crate::seal::SecretMark;
use crate::{
    Access, Answer, Call, Done, Effect, Error, MayDeploy, Reference, Refused, Result, Store, Tx, Would, fresh,
};

const ATTEMPTS: usize = 5;

/// What a wish comes to, before anything is written.
struct Decided {
    effect: Effect,
    credential: RepositoryCredential,
    /// Sealed; none: the stored one stays.
    sealed: Option<Vec<u8>>,
}

impl Store {
    /// Makes a credential what it is to be: a new one, or the one there is.
    ///
    /// Three round trips and no write if it is so already; else four, and five if an engine is newly told of it.
    pub async fn put_repository_credential(
        &self,
        access: &Access<impl MayDeploy>,
        wanted: &WantedCredential,
        call: &Call,
    ) -> Answer<Done<RepositoryCredential>> {
        let mut attempt = 1;
        loop {
            match self.try_put_repository_credential(access, wanted, call).await {
                Err(error) if attempt < ATTEMPTS && again(&error) => attempt += 1,
                Err(Error::Conflict(constraint)) => return crate::quota::refused(constraint),
                answer => return answer,
            }
        }
    }

    async fn try_put_repository_credential(
        &self,
        access: &Access<impl MayDeploy>,
        wanted: &WantedCredential,
        call: &Call,
    ) -> Answer<Done<RepositoryCredential>> {
        let mut tx = self.begin_in(access.scope()).await?;
        let who = (access.tenant(), access.principal());
        let scene = scene::set(&mut tx, who, &wanted.reference, call).await?;
        let replay = match &scene.replay {
            Ok(replay) => replay.clone(),
            Err(refused) => return Ok(Err(refused.clone())),
        };
        if let Some(replay) = replay {
            drop(tx);
            return self.replayed_credential(access, replay).await;
        }
        let Decided { effect, credential, sealed } =
            match self.decide_credential(access, wanted, &scene, call)? {
                Ok(decided) => decided,
                Err(refused) => return Ok(Err(refused)),
            };
        let written = match effect {
            Effect::Created | Effect::Changed => true,
            Effect::Unchanged
            | Effect::Deleting
            | Effect::Deleted
            | Effect::Replayed { .. }
            | Effect::WouldBe(_) => false,
        };
        if !written {
            return Ok(Ok(Done { effect, thing: credential, operation: None }));
        }
        let mut change = Change::of(access.tenant());
        let arranged = arrange(&mut tx, access, (&mut change, &scene), (&credential, call)).await?;
        let decided = Decided { effect, credential, sealed };
        tell(&mut change, access, (&decided, &arranged), call);
        write(&mut tx, access, (&decided, &arranged), &change).await?;
        tx.commit().await?;
        change.ring(self);
        Ok(Ok(Done { effect, thing: decided.credential, operation: arranged.operation }))
    }

    fn decide_credential(
        &self,
        access: &Access<impl MayDeploy>,
        wanted: &WantedCredential,
        scene: &Scene,
        call: &Call,
    ) -> Answer<Decided> {
        let there = scene.living();
        if let Some(lives_in) = there.and_then(|there| there.lives_in.clone()) {
            return Ok(Err(Refused::ReadOnly { lives_in }));
        }
        if !call.condition.holds(there.map(RepositoryCredential::version)) {
            return Ok(Err(Refused::Condition { current: there.map(|there| there.generation) }));
        }
        let stored = there.map(|there| there.spec.goes_where());
        let settled = settle(wanted.secret.as_ref(), stored.as_ref(), &wanted.spec.goes_where());
        let given = match settled {
            Ok(Settled::Keep) => None,
            Ok(Settled::Replace(secret)) => Some(secret),
            Err(flaw) => return Ok(Err(Refused::field(flaw.found_at(wanted.spec.auth.secret_field())))),
        };
        match (there, given) {
            (Some(there), given) => {
                self.changed_credential(access, there, (wanted, given), (scene.now, call)).map(Ok)
            }
            (None, Some(given)) => self.new_credential(access, (wanted, given), (scene.now, call)),
            // `settle` keeps only what is stored.
            (None, None) => Ok(Err(Refused::Absent { noun: NOUN })),
        }
    }

    fn new_credential(
        &self,
        access: &Access<impl MayDeploy>,
        (wanted, given): (&WantedCredential, &CredentialSecret),
        (now, call): (Timestamp, &Call),
    ) -> Answer<Decided> {
        let name = match &wanted.reference {
            Reference::Id(_) => return Ok(Err(Refused::Absent { noun: NOUN })),
            Reference::Name(name) => Name::chosen(name.as_str()),
        };
        let name = match name {
            Ok(name) => name,
            Err(Flaw { detail, .. }) => return Ok(Err(Refused::State { code: "malformed_name", detail })),
        };
        let id = CredentialId(fresh::id(now));
        let (mark, sealed) = self.sealed_credential(access, id, given, now)?;
        let credential = RepositoryCredential {
            id,
            name,
            generation: Generation::FIRST,
            deleting: false,
            spec: wanted.spec.clone(),
            secret: mark,
            lives_in: None,
            made_at: now,
            changed_at: now,
        };
        let effect = if call.dry_run { Effect::WouldBe(Would::Create) } else { Effect::Created };
        Ok(Ok(Decided { effect, credential, sealed: Some(sealed) }))
    }

    fn changed_credential(
        &self,
        access: &Access<impl MayDeploy>,
        there: &RepositoryCredential,
        (wanted, given): (&WantedCredential, Option<&CredentialSecret>),
        (now, call): (Timestamp, &Call),
    ) -> Result<Decided> {
        let new = given.map(|given| self.sealed_credential(access, there.id, given, now)).transpose()?;
        let was_given = new.is_some();
        let new = new.filter(|(mark, _)| mark.fingerprint != there.secret.fingerprint);
        if new.is_none() && wanted.spec == there.spec {
            // Asking what would be must not be a way to find out by trial whether a guessed secret is right.
            let effect = match (call.dry_run, was_given) {
                (false, _) => Effect::Unchanged,
                (true, false) => Effect::WouldBe(Would::Leave),
                (true, true) => Effect::WouldBe(Would::Change),
            };
            return Ok(Decided { effect, credential: there.clone(), sealed: None });
        }
        let (mark, sealed) = match new {
            Some((mark, sealed)) => (mark, Some(sealed)),
            None => (there.secret.clone(), None),
        };
        let credential = RepositoryCredential {
            generation: Generation(there.generation.0 + 1),
            spec: wanted.spec.clone(),
            secret: mark,
            changed_at: now,
            ..there.clone()
        };
        let effect = if call.dry_run { Effect::WouldBe(Would::Change) } else { Effect::Changed };
        Ok(Decided { effect, credential, sealed })
    }

    /// A given secret, sealed for this credential.
    fn sealed_credential(
        &self,
        access: &Access<impl MayDeploy>,
        id: CredentialId,
        given: &CredentialSecret,
        now: Timestamp,
    ) -> Result<(SecretMark, Vec<u8>)> {
        let place = row::place(access.tenant(), id);
        let seals = self.seals()?;
        let mark = SecretMark {
            fingerprint: seals.fingerprint(given.secret(), &place),
            set_by: access.principal().to_owned(),
            set_at: now,
        };
        Ok((mark, seals.seal(given.secret(), &place)))
    }

    async fn replayed_credential(
        &self,
        access: &Access<impl MayDeploy>,
        replay: Replay,
    ) -> Answer<Done<RepositoryCredential>> {
        let Some(id) = replay.resource_id else { return Ok(Err(Refused::Absent { noun: NOUN })) };
        let effect = Effect::Replayed { status: replay.status };
        let thing = self.repository_credential(access, &Reference::Id(id)).await?;
        Ok(thing.map(|thing| Done { effect, thing, operation: replay.operation }))
    }
}

/// Whether a failed attempt is worth another one: somebody else took the name or made the seat, or moved a lane on.
fn again(error: &Error) -> bool {
    let taken =
        |constraint: &str| matches!(constraint, "repository_credentials_name_key" | "seats_resource_key");
    moved_on(error) || matches!(error, Error::Conflict(constraint) if taken(constraint))
}

/// What the change means for all seats of the tenant, and for the deployments.
async fn arrange(
    tx: &mut Tx,
    access: &Access<impl MayDeploy>,
    (change, scene): (&mut Change, &Scene),
    (credential, call): (&RepositoryCredential, &Call),
) -> Result<Arranged> {
    let mut after = scene.coverages.clone();
    after.insert((credential.name.to_string(), credential.id), credential.spec.coverage.clone());
    let mut served = fit::served(&after, &scene.uses);
    let news = seats::newly_served(scene, &served);
    seats::claim(tx, access.tenant(), &news, &mut served).await?;
    let mut arranged = seats::arrange(change, scene, served, (credential.id, call));
    arranged.cured = seats::wish_dependants(change, scene, (credential.id, &after), call);
    Ok(arranged)
}

fn tell(
    change: &mut Change,
    access: &Access<impl MayDeploy>,
    (decided, arranged): (&Decided, &Arranged),
    call: &Call,
) {
    let Decided { effect, credential, sealed } = decided;
    let created = *effect == Effect::Created;
    let operation = arranged.operation;
    let generation = Some(credential.generation);
    change.ledger.repository_credentials = i32::from(created);
    change.audit(AuditRow {
        principal: access.principal().to_owned(),
        action: "repository_credential.put".to_owned(),
        noun: NOUN,
        resource_id: credential.id.0,
        resource_name: credential.name.to_string(),
        generation,
        request_id: call.request_id.clone(),
        detail: Some(json!({
            "auth": credential.spec.auth.name(),
            "secret": if sealed.is_some() { "replaced" } else { "kept" },
        })),
    });
    change.feed(FeedRow {
        noun: NOUN,
        resource_id: credential.id.0,
        change: if created { "created" } else { "changed" },
        generation,
        facts: Some(json!({ "name": credential.name, "operation": operation })),
    });
    let status = match (created, operation) {
        (_, Some(_)) => 202,
        (true, None) => 201,
        (false, None) => 200,
    };
    let answer = Replay { status, location: None, resource_id: Some(credential.id.0), operation };
    if let Some(row) = IdempotencyRow::of(call, access.principal(), answer) {
        change.answered(row);
    }
}

async fn write(
    tx: &mut Tx,
    access: &Access<impl MayDeploy>,
    (Decided { effect, credential, sealed }, arranged): (&Decided, &Arranged),
    change: &Change,
) -> Result<()> {
    sqlx::query_scalar!(
        r#"with cured as (
                update deployments set refused_generation = 0, refusal = null
                 where tenant_id = $2 and id = any ($1::uuid[]) and refused_generation > 0
                returning 1),
           made as (
                insert into repository_credentials (id, tenant_id, name, spec, labels, door, secret, secret_fingerprint,
                                                    secret_set_by, secret_set_at)
                select $3, $2, $4, $5, $6, 'rest', $7, $8, $9, now()
                 where $10 and (select count(*) from cured) >= 0
                returning 1),
           changed as (
                update repository_credentials
                   set spec = $5, labels = $6, generation = $11, changed_at = now(), secret = coalesce($7, secret),
                       secret_fingerprint = $8, secret_set_by = $9,
                       secret_set_at = case when $7::bytea is null then secret_set_at else now() end
                 where not $10 and tenant_id = $2 and id = $3 and (select count(*) from cured) >= 0
                returning 1),
           credential as (select 1 from made union all select 1 from changed),
           moved as (
                update seats s
                   set repositories = array(select jsonb_array_elements_text(w.repositories)),
                       generation = w.generation, state = w.state, refused_generation = 0, refusal = null, changed_at = now()
                  from jsonb_to_recordset($12) as w (id uuid, generation bigint, state text, repositories jsonb)
                 where s.tenant_id = $2 and s.id = w.id and (select count(*) from credential) = 1
                returning 1),
           seated as (
                insert into seats (id, tenant_id, noun, resource_id, engine_instance_id, repositories)
                select w.id, $2, 'repository_credential', w.resource_id, w.engine_instance_id,
                       array(select jsonb_array_elements_text(w.repositories))
                  from jsonb_to_recordset($13)
                       as w (id uuid, resource_id uuid, engine_instance_id uuid, repositories jsonb)
                 where (select count(*) from moved) >= 0
                returning 1)
           select settle($14) as "settled!" from credential where (select count(*) from seated) >= 0"#,
        &arranged.cured,
        access.tenant().0,
        credential.id.0,
        credential.name.as_str(),
        Stored::of(&credential.spec),
        json!(credential.spec.labels),
        sealed.as_deref(),
        credential.secret.fingerprint,
        credential.secret.set_by,
        *effect == Effect::Created,
        i64::try_from(credential.generation.0).unwrap_or(i64::MAX),
        json!(arranged.changed),
        json!(arranged.new),
        change.json()?,
    )
    .fetch_one(tx.on())
    .await?;
    Ok(())
}
