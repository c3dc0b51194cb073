//! Watching the Applications of an engine cluster.
//!
//! One list in pages, then one watch with bookmarks, of what carries our label, in all namespaces. Who wrote which field
//! (`managedFields`) is most of a small object, and is dropped before it is ever kept.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::pin::pin;
use std::time::Duration;

use domain::engine::{marks, observed};
use futures::StreamExt as _;
use k8s_openapi::NamespaceResourceScope;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{ObjectMeta, Time};
use kube::runtime::WatchStreamExt as _;
use kube::runtime::watcher::{self, Event};
use kube::{Api, Resource};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer};
use serde_json::{Value, json};
use tokio::sync::mpsc;

use super::engine::{Engine, Key, Kind};

/// Of a list, at a time.
const PAGE: u32 = 200;
/// A watch is begun anew this often, where it left off: a connection that died without a word is noticed then.
const WATCH: u32 = 60;
/// For each page of a list; a watch that is silent is ended by its server, and by kube soon after.
const ANSWER: Duration = Duration::from_secs(30);
/// After so many failures in a row the connection itself is dialled anew; its kubeconfig may have been replaced.
const FAILURES: u32 = 3;
/// Between two tries to dial.
const PAUSE: Duration = Duration::from_secs(2);

/// What is seen.
#[derive(Debug)]
pub enum Seen {
    /// A list begins: what follows is all there is, until [`Seen::All`].
    Listing,
    /// An Application that is there, in a list.
    Listed(Application),
    /// The list is complete. What was not in it is not there.
    All,
    /// An Application was made or changed.
    Changed(Application),
    /// An Application is gone.
    Gone(Application),
    /// Nothing is seen for now, and why. It goes on by itself: where it was, or with a list.
    Broken(String),
}

/// An Application, as far as anybody here reads it.
#[derive(Clone, Debug)]
pub struct Application {
    /// Which object.
    pub key: Key,
    /// Its labels, uid and version, as `{"metadata": …}`.
    pub marks: Value,
    /// What it says; or why that cannot be read.
    pub read: Result<observed::Application, String>,
}

/// Watches for ever. What is seen goes to `seen`; when nobody listens any more, it ends.
pub async fn applications(engine: &Engine, seen: &mpsc::Sender<Seen>) {
    while !seen.is_closed() {
        let broken = match engine.client().await {
            Ok(client) => followed(engine, Api::all(client), seen).await,
            Err(why) => Some(why),
        };
        let Some(why) = broken else { return };
        if seen.send(Seen::Broken(why)).await.is_err() {
            return;
        }
        tokio::time::sleep(PAUSE).await;
    }
}

/// Until it has failed too often, and why; or until nobody listens.
async fn followed(engine: &Engine, api: Api<Watched>, seen: &mpsc::Sender<Seen>) -> Option<String> {
    let config = watcher::Config::default().labels(marks::TENANT).page_size(PAGE).timeout(WATCH);
    let mut events = pin!(watcher::watcher(api, config).default_backoff());
    let (mut failures, mut listing) = (0, true);
    loop {
        let next =
            if listing { tokio::time::timeout(ANSWER, events.next()).await } else { Ok(events.next().await) };
        let event = match next {
            Ok(Some(event)) => event,
            Ok(None) => return Some("the watch ended".to_owned()),
            Err(_) => return Some("a list is not answered".to_owned()),
        };
        let what = match event {
            Ok(event) => {
                failures = 0;
                listing = matches!(event, Event::Init | Event::InitApply(_));
                let what = meant(event);
                if let Seen::Gone(application) = &what {
                    engine.forget(&application.key);
                }
                what
            }
            Err(error) => {
                failures += 1;
                let why = chain(&error);
                if failures >= FAILURES {
                    return Some(why);
                }
                Seen::Broken(why)
            }
        };
        seen.send(what).await.ok()?;
    }
}

fn meant(event: Event<Watched>) -> Seen {
    match event {
        Event::Init => Seen::Listing,
        Event::InitApply(object) => Seen::Listed(object.into()),
        Event::InitDone => Seen::All,
        Event::Apply(object) => Seen::Changed(object.into()),
        Event::Delete(object) => Seen::Gone(object.into()),
    }
}

/// An error and its causes, without those that only repeat the one before.
fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let said = error.to_string();
        if !text.contains(&said) {
            text = format!("{text}: {said}");
        }
        cause = error.source();
    }
    text
}

/// As it is decoded. What one object says wrongly must not hide all others: it is found out object by object.
#[derive(Clone, Debug, Deserialize)]
struct Watched {
    #[serde(deserialize_with = "slim")]
    metadata: ObjectMeta,
    #[serde(default = "nothing", deserialize_with = "part")]
    spec: Part<observed::Spec>,
    #[serde(default = "nothing", deserialize_with = "part")]
    operation: Part<Option<observed::Operation>>,
    #[serde(default = "nothing", deserialize_with = "part")]
    status: Part<observed::Status>,
}

/// A part of an object, or why it cannot be read.
type Part<T> = Result<T, String>;

