//! A Secret that shows nothing.

use std::collections::BTreeMap;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value, json};

use crate::engine::marks::{Owner, SECRET_TYPE};
use crate::operation::Generation;
use crate::secret::Secret;

/// A Secret of Argo CD's, to be applied. It has no `Debug` and is not serialised by accident; who sends it to the engine
/// asks for [`SecretManifest::to_value`], and forgets that at once.
#[expect(missing_debug_implementations, reason = "what can be printed will be printed")]
pub struct SecretManifest {
    name: String,
    namespace: String,
    labels: Value,
    data: BTreeMap<&'static str, Secret<String>>,
}

impl SecretManifest {
    /// A Secret of a sort that Argo CD knows (`cluster`, `repository`), with nothing in it yet.
    pub(super) fn new(
        (namespace, name): (&str, String),
        sort: &str,
        owner: Owner,
        generation: Generation,
    ) -> Self {
        let mut labels = owner.labels(generation);
        labels[SECRET_TYPE] = sort.into();
        Self { name, namespace: namespace.to_owned(), labels, data: BTreeMap::new() }
    }

    /// With one more entry.
    pub(super) fn with(mut self, key: &'static str, value: impl Into<String>) -> Self {
        self.data.insert(key, Secret::new(value.into()));
        self
    }

    /// Its name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Its namespace.
    #[must_use]
    pub fn namespace(&self) -> &str {
        &self.namespace
    }

    /// What it holds under this key, for the one who sends it.
    #[must_use]
    pub fn data(&self, key: &str) -> Option<&Secret<String>> {
        self.data.get(key)
    }

    /// The object with all its secrets, for the engine's API server and nobody else.
    #[must_use]
    pub fn to_value(&self) -> Value {
        let data: Map<String, Value> = self
            .data
            .iter()
            .map(|(key, value)| ((*key).to_owned(), STANDARD.encode(value.expose()).into()))
            .collect();
        json!({
            "apiVersion": "v1",
            "kind": "Secret",
            "metadata": {"name": self.name, "namespace": self.namespace, "labels": self.labels},
            "type": "Opaque",
            "data": data,
        })
    }
}
