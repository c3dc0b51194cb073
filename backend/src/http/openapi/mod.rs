//! What this door says to the world: `openapi.yaml`, and a page to read it with.
//!
//! Made from the routes themselves: their paths, and the types of their handlers.

mod document;
mod parameters;
mod reference;
mod schemas;

use serde_json::Value;

use super::route::Chapter;

pub(super) use reference::routes;

/// In which order a person reads it.
const ORDER: [&str; 7] = ["openapi", "info", "servers", "security", "tags", "paths", "components"];

/// The document, as it is kept in `openapi.yaml`.
#[must_use]
pub fn yaml() -> String {
    let mut document = document::of(&super::chapters());
    let parts = ORDER.iter().filter_map(|name| {
        let part = document.as_object_mut()?.remove(*name)?;
        // A map with strings for keys can always be written.
        serde_yaml_ng::to_string(&serde_json::json!({ *name: part })).ok()
    });
    let text: String = parts.collect();
    format!(
        "# Generated from backend/src/http; a test compares it, and ARGOSY_BLESS=1 has it written anew.\n{text}"
    )
}

fn json(chapters: &[Chapter]) -> Value {
    document::of(chapters)
}
