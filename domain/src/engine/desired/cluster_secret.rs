//! An environment as a cluster Secret.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use zeroize::Zeroizing;

use super::manifest::SecretManifest;
use crate::engine::facts::EnvironmentFacts;
use crate::engine::marks::Owner;
use crate::intent::environment::{AuthKind, EnvironmentSecret, Reach, Trust};

/// The cluster Secret of an environment, to be applied. None: it has no seat, or not the secret that its specification
/// asks for.
#[must_use]
pub fn cluster_secret(facts: &EnvironmentFacts) -> Option<SecretManifest> {
    let seat = facts.seat.as_ref()?;
    let config = config(&facts.spec.trust, &facts.spec.auth, facts.secret.as_ref()?)?;
    let owner = Owner { tenant: facts.tenant, resource: facts.id.0 };
    let place = (seat.namespace.as_str(), facts.id.cluster_secret_name());
    let manifest = SecretManifest::new(place, "cluster", owner, facts.generation)
        .with("name", facts.id.cluster_secret_name())
        .with("server", facts.spec.engine_server(facts.id))
        .with("project", facts.tenant.project_name())
        .with("config", config.as_str());
    Some(match &facts.spec.reach {
        Reach::Cluster => manifest,
        Reach::Namespaces { names, cluster_resources } => {
            let names: Vec<&str> = names.iter().map(|name| name.as_str()).collect();
            manifest
                .with("namespaces", names.join(","))
                .with("clusterResources", cluster_resources.to_string())
        }
    })
}

/// Argo CD's `config`, written by hand so that no copy of the secret is left lying about.
fn config(trust: &Trust, auth: &AuthKind, secret: &EnvironmentSecret) -> Option<Zeroizing<String>> {
    let mut tls = Zeroizing::new(match trust {
        Trust::PublicRoots => "\"insecure\":false".to_owned(),
        Trust::Ca(certificates) => {
            format!("\"insecure\":false,\"caData\":\"{}\"", STANDARD.encode(certificates.as_str()))
        }
        Trust::Unverified => "\"insecure\":true".to_owned(),
    });
    match (auth, secret) {
        (AuthKind::Token, EnvironmentSecret::Token(token)) => {
            let token = Zeroizing::new(serde_json::to_string(token.expose()).ok()?);
            Some(Zeroizing::new(format!(
                "{{\"bearerToken\":{},\"tlsClientConfig\":{{{}}}}}",
                token.as_str(),
                tls.as_str()
            )))
        }
        (AuthKind::ClientCertificate { certificate }, EnvironmentSecret::ClientKey(key)) => {
            let key = Zeroizing::new(STANDARD.encode(key.expose()));
            let certificate = STANDARD.encode(certificate.as_str());
            tls = Zeroizing::new(format!(
                "{},\"certData\":\"{certificate}\",\"keyData\":\"{}\"",
                tls.as_str(),
                key.as_str()
            ));
            Some(Zeroizing::new(format!("{{\"tlsClientConfig\":{{{}}}}}", tls.as_str())))
        }
        (AuthKind::Token, EnvironmentSecret::ClientKey(_))
        | (AuthKind::ClientCertificate { .. }, EnvironmentSecret::Token(_)) => None,
    }
}
