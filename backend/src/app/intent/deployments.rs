//! Deployments: what goes where.

use std::sync::LazyLock;

use domain::field::Shape;
use domain::intent::Door;
use domain::intent::deployment::{RawDeployment, parse};
use serde_json::{Map, Value};
use store::deployments::{
    Deployment, DeploymentFilter, DeploymentInFull, DeploymentItem, Origin, Parting, WantedDeployment,
};
use store::{Access, Call, Done, Listed, MayDeploy, MayRead, MaySync, Named, Page, Reference};

use crate::app::intent::patch::{self, Attempts, Patched};
use crate::app::{Answer, App};

static FORM: LazyLock<Shape<RawDeployment>> = LazyLock::new(Shape::new);

impl App {
    /// One deployment, with all that is known of it: its status, resources and history, and why it is where it is.
    pub async fn deployment(
        &self,
        access: &Access<impl MayRead>,
        deployment: &Reference,
    ) -> Answer<DeploymentInFull> {
        Ok(self.store.deployment_in_full(access, deployment).await??)
    }

    /// Deployments, by name.
    pub async fn list_deployments(
        &self,
        access: &Access<impl MayRead>,
        filter: &DeploymentFilter,
        page: &Page,
    ) -> Answer<Listed<DeploymentItem>> {
        Ok(self.store.deployments(access, filter, page).await?)
    }

    /// Makes a deployment what the body says.
    pub async fn put_deployment(
        &self,
        access: &Access<impl MayDeploy>,
        deployment: Reference,
        body: RawDeployment,
        call: &Call,
    ) -> Answer<Done<Deployment>> {
        let spec = parse(body, &self.terms(Door::Rest))?;
        let wanted = WantedDeployment { reference: deployment, spec, origin: Origin::Rest };
        Ok(self.store.put_deployment(access, &wanted, call).await??)
    }

    /// Changes what the patch names, and leaves the rest.
    pub async fn patch_deployment(
        &self,
        access: &Access<impl MayDeploy>,
        deployment: Reference,
        patch: Map<String, Value>,
        call: &Call,
    ) -> Answer<Done<Deployment>> {
        let mut attempts = Attempts::of(call);
        loop {
            let there = self.store.deployment(access, &deployment).await??;
            if there.deleting {
                return Err(store::Refused::Deleting.into());
            }
            let body = FORM.read(patched(&there, &patch).with(&patch))?;
            let call = attempts.on(there.version())?;
            let answer = self.put_deployment(access, Reference::Id(there.id.0), body, &call).await;
            if !attempts.again(&answer) {
                return answer;
            }
        }
    }

    /// Takes a deployment down. What was deployed goes too; with `abandon` it stays behind.
    pub async fn delete_deployment(
        &self,
        access: &Access<impl MayDeploy>,
        deployment: Reference,
        parting: Parting,
        call: &Call,
    ) -> Answer<Done<Named>> {
        Ok(self.store.delete_deployment(access, &deployment, (parting, call)).await??)
    }

    /// Has a deployment compared with its source now.
    pub async fn refresh_deployment(
        &self,
        access: &Access<impl MaySync>,
        deployment: Reference,
        call: &Call,
    ) -> Answer<Done<Deployment>> {
        Ok(self.store.refresh_deployment(access, &deployment, call).await??)
    }
}

/// What there is, as a body. What a patch replaces as a whole is left out of it: one source by several and back, and the
/// switches of a policy that has another mode then.
fn patched(there: &Deployment, patch: &Map<String, Value>) -> Patched {
    let mut shown = RawDeployment::from(&there.spec);
    if let Some(mode) = patch.get("policy").and_then(|policy| policy.get("mode"))
        && serde_json::to_value(shown.policy.mode).ok().as_ref() != Some(mode)
    {
        (shown.policy.prune, shown.policy.self_heal, shown.policy.allow_empty) = (None, None, None);
    }
    let mut body = Patched::of(&shown);
    if patch::gives(patch, "sources") {
        body.forget(&["source"]);
    }
    if patch::gives(patch, "source") {
        body.forget(&["sources"]);
    }
    body
}
