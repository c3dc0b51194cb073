//! Objects of any kind, as JSON: applied, read, deleted. Tests write what they mean and need no types for it.

use std::time::Duration;

use anyhow::{Context, Result};
use k8s_openapi::api::authentication::v1::{TokenRequest, TokenRequestSpec};
use k8s_openapi::api::core::v1::ServiceAccount;
use kube::api::{
    Api, ApiResource, DeleteParams, DynamicObject, GroupVersionKind, Patch, PatchParams, PostParams,
};
use serde_json::{Value, json};

use crate::wait;

/// Acts with one identity on one cluster.
#[derive(Clone)]
pub struct Objects {
    client: kube::Client,
}

impl std::fmt::Debug for Objects {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("Objects")
    }
}

/// Names one object: `Key::of("argoproj.io/v1alpha1", "Application").named("shop").within("argocd-1")`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Key {
    version: String,
    kind: String,
    namespace: Option<String>,
    name: String,
}

impl Key {
    pub fn of(version: &str, kind: &str) -> Self {
        Self { version: version.to_owned(), kind: kind.to_owned(), namespace: None, name: String::new() }
    }

    #[must_use]
    pub fn named(mut self, name: &str) -> Self {
        name.clone_into(&mut self.name);
        self
    }

    #[must_use]
    pub fn within(mut self, namespace: &str) -> Self {
        self.namespace = Some(namespace.to_owned());
        self
    }

    fn from(object: &Value) -> Result<Self> {
        let text = |pointer: &str| object.pointer(pointer).and_then(Value::as_str);
        Ok(Self {
            version: text("/apiVersion").context("an object has an apiVersion")?.to_owned(),
            kind: text("/kind").context("an object has a kind")?.to_owned(),
            namespace: text("/metadata/namespace").map(ToOwned::to_owned),
            name: text("/metadata/name").context("an object has a name")?.to_owned(),
        })
    }

    fn resource(&self) -> ApiResource {
        let (group, version) = self.version.rsplit_once('/').unwrap_or(("", &self.version));
        ApiResource::from_gvk(&GroupVersionKind::gvk(group, version, &self.kind))
    }
}

impl Objects {
    pub fn new(client: kube::Client) -> Self {
        Self { client }
    }

    pub fn client(&self) -> &kube::Client {
        &self.client
    }

    /// Server-side apply, by force, as `testbed`.
    pub async fn apply(&self, object: Value) -> Result<Value> {
        let key = Key::from(&object)?;
        let params = PatchParams::apply("testbed").force();
        let applied = self.api(&key).patch(&key.name, &params, &Patch::Apply(&object)).await;
        Ok(serde_json::to_value(applied.with_context(|| format!("apply {key:?}"))?)?)
    }

    /// Merge patch.
    pub async fn patch(&self, key: &Key, patch: Value) -> Result<Value> {
        let patched = self.api(key).patch(&key.name, &PatchParams::default(), &Patch::Merge(&patch)).await;
        Ok(serde_json::to_value(patched.with_context(|| format!("patch {key:?}"))?)?)
    }

    pub async fn get(&self, key: &Key) -> Result<Option<Value>> {
        let found = self.api(key).get_opt(&key.name).await.with_context(|| format!("get {key:?}"))?;
        found.map(|object| serde_json::to_value(object).context("an object is JSON")).transpose()
    }

    /// Ask for deletion; absent already is fine.
    pub async fn delete(&self, key: &Key) -> Result<()> {
        match self.api(key).delete(&key.name, &DeleteParams::default()).await {
            Ok(_) => Ok(()),
            Err(kube::Error::Api(status)) if status.code == 404 => Ok(()),
            Err(error) => Err(error).with_context(|| format!("delete {key:?}")),
        }
    }

    /// Wait until the object satisfies `wanted`; gives it back. On failure the last state of it is shown.
    pub async fn until(&self, key: &Key, limit: Duration, wanted: impl Fn(&Value) -> bool) -> Result<Value> {
        wait::until(&format!("{} {}", key.kind, key.name), limit, || async {
            match self.get(key).await {
                Ok(Some(object)) if wanted(&object) => Ok(object),
                Ok(Some(object)) => Err(summary(&object)),
                Ok(None) => Err("there is no such object".to_owned()),
                Err(error) => Err(format!("{error:#}")),
            }
        })
        .await
    }

    pub async fn until_gone(&self, key: &Key, limit: Duration) -> Result<()> {
        wait::until(&format!("{} {} to be gone", key.kind, key.name), limit, || async {
            match self.get(key).await {
                Ok(None) => Ok(()),
                Ok(Some(object)) => Err(summary(&object)),
                Err(error) => Err(format!("{error:#}")),
            }
        })
        .await
    }

    /// A ServiceAccount's token, by TokenRequest.
    pub async fn token(&self, namespace: &str, name: &str, lifetime: Duration) -> Result<String> {
        let request = TokenRequest {
            spec: TokenRequestSpec {
                expiration_seconds: Some(i64::try_from(lifetime.as_secs()).context("a lifetime in seconds")?),
                ..TokenRequestSpec::default()
            },
            ..TokenRequest::default()
        };
        let accounts: Api<ServiceAccount> = Api::namespaced(self.client.clone(), namespace);
        let answer = accounts
            .create_token_request(name, &PostParams::default(), &request)
            .await
            .with_context(|| format!("request a token for ServiceAccount {namespace}/{name}"))?;
        Ok(answer.status.context("a token request has an answer")?.token)
    }

    fn api(&self, key: &Key) -> Api<DynamicObject> {
        match &key.namespace {
            Some(namespace) => Api::namespaced_with(self.client.clone(), namespace, &key.resource()),
            None => Api::all_with(self.client.clone(), &key.resource()),
        }
    }
}

/// What a reader of a failed test wants to see of an object.
fn summary(object: &Value) -> String {
    let mut object = object.clone();
    if let Some(metadata) = object.pointer_mut("/metadata").and_then(Value::as_object_mut) {
        metadata.remove("managedFields");
    }
    let shown = json!({"metadata": object.get("metadata"), "status": object.get("status")});
    let text = serde_json::to_string_pretty(&shown).unwrap_or_default();
    text.chars().take(4_000).collect()
}
