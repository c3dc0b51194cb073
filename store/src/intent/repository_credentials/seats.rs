//! What a change of one credential means for the seats of all, and for the deployments that use them.

use std::collections::BTreeSet;

use domain::ids::{
    CredentialId, DeploymentId, EngineClusterId, EngineInstanceId, Generation, OperationId, TenantId,
};
use domain::intent::repository_url::RepositoryUrl;
use domain::operation::{Gate, Kind, Operation, ResourceId, Subject, Thing, Wish};
use jiff::Timestamp;
use serde::Serialize;
use uuid::Uuid;

use super::fit::{self, Coverages, Served};
use super::scene::{Scene, SeatRow};
use crate::change::{Change, Class, Queue};
use crate::{Call, Result, Tx, fresh};

/// The seats as they are to be written, and who may go on.
#[derive(Debug, Default)]
pub(super) struct Arranged {
    /// Seats that change, for `jsonb_to_recordset`.
    pub(super) changed: Vec<ChangedSeat>,
    /// Seats that are new, likewise.
    pub(super) new: Vec<NewSeat>,
    /// Deployments whose refusal is forgotten.
    pub(super) cured: Vec<Uuid>,
    /// The operation of the credential itself, of several any.
    pub(super) operation: Option<OperationId>,
}

#[derive(Debug, Serialize)]
pub(super) struct ChangedSeat {
    id: Uuid,
    generation: Generation,
    state: &'static str,
    repositories: BTreeSet<String>,
}

#[derive(Debug, Serialize)]
pub(super) struct NewSeat {
    id: Uuid,
    resource_id: CredentialId,
    engine_instance_id: EngineInstanceId,
    repositories: BTreeSet<String>,
}

/// Which addresses an instance is newly to be told a credential for.
pub(super) fn newly_served(scene: &Scene, served: &Served) -> Vec<(EngineInstanceId, String)> {
    let told = |instance: EngineInstanceId, url: &String| {
        scene
            .seats
            .iter()
            .any(|seat| !seat.deleting && seat.instance == instance && seat.repositories.contains(url))
    };
    served
        .iter()
        .flat_map(|((instance, _), (_, urls))| urls.iter().map(move |url| (*instance, url.clone())))
        .filter(|(instance, url)| !told(*instance, url))
        .collect()
}

/// Takes private addresses for the tenant before a credential for them is written where others could read along (LAWS,
/// "The leak"), and takes out of `served` what another tenant has.
pub(super) async fn claim(
    tx: &mut Tx,
    tenant: TenantId,
    wanted: &[(EngineInstanceId, String)],
    served: &mut Served,
) -> Result<()> {
    if wanted.is_empty() {
        return Ok(());
    }
    let parsed = |url: &String| RepositoryUrl::try_from(url.clone()).ok();
    let instances: Vec<Uuid> = wanted.iter().map(|(instance, _)| instance.0).collect();
    let urls: Vec<String> = wanted.iter().map(|(_, url)| url.clone()).collect();
    let keys: Vec<String> =
        urls.iter().map(|url| parsed(url).map_or_else(|| url.clone(), |url| url.engine_key())).collect();
    let canonical: Vec<String> =
        urls.iter().map(|url| parsed(url).map_or_else(|| url.clone(), |url| url.canonical())).collect();
    let denied = sqlx::query!(
        r#"with wanted as (
                select w.instance, w.url, w.key, i.repo_server, sha256(convert_to(w.key, 'UTF8')) as hash,
                       exists (select from public_urls u
                                where u.key_hash = sha256(convert_to(w.canonical, 'UTF8'))
                                  and u.seen_at > now() - interval '1 day') as public
                  from unnest($2::uuid[], $3::text[], $4::text[], $5::text[]) as w (instance, url, key, canonical)
                  join engine_instances i on i.id = w.instance),
           free as (
                select w.* from wanted w
                 cross join lateral argosy_contested($1, w.repo_server, array[w.hash]) c
                 where not w.public and not c.others and (c.mine or not c.named)),
           taken as (
                insert into private_urls (repo_server, key_hash, engine_key, tenant_id)
                select distinct on (repo_server, hash) repo_server, hash, key, $1 from free order by repo_server, hash
                on conflict do nothing
                returning repo_server, key_hash)
           select w.instance as "instance!", w.url as "url!"
             from wanted w
            where not w.public
              and not exists (select from taken t where t.repo_server = w.repo_server and t.key_hash = w.hash)
              and not exists (select from private_urls u
                               where u.repo_server = w.repo_server and u.key_hash = w.hash and u.tenant_id = $1)"#,
        tenant.0,
        &instances,
        &urls,
        &keys,
        &canonical,
    )
    .fetch_all(tx.on())
    .await?;
    for row in denied {
        for (_, (_, urls)) in served.iter_mut().filter(|((instance, _), _)| instance.0 == row.instance) {
            urls.remove(&row.url);
        }
    }
    served.retain(|_, (_, urls)| !urls.is_empty());
    Ok(())
}

