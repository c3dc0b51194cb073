//! How seats change with what a deployment needs.

use std::collections::BTreeSet;

use domain::ids::{EngineClusterId, EngineInstanceId, EnvironmentId, Generation, TenantId};
use domain::intent::repository_url::RepositoryUrl;
use domain::operation::{Gate, Operation, ResourceId, Subject, Thing, Wish};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::Spot;
use super::claims::{Credential, best};
use crate::change::{Change, Class, Queue};
use crate::fresh;

const TENANT: &str = "tenant";
const CREDENTIAL: &str = "repository_credential";

/// A seat, as the functions of the database bring it.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct SeatRow {
    pub(crate) id: ResourceId,
    noun: String,
    resource_id: Uuid,
    engine_instance_id: EngineInstanceId,
    engine_cluster: EngineClusterId,
    repositories: BTreeSet<String>,
    environments: Vec<EnvironmentId>,
    generation: Generation,
    state: String,
    /// What others than the deployment need of it. None: it does not shrink now.
    kept: Option<Kept>,
}

#[derive(Clone, Debug, Deserialize)]
struct Kept {
    repositories: BTreeSet<String>,
    environments: Vec<EnvironmentId>,
}

/// A row of `seats` that is to be written: new if its generation is the first.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct SeatWrite {
    id: ResourceId,
    tenant_id: TenantId,
    noun: &'static str,
    resource_id: Uuid,
    engine_instance_id: EngineInstanceId,
    repositories: BTreeSet<String>,
    environments: Vec<EnvironmentId>,
    generation: Generation,
    state: &'static str,
    #[serde(skip)]
    engine_cluster: EngineClusterId,
    /// The one before it, that is still being taken down.
    #[serde(skip)]
    earlier: Option<ResourceId>,
}

/// What a deployment needs on its instance.
pub(crate) struct Needs<'a> {
    pub(crate) tenant: TenantId,
    pub(crate) environment: EnvironmentId,
    /// Where. None: it is placed nowhere, or must not be written there.
    pub(crate) spot: Option<&'a Spot>,
    pub(crate) urls: &'a [RepositoryUrl],
    pub(crate) credentials: &'a [Credential],
    pub(crate) now: Timestamp,
}

/// How seats change.
#[derive(Debug, Default)]
pub(crate) struct Seats {
    pub(crate) writes: Vec<SeatWrite>,
    /// The generation of the tenant's seat from which on it allows what the deployment needs.
    pub(crate) project: Generation,
}

impl Seats {
    /// What has to change so that the seats suit these needs and what others need.
    pub(crate) fn plan(needs: &Needs<'_>, there: &[SeatRow]) -> Self {
        let mut seats = Self::default();
        let active = |seat: &&SeatRow| seat.state == "active";
        let projects: Vec<&SeatRow> =
            there.iter().filter(active).filter(|seat| seat.noun == TENANT).collect();
        let instances: BTreeSet<EngineInstanceId> = projects
            .iter()
            .map(|seat| seat.engine_instance_id)
            .chain(needs.spot.map(|spot| spot.engine_instance))
            .collect();
        for instance in instances {
            let spot = needs.spot.filter(|spot| spot.engine_instance == instance);
            let project = projects.iter().find(|seat| seat.engine_instance_id == instance).copied();
            let wanted = wanted_of_project(needs, spot, project);
            let shrinks = project.is_some_and(|project| project.kept.is_some());
            for seat in there.iter().filter(active).filter(|seat| seat.noun == CREDENTIAL) {
                if seat.engine_instance_id == instance {
                    seats.credential(needs, seat, spot, shrinks.then_some(&wanted.0));
                }
            }
            if let Some(spot) = spot {
                seats.new_credentials(needs, spot, there);
            }
            seats.project(needs, (project, spot), wanted, there);
        }
        seats
    }

    /// The wishes that go with it.
    pub(crate) fn wish(
        &self,
        change: &mut Change,
        lanes: &[Operation],
        (now, trace): (Timestamp, Option<&str>),
    ) {
        for seat in &self.writes {
            let thing = if seat.noun == TENANT { Thing::Tenant } else { Thing::RepositoryCredential };
            let subject = match seat.state {
                "active" => Subject::apply(thing, seat.id),
                _ => Subject::take_down(thing, seat.id),
            };
            let wish = Wish { subject, target: seat.generation, gate: seat.earlier.map(Gate::TakenDown) };
            let class = Class::of(subject.kind());
            let queue = Queue { engine_cluster: seat.engine_cluster, class, now, trace };
            change.wish(&wish, lanes, &queue);
        }
    }

