//! Environments: where a tenant deploys to.

use std::sync::LazyLock;

use domain::field::{FieldError, Shape};
use domain::intent::Door;
use domain::intent::environment::{RawEnvironment, ShownEnvironment, parse};
use serde_json::{Map, Value};
use store::access::{MayDeploy, MayRead, Platform};
use store::deployments::Parting;
use store::environments::{Cascade, Environment, WantedEnvironment};
use store::{Access, Call, Done, Filter, Listed, Named, Page, Reference};

use crate::app::intent::patch::{self, Attempts, Patched};
use crate::app::{Answer, App};

static FORM: LazyLock<Shape<RawEnvironment>> = LazyLock::new(Shape::new);

impl App {
    /// One environment.
    pub async fn environment(
        &self,
        access: &Access<impl MayRead>,
        environment: &Reference,
    ) -> Answer<Environment> {
        Ok(self.store.environment(access, environment).await??)
    }

    /// Environments, by name.
    pub async fn list_environments(
        &self,
        access: &Access<impl MayRead>,
        filter: &Filter,
        page: &Page,
    ) -> Answer<Listed<Environment>> {
        Ok(self.store.environments(access, filter, page).await?)
    }

    /// Makes an environment what the body says.
    pub async fn put_environment(
        &self,
        access: &Access<impl MayDeploy>,
        environment: Reference,
        body: RawEnvironment,
        call: &Call,
    ) -> Answer<Done<Environment>> {
        let said = parse(body, &self.terms(Door::Rest))?;
        let wanted = WantedEnvironment { reference: environment, spec: said.spec, secret: said.secret };
        Ok(self.store.put_environment(access, &wanted, call).await??)
    }

    /// Changes what the patch names. What it does not name stays, the secret too.
    pub async fn patch_environment(
        &self,
        access: &Access<impl MayDeploy>,
        environment: Reference,
        patch: Map<String, Value>,
        call: &Call,
    ) -> Answer<Done<Environment>> {
        let mut attempts = Attempts::of(call);
        loop {
            let there = self.environment(access, &environment).await?;
            if there.deleting {
                return Err(store::Refused::Deleting.into());
            }
            let body = patched(&ShownEnvironment::from(&there.spec), &patch)?;
            let call = attempts.on(there.version())?;
            let reference = Reference::Id(there.id.0);
            let answer = self.put_environment(access, reference, body, &call).await;
            if !attempts.again(&answer) {
                return answer;
            }
        }
    }

    /// Takes an environment down; with `cascade` also all that is deployed to it, first.
    pub async fn delete_environment(
        &self,
        access: &Access<impl MayDeploy>,
        environment: Reference,
        cascade: bool,
        call: &Call,
    ) -> Answer<Done<Named>> {
        let cascade = if cascade { Cascade::Yes } else { Cascade::No };
        Ok(self.store.delete_environment(access, &environment, (cascade, call)).await??)
    }

    /// Has an environment's API server asked who we are there.
    pub async fn check_environment(
        &self,
        access: &Access<impl MayDeploy>,
        environment: Reference,
        call: &Call,
    ) -> Answer<Done<Environment>> {
        Ok(self.store.request_check(access, &environment, call).await??)
    }

    /// Goes on with environments that go after all that is in them: the deployments first, page by page.
    pub async fn end_environments(&self, job: &Access<Platform>) -> Answer<()> {
        for ending in self.store.ending_environments(job).await? {
            let access = job.in_tenant(ending.tenant);
            let request_id = format!("end of environment {}", ending.environment);
            let call = Call { request_id, ..Call::default() };
            for user in &ending.users {
                let which = Reference::Id(user.0);
                // What refuses today is asked again the next time.
                let _refused = self.store.delete_deployment(&access, &which, (Parting::Prune, &call)).await?;
            }
            if ending.users.is_empty() {
                let which = Reference::Id(ending.environment.0);
                let _refused = self.store.delete_environment(&access, &which, (Cascade::Yes, &call)).await?;
            }
        }
        Ok(())
    }
}

/// The body that a patch makes of what is shown. What is given to log in with takes the place of what was there, of
/// whatever kind; the same goes for a kubeconfig, which says all of that at once.
fn patched(shown: &ShownEnvironment, patch: &Map<String, Value>) -> Result<RawEnvironment, Vec<FieldError>> {
    let mut body = Patched::of(shown);
    if patch::gives(patch, "token") {
        body.forget(&["clientCertificate"]);
    }
    if patch::gives(patch, "kubeconfig") {
        body.forget(&["server", "ca", "skipTlsVerify", "clientCertificate"]);
    }
    FORM.read(body.with(patch))
}
