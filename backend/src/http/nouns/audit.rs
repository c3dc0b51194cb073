//! The audit: who did what, and when.

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::app::{AuditFilter, AuditPage, AuditPlace, Audited, Auditor, Viewer};
use crate::http::problem::Problem;
use crate::http::reply::{Cursors, Id, Limit, Moment, Page, Pages};
use crate::http::request::Nothing;
use crate::http::route::{Asked, Chapter, In, OnPlatform, get};

pub(super) fn chapter() -> Chapter {
    Chapter {
        title: "Audit",
        about: "Who did what, and when. It cannot be changed.",
        routes: vec![
            get("/v1/tenants/{tenant}/audit", "listAudit", list).says("List what was done in a tenant"),
            get("/v1/audit", "listPlatformAudit", everywhere)
                .says("List what was done to the platform, and in all tenants"),
        ],
    }
}

/// What is asked of the audit.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Which {
    /// How many: 1 to 200, and 50 if it is absent.
    limit: Option<i64>,
    /// What the page before said is the next one.
    page_token: Option<String>,
    /// Only what this principal did.
    principal: Option<String>,
    /// Only what was done to this sort of thing: `deployment` and so on.
    noun: Option<String>,
    /// Only what was done to the thing with this id.
    resource: Option<String>,
}

/// Something that was done.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "AuditEntry")]
struct EntryView {
    /// When.
    at: Moment,
    /// In which tenant. Absent: it was done to the platform.
    #[serde(skip_serializing_if = "Option::is_none")]
    tenant_id: Option<Id>,
    /// Who did it.
    principal: String,
    /// What: `deployment.put` and so on.
    action: String,
    /// To what sort of thing.
    noun: String,
    /// To which.
    resource_id: Id,
    /// What that was called then.
    resource_name: String,
    /// Its generation from then on.
    #[serde(skip_serializing_if = "Option::is_none")]
    generation: Option<u64>,
    /// Which request it was.
    request_id: String,
    /// What else is worth to know.
    #[serde(skip_serializing_if = "Option::is_none")]
    detail: Option<Value>,
}

async fn list(asked: Asked<In<Viewer>>, query: Which, _: Nothing) -> Result<Pages<EntryView>, Problem> {
    let cursors = cursors(&asked, &query);
    let (filter, page) = query.read(&cursors)?;
    shown(&cursors, asked.app().audit(&asked.who.access, &filter, page).await?)
}

async fn everywhere(
    asked: Asked<OnPlatform<Auditor>>,
    query: Which,
    _: Nothing,
) -> Result<Pages<EntryView>, Problem> {
    let cursors = cursors(&asked, &query);
    let (filter, page) = query.read(&cursors)?;
    shown(&cursors, asked.app().platform_audit(&asked.who.access, &filter, page).await?)
}

fn cursors<'a, N>(asked: &'a Asked<N>, query: &Which) -> Cursors<'a> {
    let Which { principal, noun, resource, limit: _, page_token: _ } = query;
    Cursors::new(asked.app(), format!("{} {principal:?} {noun:?} {resource:?}", asked.said().path))
}

fn shown(cursors: &Cursors<'_>, found: AuditPage) -> Result<Pages<EntryView>, Problem> {
    let next = found.next.map(|next| cursors.token(&(next.at, next.place))).transpose()?;
    Ok(Pages(Page { items: found.items.into_iter().map(EntryView::from).collect(), next_page_token: next }))
}

impl Which {
    fn read(self, cursors: &Cursors<'_>) -> Result<(AuditFilter, (Option<AuditPlace>, u16)), Problem> {
        let limit = Limit::asked(self.limit)?.small();
        let before = cursors.place::<(Timestamp, i64)>(self.page_token.as_deref())?;
        let before = before.map(|(at, place)| AuditPlace { at, place });
        let resource = self.resource.as_deref().map(super::id_asked("resource")).transpose()?;
        Ok((AuditFilter { principal: self.principal, noun: self.noun, resource }, (before, limit)))
    }
}

impl From<Audited> for EntryView {
    fn from(entry: Audited) -> Self {
        Self {
            at: Moment(entry.place.at),
            tenant_id: entry.tenant.map(|tenant| Id(tenant.0)),
            principal: entry.principal,
            action: entry.action,
            noun: entry.noun,
            resource_id: Id(entry.resource),
            resource_name: entry.resource_name,
            generation: entry.generation.map(|generation| generation.0),
            request_id: entry.request_id,
            detail: entry.detail,
        }
    }
}
