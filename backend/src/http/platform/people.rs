//! Who may what on the platform: members, and keys of operators.

use domain::access::{PlatformRole, Principal};
use domain::field::Pointer;
use domain::ids::ApiKeyId;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::app::{Auditor, Operator, OperatorKey, PlatformMember};
use crate::http::problem::Problem;
use crate::http::reply::{Finished, Id, Moment, Told};
use crate::http::request::{Json, NoQuery, Nothing};
use crate::http::route::{Asked, Chapter, OnPlatform, delete, get, put};

const MEMBERS: &str = "/v1/platform-members";
const MEMBER: &str = "/v1/platform-members/{member}";

pub(super) fn chapter() -> Chapter {
    Chapter {
        title: "People of the platform",
        about: "For operators: who may what on the platform.",
        routes: vec![
            get(MEMBERS, "listPlatformMembers", members).says("List who has a role on the platform"),
            put(MEMBER, "putPlatformMember", put_member)
                .says("Give somebody a role on the platform")
                .example("auditor", json!({"role": "auditor"})),
            delete(MEMBER, "deletePlatformMember", remove_member)
                .says("Take somebody's role on the platform"),
            get("/v1/operator-keys", "listOperatorKeys", keys).says("List keys of operators"),
            delete("/v1/operator-keys/{key}", "deleteOperatorKey", revoke).says("End a key of an operator"),
        ],
    }
}

/// What somebody is to be.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct WantedPlatformMember {
    /// What they may.
    role: PlatformRole,
}

/// Somebody with a role on the platform.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "PlatformMember")]
struct MemberView {
    /// Who: `issuer:subject`, or `group:issuer:name`.
    principal: String,
    /// What they may.
    role: PlatformRole,
    /// Since when.
    made_at: Moment,
    /// Who said so.
    made_by: String,
}

/// Everybody.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "PlatformMemberList")]
struct Members {
    /// In order.
    items: Vec<MemberView>,
}

/// A key of an operator.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "OperatorKey")]
struct KeyView {
    /// Its id; it is in the key.
    id: Id,
    /// What people call it.
    name: String,
    /// What it may.
    role: PlatformRole,
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

/// All keys.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "OperatorKeyList")]
struct Keys {
    /// The newest first.
    items: Vec<KeyView>,
}

async fn members(
    asked: Asked<OnPlatform<Auditor>>,
    _: NoQuery,
    _: Nothing,
) -> Result<Told<Members>, Problem> {
    let found = asked.app().platform_members(&asked.who.access).await?;
    Ok(Told(Members { items: found.into_iter().map(MemberView::from).collect() }))
}

async fn put_member(
    asked: Asked<OnPlatform<Operator>>,
    _: NoQuery,
    Json(body): Json<WantedPlatformMember>,
) -> Result<Told<MemberView>, Problem> {
    let principal = Principal::parse(asked.said().parameter("member"))
        .map_err(|flaw| Problem::parameters(vec![flaw.found_at(Pointer::root().at("member"))]))?;
    let call = asked.call(false);
    let done = asked.app().put_platform_member(&asked.who.access, (&principal, body.role), &call).await?;
    Ok(Told(done.thing.into()))
}

async fn remove_member(
    asked: Asked<OnPlatform<Operator>>,
    _: NoQuery,
    _: Nothing,
) -> Result<Finished, Problem> {
    let principal =
        Principal::parse(asked.said().parameter("member")).map_err(|_| Problem::absent("member"))?;
    asked.app().remove_platform_member(&asked.who.access, &principal, &asked.call(false)).await?;
    Ok(Finished)
}

async fn keys(asked: Asked<OnPlatform<Auditor>>, _: NoQuery, _: Nothing) -> Result<Told<Keys>, Problem> {
    let found = asked.app().operator_keys(&asked.who.access).await?;
    Ok(Told(Keys { items: found.into_iter().map(KeyView::from).collect() }))
}

async fn revoke(asked: Asked<OnPlatform<Operator>>, _: NoQuery, _: Nothing) -> Result<Finished, Problem> {
    let id: ApiKeyId = asked.id("key")?;
    asked.app().revoke_operator_key(&asked.who.access, id, &asked.call(false)).await?;
    Ok(Finished)
}

impl From<PlatformMember> for MemberView {
    fn from(member: PlatformMember) -> Self {
        Self {
            principal: member.principal.to_string(),
            role: member.role,
            made_at: Moment(member.made_at),
            made_by: member.made_by,
        }
    }
}

impl From<OperatorKey> for KeyView {
    fn from(key: OperatorKey) -> Self {
        Self {
            id: Id(key.id.0),
            name: key.name.to_string(),
            role: key.role,
            made_at: Moment(key.made_at),
            made_by: key.made_by,
            expires_at: key.expires_at.map(Moment),
            last_used_at: key.last_used_at.map(Moment),
            revoked_at: key.revoked_at.map(Moment),
        }
    }
}
