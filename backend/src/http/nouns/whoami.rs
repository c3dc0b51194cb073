//! Who somebody is here.

use schemars::JsonSchema;
use serde::Serialize;

use crate::http::problem::Problem;
use crate::http::reply::Told;
use crate::http::request::{NoQuery, Nothing};
use crate::http::route::{Asked, Chapter, Signed, get};

pub(super) fn chapter() -> Chapter {
    Chapter {
        title: "Who am I",
        about: "What Argosy takes the caller for.",
        routes: vec![get("/v1/whoami", "whoAmI", show).says("Who am I")],
    }
}

/// What Argosy takes the caller for.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "Whoami")]
struct Me {
    /// Who it is: `issuer:subject`, or `key:id`.
    principal: String,
    /// The groups that the token names.
    groups: Vec<String>,
    /// It is an API key.
    api_key: bool,
    /// What it is to the platform: `operator`, `auditor`, `founder`.
    platform_roles: Vec<String>,
}

async fn show(asked: Asked<Signed>, _: NoQuery, _: Nothing) -> Result<Told<Me>, Problem> {
    let caller = &asked.who.0;
    let roles = asked.app().platform_roles(caller).await?;
    Ok(Told(Me {
        principal: caller.principal().to_string(),
        groups: caller.groups().iter().map(ToString::to_string).collect(),
        api_key: caller.is_key(),
        platform_roles: roles.into_iter().map(|role| role.to_string()).collect(),
    }))
}
