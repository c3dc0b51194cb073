//! Looking at deployments.

use domain::engine::observed::{HealthState, SyncStatus};
use domain::ids::{DeploymentId, EngineClusterId, EngineInstanceId, Generation};
use domain::text::{Labels, Name};
use jiff::Timestamp;
use uuid::Uuid;

use super::row::{self, Where};
use super::{Deployment, NOUN};
use crate::page::Labelled;
use crate::{Access, After, Answer, Error, Filter, Listed, MayRead, Page, Reference, Refused, Result, Store};

/// Which deployments.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DeploymentFilter {
    /// By name and labels.
    pub common: Filter,
    /// Those whose sync status is this. What nobody has seen yet is `Unknown`.
    pub sync: Option<SyncStatus>,
    /// Those whose health is this, likewise.
    pub health: Option<HealthState>,
    /// Those that go to this environment.
    pub environment: Option<Reference>,
}

/// A deployment in a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeploymentItem {
    /// Which.
    pub id: DeploymentId,
    /// What it is called.
    pub name: Name,
    /// How often it was changed.
    pub generation: Generation,
    /// What the engine has accepted; zero: nothing yet.
    pub applied: Generation,
    /// The engine has refused it as it is.
    pub refused: bool,
    /// It is being taken down.
    pub deleting: bool,
    /// Nothing is synced.
    pub suspended: bool,
    /// The name of its environment. None: there is none of that name (yet).
    pub environment: Option<String>,
    /// Its namespace there. None: that of the tenant.
    pub namespace: Option<String>,
    /// Its labels.
    pub labels: Labels,
    /// Whether what runs is what the source says.
    pub sync: SyncStatus,
    /// How what runs is.
    pub health: HealthState,
    /// The revision that it was compared with.
    pub revision: Option<String>,
    /// When it was last changed.
    pub changed_at: Timestamp,
}

struct ItemRow {
    id: Uuid,
    name: String,
    generation: i64,
    applied: i64,
    refused: bool,
    deleting: bool,
    suspended: bool,
    environment: Option<String>,
    namespace: Option<String>,
    labels: serde_json::Value,
    sync: Option<String>,
    health: Option<String>,
    revision: Option<String>,
    changed_at: jiff_sqlx::Timestamp,
}

impl Store {
    /// One deployment. A name means whoever has it; if nobody has, whoever had it last and is being taken down.
    pub async fn deployment(&self, access: &Access<impl MayRead>, which: &Reference) -> Answer<Deployment> {
        let mut tx = self.begin_in(access.scope()).await?;
        let found = sqlx::query!(
            r#"select to_jsonb(d) as "row!", i.id as "engine_instance?", i.engine_cluster_id as "engine_cluster?"
                 from deployments d
                 left join placements p on p.environment_id = d.environment_id
                 left join engine_instances i on i.id = p.engine_instance_id
                where d.tenant_id = $1 and (d.name = $2 or d.id = $3)
                order by d.state, d.made_at desc
                limit 1"#,
            access.tenant().0,
            which.name(),
            which.id(),
        )
        .fetch_optional(tx.on())
        .await?;
        tx.commit().await?;
        let Some(found) = found else { return Ok(Err(Refused::Absent { noun: NOUN })) };
        let at = Where {
            engine_cluster: found.engine_cluster.map(EngineClusterId),
            engine_instance: found.engine_instance.map(EngineInstanceId),
        };
        row::read(found.row)?.deployment(at).map(Ok)
    }

    /// Deployments, by name.
    pub async fn deployments(
        &self,
        access: &Access<impl MayRead>,
        filter: &DeploymentFilter,
        page: &Page,
    ) -> Result<Listed<DeploymentItem>> {
        let Labelled { equal, other, present, absent } = Labelled::from(&filter.common.labels);
        let environment = filter.environment.as_ref();
        let mut tx = self.begin_in(access.scope()).await?;
        let rows = sqlx::query_as!(
            ItemRow,
            r#"select d.id, d.name, d.generation, d.applied_generation as applied,
                      d.refused_generation = d.generation as "refused!", d.state = 'deleting' as "deleting!", d.suspended,
                      e.name as "environment?", d.namespace, d.labels, s.sync as "sync?", s.health as "health?",
                      s.revision, d.changed_at as "changed_at: jiff_sqlx::Timestamp"
                 from deployments d
                 left join environments e on e.tenant_id = d.tenant_id and e.id = d.environment_id
                 left join deployment_status s on s.tenant_id = d.tenant_id and s.deployment_id = d.id
                where d.tenant_id = $1
                  and d.name ^@ $2
                  and ($3::text is null or (d.name, d.id) > ($3::text collate "C", $4::uuid))
                  and not exists (
                      select from unnest($5::text[], $6::text[]) as l (k, v) where d.labels ->> l.k is distinct from l.v)
                  and not exists (select from unnest($7::text[], $8::text[]) as l (k, v) where d.labels ->> l.k = l.v)
                  and d.labels ?& $9::text[] and not d.labels ?| $10::text[]
                  and ($11::text is null or coalesce(s.sync, 'Unknown') = $11)
                  and ($12::text is null or coalesce(s.health, 'Unknown') = $12)
                  and ($13::text is null or e.name = $13) and ($14::uuid is null or e.id = $14)
                order by d.name, d.id
                limit $15"#,
            access.tenant().0,
            filter.common.prefix,
            page.after_name(),
            page.after_id(),
            &equal.0,
            &equal.1,
            &other.0,
            &other.1,
            &present,
            &absent,
            filter.sync.map(SyncStatus::name),
            filter.health.map(HealthState::name),
            environment.and_then(Reference::name),
            environment.and_then(Reference::id),
            page.with_next(),
        )
        .fetch_all(tx.on())
        .await?;
        tx.commit().await?;
        let found = rows.into_iter().map(DeploymentItem::try_from).collect::<Result<Vec<_>>>()?;
        Ok(page.cut(found, |last| After { name: last.name.clone(), id: last.id.0 }))
    }
}

impl TryFrom<ItemRow> for DeploymentItem {
    type Error = Error;

    fn try_from(row: ItemRow) -> Result<Self> {
        let unreadable = || Error::unreadable("a deployment in a list");
        let generation = |number: i64| u64::try_from(number).map(Generation).map_err(|_| unreadable());
        Ok(Self {
            id: DeploymentId(row.id),
            name: Name::parse(&row.name).map_err(|_| unreadable())?,
            generation: generation(row.generation)?,
            applied: generation(row.applied)?,
            refused: row.refused,
            deleting: row.deleting,
            suspended: row.suspended,
            environment: row.environment,
            namespace: row.namespace,
            labels: serde_json::from_value(row.labels).map_err(|_| unreadable())?,
            sync: word(row.sync),
            health: word(row.health),
            revision: row.revision,
            changed_at: row.changed_at.to_jiff(),
        })
    }
}

/// A word of Argo CD's. What nobody has seen, and what a newer release wrote, is unknown.
fn word<T: Default + serde::de::DeserializeOwned>(text: Option<String>) -> T {
    text.and_then(|text| serde_json::from_value(serde_json::Value::String(text)).ok()).unwrap_or_default()
}
