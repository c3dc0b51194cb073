//! How our objects on an engine are told from others: names of labels and annotations, and who they say owns an object.

use serde_json::{Value, json};
use uuid::Uuid;

use crate::ids::TenantId;
use crate::operation::Generation;

/// Field manager of what is applied: labels and spec.
pub const APPLIER: &str = "argosy";
/// Field manager of what is patched: `.operation`, refreshes, the cascade finalizer.
pub const RUNNER: &str = "argosy-run";

/// Label: whose it is. What does not have it is not ours.
pub const TENANT: &str = "argosy.dev/tenant";
/// Label: the id of the row it is made from: a deployment, an environment, a credential, a tenant.
pub const RESOURCE: &str = "argosy.dev/resource";
/// Label: the generation of that row it was made from.
pub const GENERATION: &str = "argosy.dev/generation";
/// Label, as others expect it.
pub const MANAGED_BY: &str = "app.kubernetes.io/managed-by";
/// Annotation: what people call it.
pub const NAME: &str = "argosy.dev/name";
/// Annotation: the sync run that was started last. It is the proof that it started.
pub const LAST_SYNC_RUN: &str = "argosy.dev/last-sync-run";
/// Argo CD's annotation: look again. The controller takes it away when it looked.
pub const REFRESH: &str = "argocd.argoproj.io/refresh";
/// Argo CD's finalizer: take along what was deployed.
pub const CASCADE: &str = "resources-finalizer.argocd.argoproj.io";
/// The same, where what is owned by what was deployed goes afterwards.
pub const CASCADE_BACKGROUND: &str = "resources-finalizer.argocd.argoproj.io/background";
/// Argo CD's label: what a Secret is for.
pub const SECRET_TYPE: &str = "argocd.argoproj.io/secret-type";

/// Whose an object is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Owner {
    /// The tenant.
    pub tenant: TenantId,
    /// The row it is made from.
    pub resource: Uuid,
}

impl Owner {
    /// The labels of an object that is made from this generation of the row.
    #[must_use]
    pub fn labels(self, generation: Generation) -> Value {
        json!({
            MANAGED_BY: "argosy",
            TENANT: self.tenant.to_string(),
            RESOURCE: self.resource.to_string(),
            GENERATION: generation.to_string(),
        })
    }

    /// Whose an object is, by its labels. None: not ours.
    #[must_use]
    pub fn of(object: &Value) -> Option<Self> {
        let tenant = label(object, TENANT)?.parse().ok()?;
        let resource = Uuid::try_parse(label(object, RESOURCE)?).ok()?;
        Some(Self { tenant, resource })
    }
}

/// The generation that an object was made from, by its labels.
#[must_use]
pub fn generation(object: &Value) -> Option<Generation> {
    label(object, GENERATION)?.parse().ok().map(Generation)
}

fn label<'a>(object: &'a Value, name: &str) -> Option<&'a str> {
    object.get("metadata")?.get("labels")?.get(name)?.as_str()
}
