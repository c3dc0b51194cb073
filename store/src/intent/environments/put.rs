//! Making and changing an environment.

use domain::field::Flaw;
use domain::ids::{EnvironmentId, Generation, OperationId};
use domain::intent::Stored;
use domain::intent::environment::EnvironmentSecret;
use domain::secret::{Settled, settle};
use domain::text::Name;
use jiff::Timestamp;

use super::scene::{self, Scene};
use super::{Environment, NOUN, WantedEnvironment, cure, row};
use crate::change::{AuditRow, Change, FeedRow, moved_on};
use crate::idempotency::{IdempotencyRow, Replay};
use crate::seal::SecretMark;
use crate::{
    Access, Answer, Call, Done, Effect, Error, MayDeploy, Reference, Refused, Result, Store, Tx, Would, fresh,
};

/// However often others are in the way.
const ATTEMPTS: usize = 5;

/// What a wish comes to, before anything is written.
struct Decided {
    effect: Effect,
    environment: Environment,
    /// Sealed; none: the stored one stays.
    sealed: Option<Vec<u8>>,
    /// The stored secret went somewhere else until now.
    moved: bool,
}

impl Store {
    /// Makes an environment what it is to be: a new one, or the one there is.
    ///
    /// Three round trips and no write if it is so already, else four.
    pub async fn put_environment(
        &self,
        access: &Access<impl MayDeploy>,
        wanted: &WantedEnvironment,
        call: &Call,
    ) -> Answer<Done<Environment>> {
        let mut attempt = 1;
        loop {
            match self.try_put_environment(access, wanted, call).await {
                Err(error) if attempt < ATTEMPTS && again(&error) => attempt += 1,
                Err(Error::Conflict(constraint)) => return crate::quota::refused(constraint),
                answer => return answer,
            }
        }
    }

    async fn try_put_environment(
        &self,
        access: &Access<impl MayDeploy>,
        wanted: &WantedEnvironment,
        call: &Call,
    ) -> Answer<Done<Environment>> {
        let mut tx = self.begin_in(access.scope()).await?;
        let who = (access.tenant(), access.principal());
        let scene = scene::set(&mut tx, who, &wanted.reference, call).await?;
        let replay = match &scene.replay {
            Ok(replay) => replay.clone(),
            Err(refused) => return Ok(Err(refused.clone())),
        };
        if let Some(replay) = replay {
            drop(tx);
            return self.replayed_environment(access, replay).await;
        }
        let decided = match self.decide(access, wanted, &scene, call)? {
            Ok(decided) => decided,
            Err(refused) => return Ok(Err(refused)),
        };
        let operation = match decided.effect {
            Effect::Created | Effect::Changed => {
                let (change, operation) = prepared(access, &scene, &decided, call)?;
                write(&mut tx, access, &decided, &change).await?;
                tx.commit().await?;
                change.ring(self);
                operation
            }
            Effect::Unchanged
            | Effect::Deleting
            | Effect::Deleted
            | Effect::Replayed { .. }
            | Effect::WouldBe(_) => None,
        };
        Ok(Ok(Done { effect: decided.effect, thing: decided.environment, operation }))
    }

    fn decide(
        &self,
        access: &Access<impl MayDeploy>,
        wanted: &WantedEnvironment,
        scene: &Scene,
        call: &Call,
    ) -> Answer<Decided> {
        let there = scene.environment.as_ref();
        if let Some(lives_in) = there.and_then(|there| there.lives_in.clone()) {
            return Ok(Err(Refused::ReadOnly { lives_in }));
        }
        if !call.condition.holds(there.map(Environment::version)) {
            return Ok(Err(Refused::Condition { current: there.map(|there| there.generation) }));
        }
        let stored = there.map(|there| there.spec.goes_where());
        let goes = wanted.spec.goes_where();
        let known = stored.as_ref().filter(|_| there.is_some_and(|there| there.secret.is_some()));
        let secret = match settle(wanted.secret.as_ref(), known, &goes) {
            Ok(settled) => settled,
            Err(flaw) => return Ok(Err(Refused::field(flaw.found_at(wanted.spec.auth.secret_field())))),
        };
        let given = match secret {
            Settled::Keep => None,
            Settled::Replace(secret) => Some(secret),
        };
        match there {
            Some(there) => {
                let moved = stored.is_some_and(|stored| stored != goes);
                self.changed(access, there, (wanted, given, moved), (scene.now, call)).map(Ok)
            }
            None => self.created(access, wanted, given, (scene.now, call)),
        }
    }

