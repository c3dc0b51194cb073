//! Engine clusters, the instances on them, and the agents that serve them.

use domain::field::{Code, Errors, FieldError, Flaw, Pointer};
use domain::ids::{EngineClusterId, EngineInstanceId};
use domain::text::Name;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::app::{
    AgentView as Agent, Auditor, EngineCluster, EngineInstance, InstanceState, NewInstance, Operator,
};
use crate::http::problem::Problem;
use crate::http::reply::{Finished, Id, Made, Moment, Told};
use crate::http::request::{Json, NoQuery, Nothing};
use crate::http::route::{Asked, Chapter, OnPlatform, get, post, put};

const CLUSTERS: &str = "/v1/engine-clusters";
/// The most deployments one instance is let to take.
const MOST: i32 = 100_000;
const INSTANCES: &str = "/v1/engine-instances";

pub(super) fn chapter() -> Chapter {
    let instance = json!({
        "engineCluster": "018f2b5e-7c1d-7a4e-9b3a-5d0c1e2f3a4b", "name": "blue", "namespace": "argocd-blue",
        "repoServer": "blue", "capacity": 500,
    });
    Chapter {
        title: "Engines",
        about: "For operators: engine clusters, the instances on them, and the agents that serve them.",
        routes: vec![
            get(CLUSTERS, "listEngineClusters", clusters).says("List engine clusters"),
            post(CLUSTERS, "createEngineCluster", add_cluster)
                .says("Make an engine cluster known")
                .notes("Its name is what agents are configured with.")
                .example("hub", json!({"name": "hub-2"})),
            get(INSTANCES, "listEngineInstances", instances).says("List engine instances"),
            post(INSTANCES, "createEngineInstance", add_instance)
                .says("Make an engine instance known")
                .notes("It takes placements from now on. Instances that share a repo-server have the same `repoServer`.")
                .example("blue", instance),
            put("/v1/engine-instances/{engineInstance}/state", "putEngineInstanceState", set)
                .says("Cordon an engine instance, or let it take placements again")
                .example("cordon", json!({"state": "cordoned", "reason": "to be upgraded"})),
            get("/v1/agents", "listAgents", agents).says("List agents"),
        ],
    }
}

/// Which instances.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Which {
    /// Only those on the engine cluster with this id.
    engine_cluster: Option<String>,
}

/// Whether an instance takes placements.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[schemars(rename = "EngineInstanceState")]
enum StateView {
    /// It does.
    Active,
    /// An operator wants no new ones there.
    Cordoned,
    /// It is not set up as it has to be.
    Unfit,
}

/// What an instance's state is to be.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct WantedState {
    /// Whether it takes placements.
    state: StateView,
    /// Why not.
    reason: Option<String>,
}

/// An engine cluster that is made known.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schemars(rename = "NewEngineCluster")]
struct NewCluster {
    /// What agents are configured with.
    name: String,
}

/// An engine instance that is made known.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schemars(rename = "NewEngineInstance")]
struct RawInstance {
    /// Id of the cluster it is on.
    engine_cluster: String,
    /// What operators call it.
    name: String,
    /// Its namespace.
    namespace: String,
    /// Through which repo-server it reads; instances that share one have the same text.
    repo_server: String,
    /// How many deployments it takes: 1 to 100000.
    capacity: i64,
}

/// All of them.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "{T}List")]
struct All<T> {
    /// In order.
    items: Vec<T>,
}

/// A cluster that hosts engines.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "EngineCluster")]
struct ClusterView {
    /// Its id.
    id: Id,
    /// What agents are configured with.
    name: String,
    /// When it was made known.
    made_at: Moment,
}

/// One engine in one namespace.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "EngineInstance")]
struct InstanceView {
    /// Its id.
    id: Id,
    /// Id of the cluster it is on.
    engine_cluster: Id,
    /// What operators call it.
    name: String,
    /// Its namespace.
    namespace: String,
    /// Through which repo-server it reads.
    repo_server: String,
    /// How many deployments it takes.
    capacity: i32,
    /// Whether it takes any.
    state: StateView,
    /// Why not, or what is wrong with it.
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
    /// When it was made known.
    made_at: Moment,
}

/// What was made known.
#[derive(Debug, Serialize, JsonSchema)]
struct Known {
    /// Its id.
    id: Id,
    /// Its name.
    name: String,
}

/// An agent.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "Agent")]
struct AgentView {
    /// Id of its session.
    id: Id,
    /// What it is called.
    name: String,
    /// Its version.
    version: String,
    /// What it can.
    capabilities: Vec<String>,
    /// Ids of the engine clusters it serves.
    engine_clusters: Vec<Id>,
    /// Whether its lease lives.
    alive: bool,
    /// How many operations it holds.
    holds: u32,
    /// When it kept itself alive last.
    last_seen: Moment,
    /// When its session began.
    made_at: Moment,
}

async fn clusters(
    asked: Asked<OnPlatform<Auditor>>,
    _: NoQuery,
    _: Nothing,
) -> Result<Told<All<ClusterView>>, Problem> {
    let found = asked.app().list_engine_clusters(&asked.who.access).await?;
    Ok(Told(All { items: found.into_iter().map(ClusterView::from).collect() }))
}

