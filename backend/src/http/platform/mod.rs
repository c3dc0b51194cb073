//! What operators see and do.

mod engines;
mod operations;
mod people;
mod placements;
mod stops;

use uuid::Uuid;

use super::problem::Problem;
use super::route::Chapter;
use domain::field::{Flaw, Pointer};

/// In the order of the reference.
pub(super) fn chapters() -> Vec<Chapter> {
    vec![
        engines::chapter(),
        placements::chapter(),
        operations::chapter(),
        stops::chapter(),
        people::chapter(),
    ]
}

/// Reads an id that a parameter of a query names.
fn id_asked(parameter: &'static str, text: Option<&str>) -> Result<Option<Uuid>, Problem> {
    let Some(text) = text else { return Ok(None) };
    let id = Uuid::try_parse(text).ok().filter(|id| id.hyphenated().to_string() == text);
    id.map(Some).ok_or_else(|| {
        let flaw = Flaw::malformed("give an id, like 018f2b5e-7c1d-7a4e-9b3a-5d0c1e2f3a4b");
        Problem::parameters(vec![flaw.found_at(Pointer::root().at(parameter))])
    })
}
