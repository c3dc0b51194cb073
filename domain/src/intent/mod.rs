//! What users say: which source goes to which environment, and with which credentials.
//!
//! Each noun has its body (`Raw…`: what JSON may hold, with the schema of it), its specification (what it means, with
//! all defaults filled in) and one `parse` between them that gives all field errors at once. Both front doors call it.
//! Nothing here looks whether what is named exists.

mod pem;
mod stored;
mod terms;

pub mod deployment;
pub mod environment;
pub mod repository_credential;
pub mod repository_url;
pub mod source;
pub mod sync_run;

pub use pem::Certificates;
pub use stored::{Stored, UnreadableSpec};
pub use terms::{Door, Terms, Unverified};
