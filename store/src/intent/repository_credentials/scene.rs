//! The locking read: everything that a wish about one credential has to know, in one statement.

use std::collections::BTreeSet;

use domain::ids::{CredentialId, DeploymentId, EngineClusterId, EngineInstanceId, Generation, TenantId};
use domain::intent::Stored;
use domain::intent::repository_credential::{Coverage, RepositoryCredentialSpec};
use domain::intent::repository_url::RepositoryUrl;
use domain::operation::Operation;
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::Value;
use uuid::Uuid;

use super::fit::{Coverages, Use};
use super::{RepositoryCredential, row};
use crate::change::instant;
use crate::idempotency::Replay;
use crate::operations::lane_from_json;
use crate::{Call, Error, Reference, Refused, Result, Tx};

/// What there is.
pub(super) struct Scene {
    /// What was answered to the same wish before.
    pub(super) replay: std::result::Result<Option<Replay>, Refused>,
    /// By the clock of the database.
    pub(super) now: Timestamp,
    /// The credential, whose row is locked now.
    pub(super) credential: Option<RepositoryCredential>,
    /// All active credentials of the tenant.
    pub(super) coverages: Coverages,
    /// All addresses that the tenant's deployments name.
    pub(super) uses: Vec<Use>,
    /// All seats of the tenant's credentials, locked.
    pub(super) seats: Vec<SeatRow>,
    /// Deployments that were refused or that somebody is about to write.
    pub(super) dependants: Vec<Dependant>,
}

/// A credential on an instance.
#[derive(Clone, Debug)]
pub(super) struct SeatRow {
    pub(super) id: Uuid,
    pub(super) credential: CredentialId,
    pub(super) instance: EngineInstanceId,
    pub(super) cluster: EngineClusterId,
    pub(super) repositories: BTreeSet<String>,
    pub(super) generation: Generation,
    pub(super) deleting: bool,
    pub(super) lane: Vec<Operation>,
}

/// A deployment that may have been waiting for a credential.
#[derive(Clone, Debug)]
pub(super) struct Dependant {
    pub(super) id: DeploymentId,
    pub(super) generation: Generation,
    pub(super) refused: bool,
    pub(super) deleting: bool,
    pub(super) cluster: EngineClusterId,
    pub(super) lane: Vec<Operation>,
}

struct SceneRow {
    replay: Option<Value>,
    now: i64,
    row: Option<Value>,
    scene: Option<Value>,
}

/// As `argosy_credential_scene` says it.
#[derive(Default, Deserialize)]
struct Said {
    credentials: Vec<SaidCredential>,
    uses: Vec<SaidUse>,
    seats: Vec<SaidSeat>,
    dependants: Vec<SaidDependant>,
}

#[derive(Deserialize)]
struct SaidCredential {
    id: CredentialId,
    name: String,
    spec: Value,
}

#[derive(Deserialize)]
struct SaidUse {
    deployment: DeploymentId,
    name: String,
    url: String,
    withheld: bool,
    instance: Option<EngineInstanceId>,
    cluster: Option<EngineClusterId>,
}

#[derive(Deserialize)]
struct SaidSeat {
    id: Uuid,
    credential: CredentialId,
    instance: EngineInstanceId,
    cluster: EngineClusterId,
    repositories: BTreeSet<String>,
    generation: Generation,
    state: String,
    lane: Value,
}

#[derive(Deserialize)]
struct SaidDependant {
    id: DeploymentId,
    generation: Generation,
    refused_generation: Generation,
    state: String,
    cluster: EngineClusterId,
    lane: Value,
}

/// Locks the credential of that name or id, and all seats of the tenant's credentials.
pub(super) async fn set(
    tx: &mut Tx,
    (tenant, principal): (TenantId, &str),
    which: &Reference,
    call: &Call,
) -> Result<Scene> {
    let key = call.idempotency.as_ref().map(|idempotency| idempotency.key.as_str());
    let row = sqlx::query_as!(
        SceneRow,
        r#"with replay as materialized (select argosy_replay($4, $5) as answer)
           select replay.answer as "replay?",
                  (extract(epoch from now()) * 1000000)::bigint as "now!",
                  to_jsonb(c) - 'secret' as "row?",
                  case when replay.answer is null then argosy_credential_scene($1) end as "scene?"
             from replay
             left join lateral (
                  select e.* from repository_credentials e
                   where e.id = (select o.id from repository_credentials o
                                  where o.tenant_id = $1 and (o.name = $2 or o.id = $3)
                                  order by o.state, o.made_at desc limit 1)
                     and e.tenant_id = $1 and replay.answer is null
                     for no key update) c on true"#,
        tenant.0,
        which.name(),
        which.id(),
        principal,
        key,
    )
    .fetch_one(tx.on())
    .await?;
    let said = row.scene.map(serde_json::from_value::<Said>).transpose();
    let said =
        said.map_err(|_| Error::unreadable("what a tenant's credentials are used for"))?.unwrap_or_default();
    Ok(Scene {
        replay: Replay::read(row.replay, call.idempotency.as_ref())?,
        now: instant(row.now),
        credential: row.row.map(row::read).transpose()?,
        coverages: said.credentials.into_iter().map(SaidCredential::coverage).collect::<Result<_>>()?,
        uses: said.uses.into_iter().map(SaidUse::read).collect::<Result<_>>()?,
        seats: said.seats.into_iter().map(SaidSeat::read).collect::<Result<_>>()?,
        dependants: said.dependants.into_iter().map(SaidDependant::read).collect::<Result<_>>()?,
    })
}

impl Scene {
    /// The credential, if it is not being taken down.
    pub(super) fn living(&self) -> Option<&RepositoryCredential> {
        self.credential.as_ref().filter(|credential| !credential.deleting)
    }
}

impl SaidCredential {
    fn coverage(self) -> Result<((String, CredentialId), Coverage)> {
        let spec: RepositoryCredentialSpec = Stored::read(self.spec)
            .map_err(|_| Error::unreadable("a repository credential's specification"))?;
        Ok(((self.name, self.id), spec.coverage))
    }
}

impl SaidUse {
    fn read(self) -> Result<Use> {
        let url = RepositoryUrl::try_from(self.url).map_err(|_| Error::unreadable("an address in use"))?;
        let instance = self.instance.zip(self.cluster).filter(|_| !self.withheld);
        Ok(Use { deployment: self.deployment, name: self.name, url, instance })
    }
}

impl SaidSeat {
    fn read(self) -> Result<SeatRow> {
        Ok(SeatRow {
            id: self.id,
            credential: self.credential,
            instance: self.instance,
            cluster: self.cluster,
            repositories: self.repositories,
            generation: self.generation,
            deleting: self.state != "active",
            lane: lane_from_json(self.lane)?,
        })
    }
}

impl SaidDependant {
    fn read(self) -> Result<Dependant> {
        Ok(Dependant {
            id: self.id,
            generation: self.generation,
            refused: self.refused_generation.0 > 0,
            deleting: self.state != "active",
            cluster: self.cluster,
            lane: lane_from_json(self.lane)?,
        })
    }
}
