//! Engines, for operators: clusters that host them, instances, what is placed where, and where nothing is to be claimed.

use domain::ids::{EngineClusterId, EngineInstanceId, EnvironmentId};
use store::access::Operator;
use store::placements::{PlacementShown, PrivateUrl};
use store::{
    Access, AgentView, EngineCluster, EngineInstance, InstanceState, MayAudit, NewInstance, Stop, StopScope,
};
use uuid::Uuid;

use super::{Answer, App};

impl App {
    /// All engine clusters, by name.
    pub async fn list_engine_clusters(&self, access: &Access<impl MayAudit>) -> Answer<Vec<EngineCluster>> {
        Ok(self.store.engine_clusters(access).await?)
    }

    /// Makes an engine cluster known, by the name that agents are configured with.
    pub async fn add_engine_cluster(
        &self,
        access: &Access<Operator>,
        name: &str,
        request: &str,
    ) -> Answer<EngineClusterId> {
        Ok(self.store.add_engine_cluster(access, name, request).await??)
    }

    /// All engine instances, by name; perhaps of one engine cluster only.
    pub async fn list_engine_instances(
        &self,
        access: &Access<impl MayAudit>,
        on: Option<EngineClusterId>,
    ) -> Answer<Vec<EngineInstance>> {
        Ok(self.store.engine_instances(access, on).await?)
    }

    /// Makes an engine instance known. It takes placements from now on.
    pub async fn add_engine_instance(
        &self,
        access: &Access<Operator>,
        new: &NewInstance,
        request: &str,
    ) -> Answer<EngineInstanceId> {
        Ok(self.store.add_engine_instance(access, new, request).await??)
    }

    /// Cordons an instance, or lets it take placements again; with what is wrong with it, if something is.
    pub async fn set_engine_instance(
        &self,
        access: &Access<Operator>,
        id: EngineInstanceId,
        (state, health): (InstanceState, Option<&str>),
        request: &str,
    ) -> Answer<()> {
        if self.store.set_engine_instance(access, id, (state, health), request).await? {
            return Ok(());
        }
        Err(store::Refused::Absent { noun: "engine instance" }.into())
    }

    /// What is placed where, and why, by environment; perhaps on one instance only.
    pub async fn list_placements(
        &self,
        access: &Access<impl MayAudit>,
        instance: Option<EngineInstanceId>,
        after: Option<EnvironmentId>,
        limit: u16,
    ) -> Answer<Vec<PlacementShown>> {
        Ok(self.store.placements(access, instance, after, limit).await?)
    }

    /// The private repositories of a repo-server, and whose they are.
    pub async fn list_private_urls(
        &self,
        access: &Access<impl MayAudit>,
        repo_server: &str,
    ) -> Answer<Vec<PrivateUrl>> {
        Ok(self.store.private_urls(access, repo_server).await?)
    }

    /// The agents that were seen lately.
    pub async fn list_agents(&self, access: &Access<impl MayAudit>) -> Answer<Vec<AgentView>> {
        Ok(self.store.agents(access).await?)
    }

    /// Where nothing is claimed.
    pub async fn list_stops(&self, access: &Access<Operator>) -> Answer<Vec<Stop>> {
        Ok(self.store.stops(access).await?)
    }

    /// Has nothing claimed there, until it is resumed.
    pub async fn add_stop(
        &self,
        access: &Access<Operator>,
        scope: StopScope,
        reason: &str,
        request: &str,
    ) -> Answer<Uuid> {
        Ok(self.store.stop(access, scope, reason, request).await?)
    }

    /// Lets things be claimed again.
    pub async fn end_stop(&self, access: &Access<Operator>, stop: Uuid, request: &str) -> Answer<()> {
        if self.store.resume(access, stop, request).await? {
            return Ok(());
        }
        Err(store::Refused::Absent { noun: "stop" }.into())
    }
}
