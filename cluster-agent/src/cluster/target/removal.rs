//! Before everything of a deployment is deleted: can it be, with the credential we have?

use std::collections::BTreeSet;

use domain::text::Namespace;
use serde_json::{Value, json};

use super::problem::Problem;
use super::{OCCASION, Target};

const MAY_WE: &str = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews";
/// Kinds (in a namespace) that are asked about; a deployment of more is judged by these.
const MOST: usize = 40;

/// A kind of thing that a deployment has in its environment.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Deployed {
    /// Empty: the core's.
    pub group: String,
    /// As Argo CD saw it last.
    pub version: String,
    /// As manifests call it.
    pub kind: String,
    /// None: it is in no namespace.
    pub namespace: Option<String>,
}

/// How a namespace of an environment is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NamespaceState {
    /// It is there, or we may not know.
    Standing,
    /// Somebody deletes it, with all that is in it.
    Terminating,
    /// It is gone.
    Gone,
}

impl Target<'_> {
    /// Proves that each of these can still be listed and deleted.
    pub async fn can_remove(&self, deployed: &BTreeSet<Deployed>) -> Result<(), Problem> {
        let late = || Problem::Unreachable("it takes too long".to_owned());
        tokio::time::timeout(OCCASION, self.ask_about(deployed)).await.map_err(|_| late())?
    }

    /// How this namespace is.
    pub async fn namespace(&self, name: &Namespace) -> Result<NamespaceState, Problem> {
        let answer = self.get(&format!("/api/v1/namespaces/{name}")).await?;
        Ok(match answer.status {
            404 => NamespaceState::Gone,
            _ if answer.text("/status/phase").as_deref() == Some("Terminating") => {
                NamespaceState::Terminating
            }
            _ => NamespaceState::Standing,
        })
    }

    async fn ask_about(&self, deployed: &BTreeSet<Deployed>) -> Result<(), Problem> {
        // With nothing to remove, that it answers us is enough.
        self.get("/version").await?;
        let (mut served, mut known) = (Value::Null, None);
        for one in deployed.iter().take(MOST) {
            let version = (&one.group, &one.version);
            if known != Some(version) {
                served = self.served(one).await?;
                known = Some(version);
            }
            // A kind that is served no more has nothing left to remove.
            let Some(plural) = plural(&served, &one.kind) else { continue };
            self.listed(one, &plural).await?;
            self.may_delete(one, &plural).await?;
        }
        Ok(())
    }

    /// The kinds of this group and version.
    async fn served(&self, one: &Deployed) -> Result<Value, Problem> {
        let answer = self.get(&base(one)).await?;
        match answer.status {
            404 => Ok(Value::Null),
            _ if answer.good() => Ok(answer.body),
            status => Err(Problem::Unusable(format!("it does not say which kinds it has ({status})"))),
        }
    }

    async fn listed(&self, one: &Deployed, plural: &str) -> Result<(), Problem> {
        let within = one.namespace.as_ref().map(|name| format!("/namespaces/{name}")).unwrap_or_default();
        let answer = self.list(&format!("{}{within}/{plural}?limit=1", base(one))).await?;
        if answer.good() || answer.status == 404 { Ok(()) } else { Err(denied("list", one, plural)) }
    }

    async fn may_delete(&self, one: &Deployed, plural: &str) -> Result<(), Problem> {
        let mut attributes = json!({"verb": "delete", "group": one.group, "resource": plural});
        if let Some(namespace) = &one.namespace {
            attributes["namespace"] = json!(namespace);
        }
        let review = json!({
            "apiVersion": "authorization.k8s.io/v1", "kind": "SelfSubjectAccessReview",
            "spec": {"resourceAttributes": attributes},
        });
        let answer = self.review(MAY_WE, &review).await?;
        if answer.body.pointer("/status/allowed") == Some(&Value::Bool(true)) {
            Ok(())
        } else {
            Err(denied("delete", one, plural))
        }
    }
}

fn base(one: &Deployed) -> String {
    let Deployed { group, version, .. } = one;
    if group.is_empty() { format!("/api/{version}") } else { format!("/apis/{group}/{version}") }
}

fn plural(served: &Value, kind: &str) -> Option<String> {
    let kinds = served["resources"].as_array()?;
    let whole =
        |one: &&Value| one["kind"] == kind && one["name"].as_str().is_some_and(|name| !name.contains('/'));
    kinds.iter().find(whole)?["name"].as_str().map(ToOwned::to_owned)
}

fn denied(verb: &str, one: &Deployed, plural: &str) -> Problem {
    let group = if one.group.is_empty() { String::new() } else { format!(".{}", one.group) };
    let within = one.namespace.as_ref().map(|name| format!(" in {name}")).unwrap_or_default();
    Problem::Permission(format!("{verb} {plural}{group}{within}"))
}
