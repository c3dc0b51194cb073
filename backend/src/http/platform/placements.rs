//! Which instance serves what, and why; and which tenant holds which private repository.

use domain::ids::{EngineInstanceId, EnvironmentId};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::app::{Auditor, PlacementShown, PrivateUrl};
use crate::http::problem::Problem;
use crate::http::reply::{Cursors, Id, Limit, Moment, Page, Pages, Told};
use crate::http::request::Nothing;
use crate::http::route::{Asked, Chapter, OnPlatform, get};

pub(super) fn chapter() -> Chapter {
    Chapter {
        title: "Placements",
        about: "For operators: which instance serves which environment, and why.",
        routes: vec![
            get("/v1/placements", "listPlacements", list).says("List placements"),
            get("/v1/private-urls", "listPrivateUrls", private_urls)
                .says("List the private repositories that tenants hold on a repo-server"),
        ],
    }
}

/// Which placements.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Which {
    /// How many: 1 to 200, and 50 if it is absent.
    limit: Option<i64>,
    /// What the page before said is the next one.
    page_token: Option<String>,
    /// Only those on the instance with this id.
    engine_instance: Option<String>,
}

/// On which repo-server.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct On {
    /// The repo-server, as instances name it.
    repo_server: String,
}

/// Which instance serves an environment.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "Placement")]
struct PlacementView {
    /// Whose.
    tenant_id: Id,
    /// Which environment.
    environment_id: Id,
    /// What the environment is called.
    environment: String,
    /// Where. Absent: no instance qualifies.
    #[serde(skip_serializing_if = "Option::is_none")]
    engine_instance_id: Option<Id>,
    /// How often it was moved, and one.
    generation: u64,
    /// Why there, or why nowhere.
    reason: String,
    /// How many deployments go there.
    deployments: u64,
    /// How many of them nothing may be written of, as another tenant holds a repository of theirs there.
    withheld: u64,
    /// Since when.
    changed_at: Moment,
}

/// Private repositories.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "PrivateUrlList")]
struct PrivateUrls {
    /// In order.
    items: Vec<PrivateUrlView>,
}

/// A private repository that one tenant holds on a repo-server.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "PrivateUrl")]
struct PrivateUrlView {
    /// Which repo-server.
    repo_server: String,
    /// The repository.
    repository: String,
    /// Whose.
    tenant_id: Id,
    /// Since when.
    made_at: Moment,
}

async fn list(
    asked: Asked<OnPlatform<Auditor>>,
    query: Which,
    _: Nothing,
) -> Result<Pages<PlacementView>, Problem> {
    let cursors = Cursors::new(asked.app(), format!("{} {:?}", asked.said().path, query.engine_instance));
    let after = cursors.place::<Uuid>(query.page_token.as_deref())?.map(EnvironmentId);
    let limit = Limit::asked(query.limit)?;
    let on = super::id_asked("engineInstance", query.engine_instance.as_deref())?.map(EngineInstanceId);
    let found = asked.app().list_placements(&asked.who.access, on, after, limit.small() + 1).await?;
    let (found, more) = limit.cut(found);
    let last = found.last().filter(|_| more);
    let next = last.map(|last| cursors.token(&last.environment.0)).transpose()?;
    Ok(Pages(Page { items: found.into_iter().map(PlacementView::from).collect(), next_page_token: next }))
}

async fn private_urls(
    asked: Asked<OnPlatform<Auditor>>,
    query: On,
    _: Nothing,
) -> Result<Told<PrivateUrls>, Problem> {
    let found = asked.app().list_private_urls(&asked.who.access, &query.repo_server).await?;
    Ok(Told(PrivateUrls { items: found.into_iter().map(PrivateUrlView::from).collect() }))
}

impl From<PlacementShown> for PlacementView {
    fn from(placement: PlacementShown) -> Self {
        Self {
            tenant_id: Id(placement.tenant.0),
            environment_id: Id(placement.environment.0),
            environment: placement.name,
            engine_instance_id: placement.engine_instance.map(|id| Id(id.0)),
            generation: placement.generation,
            reason: placement.reason,
            deployments: placement.deployments,
            withheld: placement.withheld,
            changed_at: Moment(placement.changed_at),
        }
    }
}

impl From<PrivateUrl> for PrivateUrlView {
    fn from(url: PrivateUrl) -> Self {
        Self {
            repo_server: url.repo_server,
            repository: url.repository,
            tenant_id: Id(url.tenant.0),
            made_at: Moment(url.made_at),
        }
    }
}