/// The metadata that somebody here reads.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Slim {
    name: Option<String>,
    namespace: Option<String>,
    uid: Option<String>,
    resource_version: Option<String>,
    deletion_timestamp: Option<Time>,
    finalizers: Option<Vec<String>>,
    labels: Option<BTreeMap<String, String>>,
    annotations: Option<BTreeMap<String, String>>,
}

fn nothing<T: Default>() -> Part<T> {
    Ok(T::default())
}

fn part<'de, D: Deserializer<'de>, T: Default + DeserializeOwned>(from: D) -> Result<Part<T>, D::Error> {
    let value = Option::<Value>::deserialize(from)?;
    let read = |value| T::deserialize(observed::without_nul(value)).map_err(|error| error.to_string());
    Ok(value.map_or_else(nothing, read))
}

fn slim<'de, D: Deserializer<'de>>(from: D) -> Result<ObjectMeta, D::Error> {
    let slim = Slim::deserialize(from)?;
    Ok(ObjectMeta {
        name: slim.name,
        namespace: slim.namespace,
        uid: slim.uid,
        resource_version: slim.resource_version,
        deletion_timestamp: slim.deletion_timestamp,
        finalizers: slim.finalizers,
        labels: slim.labels,
        annotations: slim.annotations,
        ..ObjectMeta::default()
    })
}

impl Resource for Watched {
    type DynamicType = ();
    type Scope = NamespaceResourceScope;

    fn kind(_: &()) -> Cow<'_, str> {
        "Application".into()
    }

    fn group(_: &()) -> Cow<'_, str> {
        "argoproj.io".into()
    }

    fn version(_: &()) -> Cow<'_, str> {
        "v1alpha1".into()
    }

    fn plural(_: &()) -> Cow<'_, str> {
        "applications".into()
    }

    fn meta(&self) -> &ObjectMeta {
        &self.metadata
    }

    fn meta_mut(&mut self) -> &mut ObjectMeta {
        &mut self.metadata
    }
}

impl From<Watched> for Application {
    fn from(watched: Watched) -> Self {
        let Watched { metadata, spec, operation, status } = watched;
        let ObjectMeta { name, namespace, uid, resource_version, labels, .. } = metadata;
        let (name, namespace) = (name.unwrap_or_default(), namespace.unwrap_or_default());
        let marks =
            json!({"metadata": {"uid": &uid, "resourceVersion": &resource_version, "labels": labels}});
        let metadata = observed::Metadata {
            name: name.clone(),
            uid: uid.unwrap_or_default(),
            resource_version: resource_version.unwrap_or_default(),
            annotations: metadata.annotations.unwrap_or_default(),
            finalizers: metadata.finalizers.unwrap_or_default(),
            deletion_timestamp: metadata.deletion_timestamp.map(|time| time.0),
        };
        let read = |spec, operation, status| observed::Application { metadata, spec, operation, status };
        Self {
            key: Key { kind: Kind::Application, namespace, name },
            marks,
            read: spec.and_then(|spec| {
                operation.and_then(|operation| status.map(|status| read(spec, operation, status)))
            }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decoded(status: &Value) -> Application {
        let watched: Watched = serde_json::from_value(json!({
            "apiVersion": "argoproj.io/v1alpha1", "kind": "Application",
            "metadata": {
                "name": "a", "namespace": "argocd", "uid": "u", "resourceVersion": "7", "generation": 9,
                "labels": {"argosy.dev/tenant": "t"}, "annotations": {"argosy.dev/last-sync-run": "r"},
                "deletionTimestamp": "2026-01-02T03:04:05Z", "finalizers": ["f"],
                "managedFields": [{"manager": "argosy", "fieldsV1": {"f:spec": {}}}],
            },
            "spec": {"project": "p"},
            "operation": null,
            "status": status,
        }))
        .unwrap();
        watched.into()
    }

    #[test]
    fn what_somebody_reads_is_kept() {
        let seen = decoded(&json!({"sync": {"status": "Synced"}}));
        assert_eq!((seen.key.namespace.as_str(), seen.key.name.as_str()), ("argocd", "a"));
        let marks = json!({"uid": "u", "resourceVersion": "7", "labels": {"argosy.dev/tenant": "t"}});
        assert_eq!(seen.marks, json!({"metadata": marks}));
        let read = seen.read.unwrap();
        assert_eq!(read.status.sync.status, observed::SyncStatus::Synced);
        assert_eq!(read.metadata.annotations["argosy.dev/last-sync-run"], "r");
        assert_eq!(read.metadata.deletion_timestamp.unwrap().to_string(), "2026-01-02T03:04:05Z");
        assert_eq!((read.metadata.finalizers, read.operation), (vec!["f".to_owned()], None));
    }

    #[test]
    fn one_object_that_cannot_be_read_says_so_and_hides_no_other() {
        let seen = decoded(&json!({"resources": "many"}));
        assert!(seen.read.unwrap_err().contains("invalid type"), "why");
        assert_eq!(seen.key.name, "a");
    }
}
