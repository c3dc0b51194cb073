//! API keys: for programs, each with no more than its maker has.

use domain::access::{KeyScope, Role};
use domain::ids::ApiKeyId;
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::json;
use uuid::Uuid;

use crate::app::{ApiKey, MadeKey, RawApiKey, Version, Viewer};
use crate::http::problem::Problem;
use crate::http::reply::{Cursors, Id, Limit, Moment, Page, Pages, Removed, View, Written};
use crate::http::request::{Json, Nothing, Paging, Writing};
use crate::http::route::{Asked, Chapter, In, delete, get, post};

const ALL: &str = "/v1/tenants/{tenant}/api-keys";
const ONE: &str = "/v1/tenants/{tenant}/api-keys/{key}";

pub(super) fn chapter() -> Chapter {
    Chapter {
        title: "API keys",
        about: "For programs. A key may no more than whoever made it, and ends with them.",
        routes: vec![
            get(ALL, "listApiKeys", list)
                .says("List API keys")
                .notes("An owner sees all of the tenant, everybody else their own."),
            post(ALL, "createApiKey", make)
                .says("Make an API key")
                .notes("The key is in this answer, and never shown again. A key cannot make keys.")
                .example("ci", json!({"name": "CI", "role": "deployer", "scopes": ["deploy"]})),
            delete(ONE, "deleteApiKey", revoke)
                .says("End an API key")
                .notes("An owner any, everybody their own, and a key itself."),
        ],
    }
}

/// An API key.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "ApiKey")]
struct KeyView {
    /// Its id; it is in the key.
    id: Id,
    /// What people call it.
    name: String,
    /// What it may, at most.
    role: Role,
    /// What of that it is for.
    scopes: Vec<KeyScope>,
    /// The key itself. Only in the answer that made it.
    #[serde(skip_serializing_if = "Option::is_none")]
    key: Option<String>,
    /// The member without whom it is nothing.
    vouched_by: String,
    /// When it was made.
    made_at: Moment,
    /// Who made it.
    made_by: String,
    /// Until when it is good.
    #[serde(skip_serializing_if = "Option::is_none")]
    expires_at: Option<Moment>,
    /// When it was last used, to the hour.
    #[serde(skip_serializing_if = "Option::is_none")]
    last_used_at: Option<Moment>,
    /// Since when it is no longer good.
    #[serde(skip_serializing_if = "Option::is_none")]
    revoked_at: Option<Moment>,
}

async fn list(asked: Asked<In<Viewer>>, query: Paging, _: Nothing) -> Result<Pages<KeyView>, Problem> {
    let cursors = Cursors::new(asked.app(), asked.said().path.clone());
    let after = cursors.place::<Uuid>(query.page_token.as_deref())?.map(ApiKeyId);
    let limit = Limit::asked(query.limit)?;
    let found = asked.app().api_keys(&asked.who.admitted, (after, limit.small())).await?;
    let next = found.next.map(|next| cursors.token(&next.0)).transpose()?;
    Ok(Pages(Page { items: found.items.into_iter().map(KeyView::from).collect(), next_page_token: next }))
}

async fn make(
    asked: Asked<In<Viewer>>,
    query: Writing,
    Json(body): Json<RawApiKey>,
) -> Result<Written<KeyView>, Problem> {
    let call = asked.call(query.dry_run);
    let done = asked.app().create_api_key(&asked.who.admitted, body, &call).await?;
    let name = done.thing.key.id.to_string();
    Ok(Written::below(done, name))
}

async fn revoke(asked: Asked<In<Viewer>>, query: Writing, _: Nothing) -> Result<Removed, Problem> {
    let id: ApiKeyId = asked.id("key")?;
    let call = asked.call(query.dry_run);
    let done = asked.app().revoke_api_key(&asked.who.admitted, id, &call).await?;
    let name = done.thing.as_ref().map(|key| key.name.to_string()).unwrap_or_default();
    Ok(Removed::named(&done, Id(id.0), name))
}

impl View for KeyView {
    fn version(&self) -> Version {
        super::version(self.id, 1)
    }
}

impl From<ApiKey> for KeyView {
    fn from(key: ApiKey) -> Self {
        Self {
            id: Id(key.id.0),
            name: key.name.to_string(),
            role: key.role,
            scopes: key.scopes,
            key: None,
            vouched_by: key.vouched_by.to_string(),
            made_at: Moment(key.made_at),
            made_by: key.made_by,
            expires_at: key.expires_at.map(Moment),
            last_used_at: key.last_used_at.map(Moment),
            revoked_at: key.revoked_at.map(Moment),
        }
    }
}

impl From<MadeKey> for KeyView {
    fn from(made: MadeKey) -> Self {
        let text = made.secret.map(|secret| secret.expose().clone());
        Self { key: text, ..Self::from(made.key) }
    }
}