    fn created(
        &self,
        access: &Access<impl MayDeploy>,
        wanted: &WantedEnvironment,
        given: Option<&EnvironmentSecret>,
        (now, call): (Timestamp, &Call),
    ) -> Answer<Decided> {
        let name = match chosen(&wanted.reference) {
            Ok(name) => name,
            Err(refused) => return Ok(Err(refused)),
        };
        let id = EnvironmentId(fresh::id(now));
        let (mark, sealed) = self.seal_for(access, id, given, now)?;
        let environment = Environment {
            id,
            name,
            generation: Generation::FIRST,
            applied: Generation(0),
            refusal: None,
            deleting: false,
            spec: wanted.spec.clone(),
            secret: mark,
            check: None,
            passed_once: false,
            lives_in: None,
            made_at: now,
            changed_at: now,
        };
        let effect = if call.dry_run { Effect::WouldBe(Would::Create) } else { Effect::Created };
        Ok(Ok(Decided { effect, environment, sealed, moved: true }))
    }

    fn changed(
        &self,
        access: &Access<impl MayDeploy>,
        there: &Environment,
        (wanted, given, moved): (&WantedEnvironment, Option<&EnvironmentSecret>, bool),
        (now, call): (Timestamp, &Call),
    ) -> Result<Decided> {
        let (mark, sealed) = self.seal_for(access, there.id, given, now)?;
        let print = |mark: &Option<SecretMark>| mark.as_ref().map(|mark| mark.fingerprint.clone());
        let same_secret = sealed.is_none() || print(&mark) == print(&there.secret);
        if same_secret && wanted.spec == there.spec {
            // Asking what would be must not be a way to find out by trial whether a guessed secret is right.
            let effect = match (call.dry_run, sealed.is_some()) {
                (false, _) => Effect::Unchanged,
                (true, false) => Effect::WouldBe(Would::Leave),
                (true, true) => Effect::WouldBe(Would::Change),
            };
            return Ok(Decided { effect, environment: there.clone(), sealed: None, moved: false });
        }
        let environment = Environment {
            generation: Generation(there.generation.0 + 1),
            refusal: None,
            spec: wanted.spec.clone(),
            secret: if same_secret { there.secret.clone() } else { mark },
            passed_once: there.passed_once && !moved,
            changed_at: now,
            ..there.clone()
        };
        let effect = if call.dry_run { Effect::WouldBe(Would::Change) } else { Effect::Changed };
        let sealed = sealed.filter(|_| !same_secret);
        Ok(Decided { effect, environment, sealed, moved })
    }

    /// A given secret, sealed for this environment.
    fn seal_for(
        &self,
        access: &Access<impl MayDeploy>,
        id: EnvironmentId,
        given: Option<&EnvironmentSecret>,
        now: Timestamp,
    ) -> Result<(Option<SecretMark>, Option<Vec<u8>>)> {
        let Some(secret) = given else { return Ok((None, None)) };
        let place = row::place(access.tenant(), id);
        let seals = self.seals()?;
        let mark = SecretMark {
            fingerprint: seals.fingerprint(secret.secret(), &place),
            set_by: access.principal().to_owned(),
            set_at: now,
        };
        Ok((Some(mark), Some(seals.seal(secret.secret(), &place))))
    }

    pub(super) async fn replayed_environment(
        &self,
        access: &Access<impl MayDeploy>,
        replay: Replay,
    ) -> Answer<Done<Environment>> {
        let Some(id) = replay.resource_id else { return Ok(Err(Refused::Absent { noun: NOUN })) };
        let effect = Effect::Replayed { status: replay.status };
        let thing = self.environment(access, &Reference::Id(id)).await?;
        Ok(thing.map(|thing| Done { effect, thing, operation: replay.operation }))
    }
}

/// Whether a failed attempt is worth another one: somebody else took the name, or moved a lane on.
fn again(error: &Error) -> bool {
    moved_on(error) || matches!(error, Error::Conflict(constraint) if constraint == "environments_name_key")
}

/// The name of something new.
fn chosen(reference: &Reference) -> std::result::Result<Name, Refused> {
    match reference {
        Reference::Id(_) => Err(Refused::Absent { noun: NOUN }),
        Reference::Name(name) => Name::chosen(name.as_str())
            .map_err(|Flaw { detail, .. }| Refused::State { code: "malformed_name", detail }),
    }
}

