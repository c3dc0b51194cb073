//! From what a body says to what it means.

use super::EnvironmentSpec;
use super::auth::{EnvironmentSecret, Given};
use super::body::RawEnvironment;
use super::connection::Connection;
use super::kubeconfig::{Choice, take_apart};
use super::reach::Reach;
use super::server::ApiServerUrl;
use super::trust::Trust;
use crate::field::{Code, Errors, FieldError, Flaw};
use crate::intent::terms::Terms;
use crate::text::labels;

/// What a body says: what is shown, and apart from it what is not.
#[expect(missing_debug_implementations, reason = "it has secrets in it")]
pub struct Environment {
    /// What is shown.
    pub spec: EnvironmentSpec,
    /// None: the body gave none. Whether the stored one may stay, [`crate::secret::settle`] says.
    pub secret: Option<EnvironmentSecret>,
}

/// Reads an environment with all that it leaves out, or says all that is wrong with it.
pub fn parse(raw: RawEnvironment, terms: &Terms<'_>) -> Result<Environment, Vec<FieldError>> {
    let mut errors = Errors::new();
    let environment = read(&mut errors, raw, terms);
    errors.finish(environment)
}

fn read(errors: &mut Errors, mut raw: RawEnvironment, terms: &Terms<'_>) -> Option<Environment> {
    let reach = Reach::parse(errors, std::mem::take(&mut raw.namespaces), raw.cluster_resources);
    let labels = labels(errors, "labels", std::mem::take(&mut raw.labels));
    let Connection { server, trust, auth, secret } = match raw.kubeconfig.take() {
        Some(kubeconfig) => from_kubeconfig(errors, &kubeconfig, raw, terms),
        None => from_fields(errors, raw, terms),
    }?;
    Some(Environment {
        spec: EnvironmentSpec { server, trust, auth, reach: reach?, labels: labels? },
        secret,
    })
}

fn from_fields(errors: &mut Errors, raw: RawEnvironment, terms: &Terms<'_>) -> Option<Connection> {
    if raw.context.is_some() {
        errors.note("context", Flaw::new(Code::Conflict, "it goes with a `kubeconfig`"));
    }
    let server = match raw.server {
        Some(server) => ApiServerUrl::vetted(&server, terms.egress),
        None => Err(Flaw::required("give the address of the API server, or a `kubeconfig`")),
    };
    let server = errors.at("server", server);
    let trust = Trust::parse(errors, raw.ca, raw.skip_tls_verify, ["ca", "skipTlsVerify"], terms);
    let given = Given {
        token: raw.token,
        certificate: raw.client_certificate,
        key: raw.client_key,
        fields: ["token", "clientCertificate", "clientKey"],
    };
    let auth = given.parse(errors);
    let (auth, secret) = auth?;
    Some(Connection { server: server?, trust: trust?, auth, secret })
}

fn from_kubeconfig(
    errors: &mut Errors,
    kubeconfig: &serde_json::Map<String, serde_json::Value>,
    raw: RawEnvironment,
    terms: &Terms<'_>,
) -> Option<Connection> {
    let given = [
        ("ca", raw.ca.is_some()),
        ("token", raw.token.is_some()),
        ("clientCertificate", raw.client_certificate.is_some()),
        ("clientKey", raw.client_key.is_some()),
    ];
    for (key, _) in given.iter().filter(|(_, given)| *given) {
        errors
            .note(key, Flaw::new(Code::Conflict, "it is taken from the `kubeconfig`; give one or the other"));
    }
    let choice = match (raw.context, raw.server) {
        (Some(context), None) => Choice::Context(context),
        (None, Some(server)) => Choice::Server(server),
        (None, None) => Choice::Current,
        (Some(_), Some(_)) => {
            errors.note("server", Flaw::new(Code::Conflict, "choose by `context` or by `server`"));
            return None;
        }
    };
    let skip_verify = raw.skip_tls_verify;
    errors.inside("kubeconfig", |errors| take_apart(errors, kubeconfig, &choice, skip_verify, terms))
}