/// Compares the seats there are with what is to be served, and wishes the difference. `changed` is the credential that
/// has another specification or secret now: its seats change in any case.
pub(super) fn arrange(
    change: &mut Change,
    scene: &Scene,
    mut served: Served,
    (changed, call): (CredentialId, &Call),
) -> Arranged {
    let mut arranged = Arranged::default();
    let queue = |engine_cluster: EngineClusterId, class: Class| Queue {
        engine_cluster,
        class,
        now: scene.now,
        trace: call.trace.as_deref(),
    };
    for seat in scene.seats.iter().filter(|seat| !seat.deleting) {
        let generation = Generation(seat.generation.0 + 1);
        let resource = ResourceId(seat.id);
        let (subject, state, repositories) = match served.remove(&(seat.instance, seat.credential)) {
            None => (Subject::take_down(Thing::RepositoryCredential, resource), "deleting", BTreeSet::new()),
            Some((_, urls)) if seat.credential != changed && urls.iter().eq(seat.repositories.iter()) => {
                continue;
            }
            Some((_, urls)) => (Subject::apply(Thing::RepositoryCredential, resource), "active", urls),
        };
        let wish = Wish { subject, target: generation, gate: None };
        let operation = change.wish(&wish, &seat.lane, &queue(seat.cluster, Class::of(subject.kind())));
        if seat.credential == changed {
            arranged.operation = Some(operation);
        }
        arranged.changed.push(ChangedSeat { id: seat.id, generation, state, repositories });
    }
    for ((instance, credential), (cluster, repositories)) in served {
        let id = fresh::id(scene.now);
        let subject = Subject::apply(Thing::RepositoryCredential, ResourceId(id));
        let gate = before(&scene.seats, instance, credential).map(Gate::TakenDown);
        let wish = Wish { subject, target: Generation::FIRST, gate };
        let operation = change.wish(&wish, &[], &queue(cluster, Class::Bulk));
        if credential == changed {
            arranged.operation = Some(operation);
        }
        arranged.new.push(NewSeat {
            id,
            resource_id: credential,
            engine_instance_id: instance,
            repositories,
        });
    }
    arranged
}

/// The seat that is still being taken down: its object has the name of the new one's.
fn before(seats: &[SeatRow], instance: EngineInstanceId, credential: CredentialId) -> Option<ResourceId> {
    let same = |seat: &&SeatRow| seat.deleting && seat.instance == instance && seat.credential == credential;
    seats.iter().find(same).map(|seat| ResourceId(seat.id))
}

/// Wishes anew the deployments for which this credential is, or was, meant: what was refused, and what is under way.
pub(super) fn wish_dependants(
    change: &mut Change,
    scene: &Scene,
    (changed, after): (CredentialId, &Coverages),
    call: &Call,
) -> Vec<Uuid> {
    let touched: BTreeSet<DeploymentId> = scene
        .uses
        .iter()
        .filter(|one| {
            let meant = |credentials| fit::meant(credentials, &one.url) == Some(changed);
            meant(&scene.coverages) || meant(after)
        })
        .map(|one| one.deployment)
        .collect();
    let writes = |operation: &Operation| {
        matches!(operation.subject.kind(), Kind::Apply(Thing::Deployment) | Kind::TakeDown(Thing::Deployment))
    };
    let mut cured = Vec::new();
    for dependant in &scene.dependants {
        let waits = dependant.refused || dependant.lane.iter().any(writes);
        if !waits || !touched.contains(&dependant.id) {
            continue;
        }
        let resource = dependant.id.into();
        let subject = if dependant.deleting {
            Subject::take_down(Thing::Deployment, resource)
        } else {
            Subject::apply(Thing::Deployment, resource)
        };
        let now: Timestamp = scene.now;
        let trace = call.trace.as_deref();
        let queue = Queue { engine_cluster: dependant.cluster, class: Class::Bulk, now, trace };
        change.wish(&Wish { subject, target: dependant.generation, gate: None }, &dependant.lane, &queue);
        cured.push(dependant.id.0);
    }
    cured
}
