//! Declaring things to an engine as Argosy's agent would: projects, destinations, repositories, applications.

use std::time::{Duration, Instant};

use anyhow::Result;
use serde_json::{Value, json};

use super::Engine;
use crate::cluster::{Access, Credential, Key};

const ARGO: &str = "argoproj.io/v1alpha1";

/// How long an Application may take to get where a test wants it.
const LIMIT: Duration = Duration::from_secs(60);
/// Between two looks whether it must be woken.
const NAP: Duration = Duration::from_secs(1);

/// A cluster (or some namespaces of it) that applications go to.
#[derive(Clone, Debug)]
pub struct Destination {
    pub name: String,
    /// The server with a query that tells tenants apart; client-go drops it before it calls.
    pub server: String,
    pub access: Access,
    pub namespaces: Vec<String>,
}

/// An Application in few words.
#[derive(Clone, Debug)]
pub struct Application<'a> {
    pub name: &'a str,
    pub project: &'a str,
    /// Argo CD's `source`.
    pub source: Value,
    pub destination: &'a str,
    pub namespace: &'a str,
    /// Automated, with prune and self-heal.
    pub automated: bool,
}

impl Destination {
    pub fn new(name: &str, access: Access) -> Self {
        Self {
            name: name.to_owned(),
            server: format!("{}?managedEnvironment={name}", access.server),
            access,
            namespaces: Vec::new(),
        }
    }

    #[must_use]
    pub fn limited_to(mut self, namespaces: &[&str]) -> Self {
        self.namespaces = namespaces.iter().map(|&namespace| namespace.to_owned()).collect();
        self
    }
}

impl Engine {
    pub async fn project(&self, name: &str, repositories: &[&str], destinations: &[&str]) -> Result<()> {
        let destinations: Vec<Value> =
            destinations.iter().map(|name| json!({"name": name, "namespace": "*"})).collect();
        let spec = json!({"sourceRepos": repositories, "destinations": destinations});
        self.declare(ARGO, "AppProject", name, json!({"spec": spec})).await
    }

    pub async fn destination(&self, destination: &Destination) -> Result<()> {
        use base64::Engine as _;
        let tls =
            json!({"caData": base64::engine::general_purpose::STANDARD.encode(&destination.access.ca_pem)});
        let config = match &destination.access.credential {
            Credential::Token(token) => json!({"bearerToken": token, "tlsClientConfig": tls}),
            Credential::Certificate(_) | Credential::Nobody => json!({"tlsClientConfig": tls}),
        };
        let mut data = json!({
            "name": destination.name,
            "server": destination.server,
            "config": config.to_string(),
        });
        if !destination.namespaces.is_empty() {
            data["namespaces"] = json!(destination.namespaces.join(","));
        }
        self.secret(&destination.name, "cluster", data).await
    }

    /// A project-scoped repository credential. `data` are Argo CD's keys: username, password, sshPrivateKey, ….
    pub async fn repository(&self, name: &str, project: &str, url: &str, data: Value) -> Result<()> {
        let mut fields = json!({"type": "git", "url": url, "project": project});
        if let (Some(fields), Value::Object(data)) = (fields.as_object_mut(), data) {
            fields.extend(data);
        }
        self.secret(name, "repository", fields).await
    }

    pub async fn application(&self, application: &Application<'_>) -> Result<Key> {
        let policy = if application.automated {
            // Quick retries: Argo CD's own begin at five seconds and double.
            let backoff = json!({"duration": "1s", "factor": 1, "maxDuration": "1s"});
            json!({
                "automated": {"prune": true, "selfHeal": true},
                "retry": {"limit": 60, "backoff": backoff},
            })
        } else {
            json!({})
        };
        let body = json!({
            "spec": {
                "project": application.project,
                "source": application.source,
                "destination": {"name": application.destination, "namespace": application.namespace},
                "syncPolicy": policy,
            },
        });
        self.declare(ARGO, "Application", application.name, body).await?;
        Ok(self.application_key(application.name))
    }

    pub fn application_key(&self, name: &str) -> Key {
        Key::of(ARGO, "Application").named(name).within(self.namespace())
    }

    /// Ask for a refresh; the controller takes the annotation away when it looked.
    pub async fn refresh(&self, application: &Key) -> Result<()> {
        let patch = json!({"metadata": {"annotations": {"argocd.argoproj.io/refresh": "normal"}}});
        self.hub().patch(application, patch).await.map(drop)
    }

    /// Delete an Application with everything it deployed.
    pub async fn cascade_delete(&self, application: &Key) -> Result<()> {
        let patch = json!({"metadata": {"finalizers": ["resources-finalizer.argocd.argoproj.io"]}});
        self.hub().patch(application, patch).await?;
        self.hub().delete(application).await
    }

    pub async fn until_healthy(&self, application: &Key) -> Result<Value> {
        self.until_status(application, "Synced", "Healthy").await
    }

    pub async fn until_status(&self, application: &Key, sync: &str, health: &str) -> Result<Value> {
        self.until(application, |application| {
            application.pointer("/status/sync/status") == Some(&json!(sync))
                && application.pointer("/status/health/status") == Some(&json!(health))
        })
        .await
    }

    /// Wait for a condition of this type; gives its message.
    pub async fn until_condition(&self, application: &Key, kind: &str) -> Result<String> {
        let found = self.until(application, |application| condition(application, kind).is_some()).await?;
        Ok(condition(&found, kind).unwrap_or_default())
    }

    /// Wait for a state of an Application, and wake it once a second while its specification is called invalid: the
    /// controller watches Applications, projects and Secrets separately, so it may see an Application before the project
    /// that was written first, and nothing but a refresh makes it look again.
    pub async fn until(&self, application: &Key, wanted: impl Fn(&Value) -> bool) -> Result<Value> {
        let deadline = Instant::now() + LIMIT;
        loop {
            let error = match self.hub().until(application, NAP, &wanted).await {
                Ok(found) => return Ok(found),
                Err(error) => error,
            };
            if Instant::now() >= deadline {
                return Err(error.context(format!("after {LIMIT:?} in all")));
            }
            let now = self.hub().get(application).await?;
            if now.is_some_and(|application| condition(&application, "InvalidSpecError").is_some()) {
                self.refresh(application).await?;
            }
        }
    }

    async fn secret(&self, name: &str, kind: &str, data: Value) -> Result<()> {
        self.declare(
            "v1",
            "Secret",
            name,
            json!({
                "metadata": {"labels": {"argocd.argoproj.io/secret-type": kind}},
                "stringData": data,
            }),
        )
        .await
    }

    async fn declare(&self, version: &str, kind: &str, name: &str, body: Value) -> Result<()> {
        let mut object = json!({"apiVersion": version, "kind": kind, "metadata": {}});
        if let (Some(object), Value::Object(body)) = (object.as_object_mut(), body) {
            object.extend(body);
        }
        object["metadata"]["name"] = json!(name);
        object["metadata"]["namespace"] = json!(self.namespace());
        self.hub().apply(object).await.map(drop)
    }
}

/// The message of an Application's condition of this type.
fn condition(application: &Value, kind: &str) -> Option<String> {
    let conditions = application.pointer("/status/conditions")?.as_array()?;
    let condition = conditions.iter().find(|condition| condition["type"] == kind)?;
    condition["message"].as_str().map(ToOwned::to_owned)
}