    fn project(
        &mut self,
        needs: &Needs<'_>,
        (project, spot): (Option<&SeatRow>, Option<&Spot>),
        (repositories, environments): (BTreeSet<String>, Vec<EnvironmentId>),
        there: &[SeatRow],
    ) {
        let generation = match (project, spot) {
            (Some(seat), _) if seat.repositories == repositories && seat.environments == environments => {
                seat.generation
            }
            (Some(seat), _) => {
                let write = seat.changed(needs.tenant, TENANT, repositories, environments);
                let generation = write.generation;
                self.writes.push(write);
                generation
            }
            (None, Some(spot)) => {
                let of = (TENANT, needs.tenant.0);
                self.writes.push(made(needs, of, spot, (repositories, environments), there));
                Generation::FIRST
            }
            (None, None) => return,
        };
        if spot.is_some() {
            self.project = generation;
        }
    }

    fn credential(
        &mut self,
        needs: &Needs<'_>,
        seat: &SeatRow,
        spot: Option<&Spot>,
        left: Option<&BTreeSet<String>>,
    ) {
        let mut repositories = seat.repositories.clone();
        if let Some(left) = left {
            repositories.retain(|url| left.contains(url));
        }
        if spot.is_some() {
            repositories.extend(served(needs, seat.resource_id));
        }
        if repositories != seat.repositories {
            self.writes.push(seat.changed(needs.tenant, CREDENTIAL, repositories, Vec::new()));
        }
    }

    fn new_credentials(&mut self, needs: &Needs<'_>, spot: &Spot, there: &[SeatRow]) {
        for credential in needs.credentials {
            let seated = |seat: &SeatRow| {
                seat.state == "active"
                    && seat.resource_id == credential.id.0
                    && seat.engine_instance_id == spot.engine_instance
            };
            let urls = served(needs, credential.id.0);
            if !urls.is_empty() && !there.iter().any(seated) {
                let of = (CREDENTIAL, credential.id.0);
                self.writes.push(made(needs, of, spot, (urls, Vec::new()), there));
            }
        }
    }
}

impl SeatRow {
    fn changed(
        &self,
        tenant: TenantId,
        noun: &'static str,
        repositories: BTreeSet<String>,
        environments: Vec<EnvironmentId>,
    ) -> SeatWrite {
        let empty = if noun == TENANT { environments.is_empty() } else { repositories.is_empty() };
        SeatWrite {
            id: self.id,
            tenant_id: tenant,
            noun,
            resource_id: self.resource_id,
            engine_instance_id: self.engine_instance_id,
            repositories,
            environments,
            generation: Generation(self.generation.0 + 1),
            state: if empty { "deleting" } else { "active" },
            engine_cluster: self.engine_cluster,
            earlier: None,
        }
    }
}

/// What a project has to allow: what others need of it, and what the deployment needs if it is there.
fn wanted_of_project(
    needs: &Needs<'_>,
    spot: Option<&Spot>,
    project: Option<&SeatRow>,
) -> (BTreeSet<String>, Vec<EnvironmentId>) {
    let (mut repositories, mut environments) = match project {
        Some(SeatRow { kept: Some(kept), .. }) => (kept.repositories.clone(), kept.environments.clone()),
        Some(seat) => (seat.repositories.clone(), seat.environments.clone()),
        None => (BTreeSet::new(), Vec::new()),
    };
    if spot.is_some() {
        repositories.extend(needs.urls.iter().map(|url| url.declared().to_owned()));
        if !environments.contains(&needs.environment) {
            environments.push(needs.environment);
        }
    }
    (repositories, environments)
}

/// The addresses that a credential is meant for, of those that are needed.
fn served(needs: &Needs<'_>, credential: Uuid) -> BTreeSet<String> {
    let meant = |url: &&RepositoryUrl| best(url, needs.credentials).is_some_and(|id| id.0 == credential);
    needs.urls.iter().filter(meant).map(|url| url.declared().to_owned()).collect()
}

fn made(
    needs: &Needs<'_>,
    (noun, resource_id): (&'static str, Uuid),
    spot: &Spot,
    (repositories, environments): (BTreeSet<String>, Vec<EnvironmentId>),
    there: &[SeatRow],
) -> SeatWrite {
    let earlier = there.iter().find(|seat| {
        seat.state != "active"
            && seat.resource_id == resource_id
            && seat.engine_instance_id == spot.engine_instance
    });
    SeatWrite {
        id: ResourceId(fresh::id(needs.now)),
        tenant_id: needs.tenant,
        noun,
        resource_id,
        engine_instance_id: spot.engine_instance,
        repositories,
        environments,
        generation: Generation::FIRST,
        state: "active",
        engine_cluster: spot.engine_cluster,
        earlier: earlier.map(|seat| seat.id),
    }
}
