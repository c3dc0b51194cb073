//! What tenants have: one file a noun, with its routes, its bodies and its views.

mod api_keys;
mod audit;
mod deployments;
mod environments;
mod events;
mod members;
mod operations;
mod repository_credentials;
mod sync_runs;
mod tenants;
mod whoami;

use uuid::Uuid;

use super::problem::Problem;
use super::reply::{Cursors, Id, Limit, Page, Pages};
use super::request::{Listing, filter};
use super::route::{Asked, Chapter};
use crate::app::{self, After, Filter, Listed, Version};
use domain::field::{Flaw, Pointer};
use domain::ids::Generation;
use domain::text::Name;

pub(super) use operations::OperationView;

/// In the order of the reference.
pub(super) fn chapters() -> Vec<Chapter> {
    vec![
        tenants::chapter(),
        members::chapter(),
        api_keys::chapter(),
        environments::chapter(),
        repository_credentials::chapter(),
        deployments::chapter(),
        sync_runs::chapter(),
        operations::chapter(),
        events::chapter(),
        audit::chapter(),
        whoami::chapter(),
    ]
}

/// A page of a list of named things, as it was asked for.
pub(super) struct NamedList {
    filter: Filter,
    page: app::Page,
    /// What its tokens are bound to.
    list: String,
}

impl NamedList {
    /// Reads the parameters that all lists of named things have.
    fn of<N>(asked: &Asked<N>, query: &Listing) -> Result<Self, Problem> {
        let filtered = format!("{:?} {:?}", query.prefix, query.labels);
        let filter = filter(query.prefix.as_deref(), query.labels.as_deref())?;
        Self::filtered(asked, (query.limit, query.page_token.as_deref()), filter, &filtered)
    }

    /// The same with filters that only one list has; `filtered` tells them apart.
    fn filtered<N>(
        asked: &Asked<N>,
        (limit, token): (Option<i64>, Option<&str>),
        filter: Filter,
        filtered: &str,
    ) -> Result<Self, Problem> {
        let list = format!("{} {filtered}", asked.said().path);
        let place = Cursors::new(asked.app(), list.clone()).place::<(String, Uuid)>(token)?;
        let after = place.and_then(|(name, id)| Some(After { name: Name::parse(&name).ok()?, id }));
        let limit = Limit::asked(limit)?.small();
        Ok(Self { filter, page: app::Page { after, limit }, list })
    }

    /// The page that was found.
    fn answer<N, T, V>(
        self,
        asked: &Asked<N>,
        found: Listed<T>,
        shown: impl Fn(T) -> V,
    ) -> Result<Pages<V>, Problem> {
        let cursors = Cursors::new(asked.app(), self.list);
        let next = found.next.map(|after| cursors.token(&(after.name.to_string(), after.id))).transpose()?;
        Ok(Pages(Page { items: found.items.into_iter().map(shown).collect(), next_page_token: next }))
    }
}

/// Reads an id that a parameter of a query names.
fn id_asked(parameter: &'static str) -> impl Fn(&str) -> Result<Uuid, Problem> {
    move |text| {
        let id = Uuid::try_parse(text).ok().filter(|id| id.hyphenated().to_string() == text);
        id.ok_or_else(|| {
            let flaw = Flaw::malformed("give an id, like 018f2b5e-7c1d-7a4e-9b3a-5d0c1e2f3a4b");
            Problem::parameters(vec![flaw.found_at(Pointer::root().at(parameter))])
        })
    }
}

/// What the tag of a thing says.
fn version(id: Id, generation: u64) -> Version {
    Version { id: id.0, generation: Generation(generation) }
}
