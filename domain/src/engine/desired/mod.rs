//! The objects that the rows ask for.
//!
//! An `Application` and an `AppProject` are applied by server-side apply as field manager [`super::marks::APPLIER`]: what
//! is in them is ours, what is not is left alone. They never hold `.operation` or a refresh, which are patches of their
//! own, nor the finalizer for a cascade: an object of ours that vanishes by a mistake (a row lost, a hand in the engine,
//! an instance drained) takes nothing of the tenant's with it. The finalizer is put on when a take-down has proven that it
//! is meant and can be done, see [`super::plan`].
//!
//! Secrets are a [`SecretManifest`], which shows nothing.

mod application;
mod cluster_secret;
mod manifest;
mod project;
mod repository_secret;
mod source;

pub use application::application;
pub use cluster_secret::cluster_secret;
pub use manifest::SecretManifest;
pub use project::project;
pub use repository_secret::repository_secrets;
pub use source::{is_compared, is_source};

use serde_json::{Map, Value};

/// Says something in an object, unless there is nothing to say: Argo CD takes out what is empty, and would be told again.
fn say(object: &mut Map<String, Value>, key: &str, value: impl Into<Value>) {
    let value = value.into();
    let nothing = match &value {
        Value::Null => true,
        Value::Bool(on) => !on,
        Value::Number(_) => false,
        Value::String(text) => text.is_empty(),
        Value::Array(entries) => entries.is_empty(),
        Value::Object(members) => members.is_empty(),
    };
    if !nothing {
        object.insert(key.to_owned(), value);
    }
}

/// A text that may be absent.
fn text<T: ToString>(text: Option<&T>) -> Value {
    text.map_or(Value::Null, |text| Value::String(text.to_string()))
}

/// A list of texts.
fn texts<T: ToString>(texts: &[T]) -> Value {
    texts.iter().map(|text| Value::String(text.to_string())).collect()
}
