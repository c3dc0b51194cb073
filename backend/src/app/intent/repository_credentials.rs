//! Repository credentials: how a tenant's private repositories are read.

use std::sync::LazyLock;

use domain::field::{FieldError, Shape};
use domain::intent::Door;
use domain::intent::repository_credential::{RawRepositoryCredential, ShownRepositoryCredential, parse};
use serde_json::{Map, Value};
use store::access::{MayDeploy, MayRead};
use store::repository_credentials::{RepositoryCredential, WantedCredential};
use store::{Access, Call, Done, Filter, Listed, Named, Page, Reference};

use crate::app::intent::patch::{self, Attempts, Patched};
use crate::app::{Answer, App};

static FORM: LazyLock<Shape<RawRepositoryCredential>> = LazyLock::new(Shape::new);

/// Fields of which a body has one.
const COVERAGE: &[&str] = &["repository", "prefix"];
const WAYS: &[&str] = &["basic", "bearer", "sshKey", "githubApp"];

impl App {
    /// One credential, without its secret.
    pub async fn repository_credential(
        &self,
        access: &Access<impl MayRead>,
        credential: &Reference,
    ) -> Answer<RepositoryCredential> {
        Ok(self.store.repository_credential(access, credential).await??)
    }

    /// Credentials, by name.
    pub async fn list_repository_credentials(
        &self,
        access: &Access<impl MayRead>,
        filter: &Filter,
        page: &Page,
    ) -> Answer<Listed<RepositoryCredential>> {
        Ok(self.store.repository_credentials(access, filter, page).await?)
    }

    /// Makes a credential what the body says.
    pub async fn put_repository_credential(
        &self,
        access: &Access<impl MayDeploy>,
        credential: Reference,
        body: RawRepositoryCredential,
        call: &Call,
    ) -> Answer<Done<RepositoryCredential>> {
        let said = parse(body, &self.terms(Door::Rest))?;
        let wanted = WantedCredential { reference: credential, spec: said.spec, secret: said.secret };
        Ok(self.store.put_repository_credential(access, &wanted, call).await??)
    }

    /// Changes what the patch names. What it does not name stays, the secret too.
    pub async fn patch_repository_credential(
        &self,
        access: &Access<impl MayDeploy>,
        credential: Reference,
        patch: Map<String, Value>,
        call: &Call,
    ) -> Answer<Done<RepositoryCredential>> {
        let mut attempts = Attempts::of(call);
        loop {
            let there = self.repository_credential(access, &credential).await?;
            if there.deleting {
                return Err(store::Refused::Deleting.into());
            }
            let body = patched(&ShownRepositoryCredential::from(&there.spec), &patch)?;
            let call = attempts.on(there.version())?;
            let reference = Reference::Id(there.id.0);
            let answer = self.put_repository_credential(access, reference, body, &call).await;
            if !attempts.again(&answer) {
                return answer;
            }
        }
    }

    /// Takes a credential down that nobody uses.
    pub async fn delete_repository_credential(
        &self,
        access: &Access<impl MayDeploy>,
        credential: Reference,
        call: &Call,
    ) -> Answer<Done<Named>> {
        Ok(self.store.delete_repository_credential(access, &credential, call).await??)
    }
}

/// The body that a patch makes of what is shown: one way to log in takes the place of another, and a prefix that of an
/// address.
fn patched(
    shown: &ShownRepositoryCredential,
    patch: &Map<String, Value>,
) -> Result<RawRepositoryCredential, Vec<FieldError>> {
    let mut body = Patched::of(shown);
    for choice in [COVERAGE, WAYS] {
        for given in choice.iter().filter(|field| patch::gives(patch, field)) {
            let others: Vec<&str> = choice.iter().copied().filter(|field| field != given).collect();
            body.forget(&others);
        }
    }
    FORM.read(body.with(patch))
}
