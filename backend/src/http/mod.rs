//! The REST door: routes, bodies, problems.
//!
//! Called by HTTP clients alone. It parses, asks a use case once and shows the answer; it never sees SQL. `route` takes
//! every request through the same steps; `nouns` and `platform` say what there is; `openapi` says it to the world.

mod args;
mod front;
mod nouns;
mod openapi;
mod platform;
mod problem;
mod reply;
mod request;
mod route;
mod router;
mod shield;

use route::Chapter;

pub use args::Args;
pub use front::Front;
pub use openapi::yaml;
pub use router::router;
pub use shield::{Origins, Seen};

/// Everything there is, in the order of the reference.
fn chapters() -> Vec<Chapter> {
    [nouns::chapters(), platform::chapters()].into_iter().flatten().collect()
}