async fn add_cluster(
    asked: Asked<OnPlatform<Operator>>,
    _: NoQuery,
    Json(body): Json<NewCluster>,
) -> Result<Made<Known>, Problem> {
    let name = named(&body.name).map_err(Problem::fields)?;
    let id = asked.app().add_engine_cluster(&asked.who.access, name.as_str(), &asked.request_id()).await?;
    Ok(Made { name: id.to_string(), thing: Known { id: Id(id.0), name: body.name } })
}

async fn instances(
    asked: Asked<OnPlatform<Auditor>>,
    query: Which,
    _: Nothing,
) -> Result<Told<All<InstanceView>>, Problem> {
    let on = super::id_asked("engineCluster", query.engine_cluster.as_deref())?.map(EngineClusterId);
    let found = asked.app().list_engine_instances(&asked.who.access, on).await?;
    Ok(Told(All { items: found.into_iter().map(InstanceView::from).collect() }))
}

async fn add_instance(
    asked: Asked<OnPlatform<Operator>>,
    _: NoQuery,
    Json(body): Json<RawInstance>,
) -> Result<Made<Known>, Problem> {
    let name = body.name.clone();
    let new = body.parse().map_err(Problem::fields)?;
    let id = asked.app().add_engine_instance(&asked.who.access, &new, &asked.request_id()).await?;
    Ok(Made { name: id.to_string(), thing: Known { id: Id(id.0), name } })
}

async fn set(
    asked: Asked<OnPlatform<Operator>>,
    _: NoQuery,
    Json(body): Json<WantedState>,
) -> Result<Finished, Problem> {
    let id: EngineInstanceId = asked.id("engineInstance")?;
    let wanted = (body.state.into(), body.reason.as_deref());
    asked.app().set_engine_instance(&asked.who.access, id, wanted, &asked.request_id()).await?;
    Ok(Finished)
}

async fn agents(
    asked: Asked<OnPlatform<Auditor>>,
    _: NoQuery,
    _: Nothing,
) -> Result<Told<All<AgentView>>, Problem> {
    let found = asked.app().list_agents(&asked.who.access).await?;
    Ok(Told(All { items: found.into_iter().map(AgentView::from).collect() }))
}

fn named(name: &str) -> Result<Name, Vec<FieldError>> {
    Name::parse(name).map_err(|flaw| vec![flaw.found_at(Pointer::root().at("name"))])
}

impl RawInstance {
    fn parse(self) -> Result<NewInstance, Vec<FieldError>> {
        let mut errors = Errors::new();
        let engine_cluster = errors.at("engineCluster", self.engine_cluster.parse());
        let name = errors.at("name", Name::parse(&self.name));
        let namespace = errors.at("namespace", Name::parse(&self.namespace));
        let repo_server = errors.at("repoServer", Name::parse(&self.repo_server));
        let capacity = i32::try_from(self.capacity).ok().filter(|capacity| (1..=MOST).contains(capacity));
        let capacity = capacity.ok_or_else(|| Flaw::new(Code::OutOfRange, format!("use 1 to {MOST}")));
        let capacity = errors.at("capacity", capacity);
        let read = || {
            Some(NewInstance {
                engine_cluster: engine_cluster?,
                name: name?.to_string(),
                namespace: namespace?.to_string(),
                repo_server: repo_server?.to_string(),
                capacity: capacity?,
            })
        };
        let new = read();
        errors.finish(new)
    }
}

impl From<EngineCluster> for ClusterView {
    fn from(cluster: EngineCluster) -> Self {
        Self { id: Id(cluster.id.0), name: cluster.name, made_at: Moment(cluster.made_at) }
    }
}

impl From<EngineInstance> for InstanceView {
    fn from(instance: EngineInstance) -> Self {
        Self {
            id: Id(instance.id.0),
            engine_cluster: Id(instance.engine_cluster.0),
            name: instance.name,
            namespace: instance.namespace,
            repo_server: instance.repo_server,
            capacity: instance.capacity,
            state: instance.state.into(),
            reason: instance.health,
            made_at: Moment(instance.made_at),
        }
    }
}

impl From<Agent> for AgentView {
    fn from(agent: Agent) -> Self {
        let said = agent.registration;
        Self {
            id: Id(agent.id.0),
            name: said.name,
            version: said.version,
            capabilities: said.capabilities,
            engine_clusters: said.engine_clusters.into_iter().map(|id| Id(id.0)).collect(),
            alive: agent.alive,
            holds: agent.holds,
            last_seen: Moment(agent.last_seen),
            made_at: Moment(agent.made_at),
        }
    }
}

impl From<InstanceState> for StateView {
    fn from(state: InstanceState) -> Self {
        match state {
            InstanceState::Active => Self::Active,
            InstanceState::Cordoned => Self::Cordoned,
            InstanceState::Unfit => Self::Unfit,
        }
    }
}

impl From<StateView> for InstanceState {
    fn from(state: StateView) -> Self {
        match state {
            StateView::Active => Self::Active,
            StateView::Cordoned => Self::Cordoned,
            StateView::Unfit => Self::Unfit,
        }
    }
}
