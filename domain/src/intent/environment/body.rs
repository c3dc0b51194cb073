//! What a body may say about an environment.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::EnvironmentSpec;
use super::auth::AuthKind;
use super::reach::Reach;
use super::trust::Trust;
use crate::secret::Secret;

/// A cluster that a tenant deploys to. Give its `server` and credentials, or a `kubeconfig` that has them.
#[derive(Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[expect(missing_debug_implementations, reason = "it has secrets in it")]
pub struct RawEnvironment {
    /// Address of the API server: `https://…`. With a `kubeconfig`: which of its clusters is meant.
    pub server: Option<String>,
    /// Certificates that the API server is known by, in PEM; public ones if it is absent.
    pub ca: Option<String>,
    /// Do not check who the API server is. Only if the operator allows it.
    #[serde(default)]
    pub skip_tls_verify: bool,
    /// A bearer token. Never shown again; a change that does not give it keeps the stored one, if it goes to the same
    /// place.
    pub token: Option<Secret<String>>,
    /// A client certificate, in PEM, instead of a token.
    pub client_certificate: Option<String>,
    /// The key of the client certificate, in PEM. Never shown again.
    pub client_key: Option<Secret<String>>,
    /// A kubeconfig, as an object. Only server, CA, and token or client certificate are taken from it.
    pub kubeconfig: Option<Map<String, Value>>,
    /// Which context of the kubeconfig; the current one if it is absent and no `server` is given.
    pub context: Option<String>,
    /// Only these namespaces; all if it is absent.
    #[serde(default)]
    pub namespaces: Vec<String>,
    /// With `namespaces`: also what is in no namespace.
    pub cluster_resources: Option<bool>,
    /// Labels that lists are filtered by.
    #[serde(default)]
    pub labels: BTreeMap<String, String>,
}

/// The body that says the same, without the secret: what answers show, and what a merge patch is applied to.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ShownEnvironment {
    /// Address of the API server.
    pub server: String,
    /// Certificates that the API server is known by, in PEM; public ones if it is absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ca: Option<String>,
    /// Who the API server is, is not checked.
    pub skip_tls_verify: bool,
    /// The client certificate, in PEM. If it is absent, there is a token.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client_certificate: Option<String>,
    /// Only these namespaces; all if there are none.
    pub namespaces: Vec<String>,
    /// Also what is in no namespace.
    pub cluster_resources: bool,
    /// Labels that lists are filtered by.
    pub labels: BTreeMap<String, String>,
}

impl From<&EnvironmentSpec> for ShownEnvironment {
    fn from(spec: &EnvironmentSpec) -> Self {
        let (namespaces, cluster_resources) = match &spec.reach {
            Reach::Cluster => (Vec::new(), true),
            Reach::Namespaces { names, cluster_resources } => {
                (names.iter().map(ToString::to_string).collect(), *cluster_resources)
            }
        };
        let (ca, skip_tls_verify) = match &spec.trust {
            Trust::PublicRoots => (None, false),
            Trust::Ca(certificates) => (Some(certificates.as_str().to_owned()), false),
            Trust::Unverified => (None, true),
        };
        let client_certificate = match &spec.auth {
            AuthKind::Token => None,
            AuthKind::ClientCertificate { certificate } => Some(certificate.as_str().to_owned()),
        };
        let labels = spec.labels.iter().map(|(key, value)| (key.to_string(), value.to_string())).collect();
        Self {
            server: spec.server.as_str().to_owned(),
            ca,
            skip_tls_verify,
            client_certificate,
            namespaces,
            cluster_resources,
            labels,
        }
    }
}
