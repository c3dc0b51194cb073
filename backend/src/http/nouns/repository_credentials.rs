//! Repository credentials: how a tenant's private repositories are read.

use std::collections::BTreeMap;

use domain::intent::repository_credential::{RawRepositoryCredential, ShownRepositoryCredential};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::json;

use super::environments::SecretView;
use crate::app::{Deployer, RepositoryCredential, Version, Viewer};
use crate::http::problem::Problem;
use crate::http::reply::{Id, Life, Moment, Pages, Removed, Shown, View, Written};
use crate::http::request::{Json, Listing, MergePatch, NoQuery, Nothing, Writing};
use crate::http::route::{Asked, Chapter, In, delete, get, patch, put};

const ALL: &str = "/v1/tenants/{tenant}/repository-credentials";
const ONE: &str = "/v1/tenants/{tenant}/repository-credentials/{credential}";

pub(super) fn chapter() -> Chapter {
    let basic = json!({
        "repository": "https://127.0.0.1:8443/acme/shop.git",
        "basic": {"username": "acme", "password": "a-password"},
    });
    let bearer = json!({
        "prefix": "https://127.0.0.1:8443/acme", "bearer": {"token": "a-token"}, "labels": {"team": "shop"},
    });
    Chapter {
        title: "Repository credentials",
        about: "How private repositories are read. Of several that fit an address, the one that fits best is used.",
        routes: vec![
            get(ALL, "listRepositoryCredentials", list).says("List repository credentials"),
            get(ONE, "getRepositoryCredential", show).says("Show a repository credential"),
            put(ONE, "putRepositoryCredential", replace)
                .says("Create or replace a repository credential")
                .notes("The secret is sealed, and never shown again. Leave it out to keep the stored one; that is refused when it would be sent elsewhere.")
                .example("basic", basic)
                .example("bearer", bearer),
            patch(ONE, "patchRepositoryCredential", change)
                .says("Change a repository credential")
                .example("labels", json!({"labels": {"team": "web"}})),
            delete(ONE, "deleteRepositoryCredential", remove)
                .says("Take a repository credential away")
                .notes("Refused while deployments need it."),
        ],
    }
}

/// A repository credential.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "RepositoryCredential")]
struct CredentialView {
    /// Its id.
    id: Id,
    /// Its name.
    name: String,
    /// How often it was changed.
    generation: u64,
    /// Whether it is there.
    state: Life,
    /// What was said, without the secret.
    spec: ShownRepositoryCredential,
    /// What may be known of its secret.
    secret: SecretView,
    /// The object that it is made from, if it is only shown here.
    #[serde(skip_serializing_if = "Option::is_none")]
    lives_in: Option<String>,
    /// When it was made.
    made_at: Moment,
    /// When it was last changed.
    changed_at: Moment,
}

/// A repository credential in a list.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "RepositoryCredentialItem")]
struct CredentialItem {
    /// Its id.
    id: Id,
    /// Its name.
    name: String,
    /// How often it was changed.
    generation: u64,
    /// Whether it is there.
    state: Life,
    /// Address of the one repository it is for.
    #[serde(skip_serializing_if = "Option::is_none")]
    repository: Option<String>,
    /// The beginning of the addresses it is for.
    #[serde(skip_serializing_if = "Option::is_none")]
    prefix: Option<String>,
    /// Labels.
    labels: BTreeMap<String, String>,
    /// When it was last changed.
    changed_at: Moment,
}

async fn list(
    asked: Asked<In<Viewer>>,
    query: Listing,
    _: Nothing,
) -> Result<Pages<CredentialItem>, Problem> {
    let list = super::NamedList::of(&asked, &query)?;
    let found = asked.app().list_repository_credentials(&asked.who.access, &list.filter, &list.page).await?;
    list.answer(&asked, found, CredentialItem::from)
}

async fn show(asked: Asked<In<Viewer>>, _: NoQuery, _: Nothing) -> Result<Shown<CredentialView>, Problem> {
    let credential = asked.reference("credential")?;
    Ok(Shown(asked.app().repository_credential(&asked.who.access, &credential).await?.into()))
}

async fn replace(
    asked: Asked<In<Deployer>>,
    query: Writing,
    Json(body): Json<RawRepositoryCredential>,
) -> Result<Written<CredentialView>, Problem> {
    let credential = asked.new_reference("credential")?;
    let call = asked.call(query.dry_run);
    Ok(Written::here(
        asked.app().put_repository_credential(&asked.who.access, credential, body, &call).await?,
    ))
}

async fn change(
    asked: Asked<In<Deployer>>,
    query: Writing,
    body: MergePatch<RawRepositoryCredential>,
) -> Result<Written<CredentialView>, Problem> {
    let credential = asked.reference("credential")?;
    let call = asked.call(query.dry_run);
    let done =
        asked.app().patch_repository_credential(&asked.who.access, credential, body.patch, &call).await?;
    Ok(Written::here(done))
}

async fn remove(asked: Asked<In<Deployer>>, query: Writing, _: Nothing) -> Result<Removed, Problem> {
    let credential = asked.reference("credential")?;
    let call = asked.call(query.dry_run);
    Ok(Removed::of(asked.app().delete_repository_credential(&asked.who.access, credential, &call).await?))
}

impl View for CredentialView {
    fn version(&self) -> Version {
        super::version(self.id, self.generation)
    }
}

impl From<RepositoryCredential> for CredentialView {
    fn from(credential: RepositoryCredential) -> Self {
        Self {
            id: Id(credential.id.0),
            name: credential.name.to_string(),
            generation: credential.generation.0,
            state: credential.deleting.into(),
            spec: ShownRepositoryCredential::from(&credential.spec),
            secret: credential.secret.into(),
            lives_in: credential.lives_in,
            made_at: Moment(credential.made_at),
            changed_at: Moment(credential.changed_at),
        }
    }
}

impl From<RepositoryCredential> for CredentialItem {
    fn from(credential: RepositoryCredential) -> Self {
        let shown = ShownRepositoryCredential::from(&credential.spec);
        Self {
            id: Id(credential.id.0),
            name: credential.name.to_string(),
            generation: credential.generation.0,
            state: credential.deleting.into(),
            repository: shown.repository,
            prefix: shown.prefix,
            labels: shown.labels,
            changed_at: Moment(credential.changed_at),
        }
    }
}
