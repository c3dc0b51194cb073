//! What the end of an operation writes on the rows it was for: marks, and their end.

use domain::ids::TenantId;
use domain::operation::{Generation, Kind, Lane, Mark, Subject, Thing, Track};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::operations::happened::Happened;
use crate::{Result, Tx};

/// A row that is gone: everything of it was taken down.
#[derive(Clone, Debug)]
pub(super) struct Gone {
    pub(super) noun: Noun,
    pub(super) id: Uuid,
    pub(super) tenant: TenantId,
}

/// Which table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Noun {
    Deployment,
    Environment,
    RepositoryCredential,
    Seat,
}

struct GoneRow {
    id: Uuid,
    tenant_id: Uuid,
}

impl Noun {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Deployment => "deployment",
            Self::Environment => "environment",
            Self::RepositoryCredential => "repository_credential",
            Self::Seat => "seat",
        }
    }

    /// Whose row the marks of such an operation are on.
    pub(super) fn marked_by(kind: Kind) -> Option<Self> {
        match kind {
            Kind::Apply(thing) | Kind::TakeDown(thing) => Some(match thing {
                Thing::Tenant | Thing::RepositoryCredential => Self::Seat,
                Thing::Environment => Self::Environment,
                Thing::Deployment => Self::Deployment,
            }),
            // Each has a place of its own for what came of it.
            Kind::ConnectionCheck | Kind::SyncRun | Kind::Termination | Kind::Refresh => None,
        }
    }
}

fn owners(of: Noun, subjects: &[Subject]) -> Vec<Uuid> {
    let is = |lane: &Lane| match lane.track {
        Track::Project | Track::RepositorySecret => of == Noun::Seat,
        Track::ClusterSecret | Track::ConnectionCheck => of == Noun::Environment,
        Track::Application | Track::Termination => of == Noun::Deployment,
    };
    subjects.iter().map(|subject| subject.lane()).filter(is).map(|lane| lane.owner.0).collect()
}

/// A mark, as the statements that write it take it.
fn marks(of: Noun, happened: &[Happened]) -> Vec<Value> {
    let marked = happened.iter().filter(|one| Noun::marked_by(one.after.subject.kind()) == Some(of));
    let columns = |one: &Happened| -> Option<Value> {
        let id = one.after.subject.resource();
        match one.after.mark() {
            Mark::None => None,
            Mark::Applied(Generation(seen)) => Some(json!({ "id": id, "applied": seen, "refused": 0 })),
            Mark::Refused(Generation(seen)) => {
                let refusal: Option<String> = one.sentence().map(|said| said.chars().take(1000).collect());
                Some(json!({ "id": id, "applied": 0, "refused": seen, "refusal": refusal }))
            }
        }
    };
    marked.filter_map(columns).collect()
}

impl Tx {
    /// Locks the rows in whose lanes something is to happen: before the operations themselves, as everybody does.
    pub(in crate::work::operations) async fn lock_owners(
        &mut self,
        subjects: impl Iterator<Item = Subject>,
    ) -> Result<()> {
        let subjects: Vec<Subject> = subjects.collect();
        let (deployments, environments, seats) = (
            owners(Noun::Deployment, &subjects),
            owners(Noun::Environment, &subjects),
            owners(Noun::Seat, &subjects),
        );
        sqlx::query!(
            r#"with d as materialized (
                    select id from deployments where id = any($1) order by id for no key update),
               e as materialized (
                    select id from environments where id = any($2) order by id for no key update),
               s as materialized (
                    select id from seats where id = any($3) order by id for no key update)
               select (select count(*) from d) + (select count(*) from e) + (select count(*) from s) as "locked!""#,
            &deployments,
            &environments,
            &seats
        )
        .fetch_one(self.on())
        .await?;
        Ok(())
    }

    /// Writes on the rows what the engine has accepted, and what it refused.
    pub(super) async fn mark(&mut self, happened: &[Happened]) -> Result<()> {
        let (deployments, environments, seats) = (
            marks(Noun::Deployment, happened),
            marks(Noun::Environment, happened),
            marks(Noun::Seat, happened),
        );
        if !deployments.is_empty() {
            sqlx::query!(
                r#"update deployments d
                      set applied_generation = least(d.generation, greatest(d.applied_generation, x.applied)),
                          refused_generation = least(d.generation, x.refused), refusal = x.refusal
                     from jsonb_to_recordset($1) as x (id uuid, applied bigint, refused bigint, refusal text)
                    where d.id = x.id"#,
                json!(deployments)
            )
            .execute(self.on())
            .await?;
        }
        if !environments.is_empty() {
            sqlx::query!(
                r#"update environments e
                      set applied_generation = least(e.generation, greatest(e.applied_generation, x.applied)),
                          refused_generation = least(e.generation, x.refused), refusal = x.refusal
                     from jsonb_to_recordset($1) as x (id uuid, applied bigint, refused bigint, refusal text)
                    where e.id = x.id"#,
                json!(environments)
            )
            .execute(self.on())
            .await?;
        }
        if !seats.is_empty() {
            sqlx::query!(
                r#"update seats s
                      set applied_generation = least(s.generation, greatest(s.applied_generation, x.applied)),
                          refused_generation = least(s.generation, x.refused), refusal = x.refusal
                     from jsonb_to_recordset($1) as x (id uuid, applied bigint, refused bigint, refusal text)
                    where s.id = x.id"#,
                json!(seats)
            )
            .execute(self.on())
            .await?;
        }
        Ok(())
    }

    /// Removes the rows of these, if they were being taken down. What still has something in it stays: the sweep wishes
    /// for its end again.
    pub(super) async fn remove(&mut self, noun: Noun, ids: &[Uuid]) -> Result<Vec<Gone>> {
        if ids.is_empty() {
            return Ok(Vec::new());
        }
        let gone = match noun {
            Noun::Deployment => sqlx::query_as!(
                GoneRow,
                "delete from deployments where id = any($1) and state = 'deleting' returning id, tenant_id",
                ids
            )
            .fetch_all(self.on())
            .await?,
            Noun::Environment => {
                sqlx::query_as!(
                    GoneRow,
                    "delete from environments e where id = any($1) and state = 'deleting'
                        and not exists (select from deployments d where d.environment_id = e.id)
                     returning id, tenant_id",
                    ids
                )
                .fetch_all(self.on())
                .await?
            }
            Noun::Seat => {
                sqlx::query_as!(
                    GoneRow,
                    "delete from seats where id = any($1) and state = 'deleting' returning id, tenant_id",
                    ids
                )
                .fetch_all(self.on())
                .await?
            }
            Noun::RepositoryCredential => {
                sqlx::query_as!(
                    GoneRow,
                    "delete from repository_credentials c where id = any($1) and state = 'deleting'
                        and not exists (select from seats s where s.resource_id = c.id)
                     returning id, tenant_id",
                    ids
                )
                .fetch_all(self.on())
                .await?
            }
        };
        Ok(gone.into_iter().map(|row| Gone { noun, id: row.id, tenant: TenantId(row.tenant_id) }).collect())
    }

    /// The credentials that these seats are of.
    pub(super) async fn credentials_of(&mut self, seats: &[Uuid]) -> Result<Vec<Uuid>> {
        Ok(sqlx::query_scalar!(
            "select distinct resource_id from seats
              where id = any($1) and noun = 'repository_credential' order by resource_id",
            seats
        )
        .fetch_all(self.on())
        .await?)
    }
}
