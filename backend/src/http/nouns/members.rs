//! Members: who may do what in a tenant.

use domain::access::{Principal, Role};
use domain::field::{Flaw, Pointer};
use domain::ids::TenantId;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::app::{Member, Owner, Version, Viewer};
use crate::http::problem::Problem;
use crate::http::reply::{Cursors, Id, Limit, Moment, Page, Pages, Removed, Shown, View, Written};
use crate::http::request::{Json, NoQuery, Nothing, Paging, Writing};
use crate::http::route::{Asked, Chapter, In, delete, get, put};

const ALL: &str = "/v1/tenants/{tenant}/members";
const ONE: &str = "/v1/tenants/{tenant}/members/{member}";

pub(super) fn chapter() -> Chapter {
    Chapter {
        title: "Members",
        about: "Who may do what in the tenant: people, services and groups, each in a role.",
        routes: vec![
            get(ALL, "listMembers", list).says("List members"),
            get(ONE, "getMember", show).says("Show a member"),
            put(ONE, "putMember", replace)
                .says("Make somebody a member, or give them another role")
                .notes("The last owner stays an owner.")
                .example("deployer", json!({"role": "deployer"})),
            delete(ONE, "deleteMember", remove).says("End a membership").notes("The last owner stays."),
        ],
    }
}

/// What somebody is to be.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct WantedMember {
    /// What they may.
    role: Role,
}

/// A member.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "Member")]
struct MemberView {
    #[serde(skip)]
    id: Id,
    /// Who: `issuer:subject`, or `group:issuer:name`.
    principal: String,
    /// What they may.
    role: Role,
    /// How often that was changed.
    generation: u64,
    /// Since when.
    made_at: Moment,
    /// Who said so first.
    made_by: String,
    /// When it was last changed.
    changed_at: Moment,
}

async fn list(asked: Asked<In<Viewer>>, query: Paging, _: Nothing) -> Result<Pages<MemberView>, Problem> {
    let cursors = Cursors::new(asked.app(), asked.said().path.clone());
    let after = cursors.place::<String>(query.page_token.as_deref())?;
    let after = after.and_then(|after| Principal::parse(&after).ok());
    let limit = Limit::asked(query.limit)?;
    let found = asked.app().members(&asked.who.access, (after.as_ref(), limit.small())).await?;
    let next = found.next.map(|next| cursors.token(&next.as_str())).transpose()?;
    let tenant = asked.who.access.tenant();
    let items = found.items.into_iter().map(|member| MemberView::of(member, tenant)).collect();
    Ok(Pages(Page { items, next_page_token: next }))
}

async fn show(asked: Asked<In<Viewer>>, _: NoQuery, _: Nothing) -> Result<Shown<MemberView>, Problem> {
    let principal = principal(&asked).map_err(|_| Problem::absent("member"))?;
    let member = asked.app().member(&asked.who.access, &principal).await?;
    Ok(Shown(MemberView::of(member, asked.who.access.tenant())))
}

async fn replace(
    asked: Asked<In<Owner>>,
    query: Writing,
    Json(body): Json<WantedMember>,
) -> Result<Written<MemberView>, Problem> {
    let principal = principal(&asked)
        .map_err(|flaw| Problem::parameters(vec![flaw.found_at(Pointer::root().at("member"))]))?;
    let call = asked.call(query.dry_run);
    let done = asked.app().put_member(&asked.who.access, (&principal, body.role), &call).await?;
    let tenant = asked.who.access.tenant();
    Ok(Written::shown(done, |member| MemberView::of(member, tenant)))
}

async fn remove(asked: Asked<In<Owner>>, query: Writing, _: Nothing) -> Result<Removed, Problem> {
    let principal = principal(&asked).map_err(|_| Problem::absent("member"))?;
    let call = asked.call(query.dry_run);
    let done = asked.app().remove_member(&asked.who.access, &principal, &call).await?;
    let id = Member::id(asked.who.access.tenant(), &principal);
    Ok(Removed::named(&done, Id(id), principal.to_string()))
}

fn principal<N>(asked: &Asked<N>) -> Result<Principal, Flaw> {
    Principal::parse(asked.said().parameter("member"))
}

impl MemberView {
    fn of(member: Member, tenant: TenantId) -> Self {
        Self {
            id: Id(Member::id(tenant, &member.principal)),
            principal: member.principal.to_string(),
            role: member.role,
            generation: member.generation.0,
            made_at: Moment(member.made_at),
            made_by: member.made_by,
            changed_at: Moment(member.changed_at),
        }
    }
}

impl View for MemberView {
    fn version(&self) -> Version {
        super::version(self.id, self.generation)
    }
}
