//! Which object.

use std::fmt;

use serde_json::Value;

/// What we write on engines.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// Argo CD's.
    Application,
    /// Argo CD's.
    AppProject,
    /// A cluster Secret or a repository Secret.
    Secret,
}

/// Names one object on an engine cluster.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Key {
    /// What it is.
    pub kind: Kind,
    /// The instance's namespace.
    pub namespace: String,
    /// What it is called.
    pub name: String,
}

impl Kind {
    const ALL: [Self; 3] = [Self::Application, Self::AppProject, Self::Secret];

    const fn version_and_kind(self) -> (&'static str, &'static str) {
        match self {
            Self::Application => ("argoproj.io/v1alpha1", "Application"),
            Self::AppProject => ("argoproj.io/v1alpha1", "AppProject"),
            Self::Secret => ("v1", "Secret"),
        }
    }

    /// Where all of a namespace are.
    pub(super) fn path(self, namespace: &str) -> String {
        match self {
            Self::Application => format!("/apis/argoproj.io/v1alpha1/namespaces/{namespace}/applications"),
            Self::AppProject => format!("/apis/argoproj.io/v1alpha1/namespaces/{namespace}/appprojects"),
            Self::Secret => format!("/api/v1/namespaces/{namespace}/secrets"),
        }
    }
}

impl Key {
    /// What an object says it is. None: it is nothing that we write.
    #[must_use]
    pub fn of(object: &Value) -> Option<Self> {
        let text = |pointer: &str| object.pointer(pointer).and_then(Value::as_str);
        let says = (text("/apiVersion")?, text("/kind")?);
        let kind = Kind::ALL.into_iter().find(|kind| kind.version_and_kind() == says)?;
        Some(Self {
            kind,
            namespace: text("/metadata/namespace")?.to_owned(),
            name: text("/metadata/name")?.to_owned(),
        })
    }
}

/// As people call it.
impl fmt::Display for Key {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (_, kind) = self.kind.version_and_kind();
        write!(out, "the {kind} {}", self.name)
    }
}