/// Operations, audit, feed: all that goes with the change.
fn prepared(
    access: &Access<impl MayDeploy>,
    scene: &Scene,
    decided: &Decided,
    call: &Call,
) -> Result<(Change, Option<OperationId>)> {
    let Decided { effect, environment, sealed, .. } = decided;
    let created = *effect == Effect::Created;
    let mut change = Change::of(access.tenant());
    change.ledger.environments = i32::from(created);
    let mut operation = None;
    if let Some(queue) = scene.queue(call) {
        let lanes = (scene.lanes.as_slice(), &queue);
        operation = Some(cure::wish_check(&mut change, environment.id, environment.generation, lanes));
        if scene.placed.is_some() {
            operation = Some(cure::wish_apply(&mut change, environment.id, environment.generation, lanes));
            cure::wish_dependants(&mut change, scene.dependants.clone(), &queue)?;
        }
    }
    let generation = Some(environment.generation);
    change.audit(AuditRow {
        principal: access.principal().to_owned(),
        action: "environment.put".to_owned(),
        noun: NOUN,
        resource_id: environment.id.0,
        resource_name: environment.name.to_string(),
        generation,
        request_id: call.request_id.clone(),
        detail: Some(serde_json::json!({
            "server": environment.spec.server.as_str(),
            "secret": if sealed.is_some() { "replaced" } else { "kept" },
        })),
    });
    change.feed(FeedRow {
        noun: NOUN,
        resource_id: environment.id.0,
        change: if created { "created" } else { "changed" },
        generation,
        facts: Some(serde_json::json!({ "name": environment.name, "operation": operation })),
    });
    let status = match (created, operation) {
        (_, Some(_)) => 202,
        (true, None) => 201,
        (false, None) => 200,
    };
    let answer = Replay { status, location: None, resource_id: Some(environment.id.0), operation };
    if let Some(row) = IdempotencyRow::of(call, access.principal(), answer) {
        change.answered(row);
    }
    Ok((change, operation))
}

async fn write(
    tx: &mut Tx,
    access: &Access<impl MayDeploy>,
    decided: &Decided,
    change: &Change,
) -> Result<()> {
    if decided.effect == Effect::Created {
        insert(tx, access, decided, change).await
    } else {
        update(tx, access, decided, change).await
    }
}

async fn insert(
    tx: &mut Tx,
    access: &Access<impl MayDeploy>,
    Decided { environment, sealed, .. }: &Decided,
    change: &Change,
) -> Result<()> {
    let mark = environment.secret.as_ref();
    sqlx::query_scalar!(
        r#"with written as (
                insert into environments (id, tenant_id, name, spec, labels, door,
                                          secret, secret_fingerprint, secret_set_by, secret_set_at)
                values ($1, $2, $3, $4, $5, 'rest', $6, $7, $8, case when $6::bytea is not null then now() end)
                returning 1)
           select settle($9) as "settled!" from written"#,
        environment.id.0,
        access.tenant().0,
        environment.name.as_str(),
        Stored::of(&environment.spec),
        serde_json::json!(environment.spec.labels),
        sealed.as_deref(),
        mark.map(|mark| mark.fingerprint.as_str()),
        mark.map(|mark| mark.set_by.as_str()),
        change.json()?,
    )
    .fetch_one(tx.on())
    .await?;
    Ok(())
}

async fn update(
    tx: &mut Tx,
    access: &Access<impl MayDeploy>,
    Decided { environment, sealed, moved, .. }: &Decided,
    change: &Change,
) -> Result<()> {
    let mark = environment.secret.as_ref();
    sqlx::query_scalar!(
        r#"with cured as (
                update deployments set refused_generation = 0, refusal = null
                 where tenant_id = $2 and environment_id = $1 and refused_generation > 0 and not withheld
                returning 1),
           written as (
                update environments
                   set spec = $3, labels = $4, generation = $5, refused_generation = 0, refusal = null,
                       passed_once = passed_once and not $6, changed_at = now(),
                       secret = coalesce($7, secret), secret_fingerprint = $8, secret_set_by = $9,
                       secret_set_at = case when $7::bytea is null then secret_set_at else now() end
                 where tenant_id = $2 and id = $1 and (select count(*) from cured) >= 0
                returning 1)
           select settle($10) as "settled!" from written"#,
        environment.id.0,
        access.tenant().0,
        Stored::of(&environment.spec),
        serde_json::json!(environment.spec.labels),
        i64::try_from(environment.generation.0).unwrap_or(i64::MAX),
        moved,
        sealed.as_deref(),
        mark.map(|mark| mark.fingerprint.as_str()),
        mark.map(|mark| mark.set_by.as_str()),
        change.json()?,
    )
    .fetch_one(tx.on())
    .await?;
    Ok(())
}
