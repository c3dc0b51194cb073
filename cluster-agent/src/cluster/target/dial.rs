//! A client for one environment: it dials only vetted addresses, trusts only what was said, and is led nowhere.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use domain::egress::{Denied, Host, Policy};
use domain::intent::environment::{AuthKind, EnvironmentSecret, EnvironmentSpec, Trust};
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use reqwest::{Client, redirect};
use rustls::client::WantsClientCert;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ClientConfig, ConfigBuilder, RootCertStore};

use super::problem::Problem;
use super::unverified::Unverified;

const CONNECT: Duration = Duration::from_secs(5);

/// A client for this environment. The whole answer has to be there within the time, however slowly it comes.
pub(super) fn client(
    policy: &Arc<Policy>,
    spec: &EnvironmentSpec,
    secret: &EnvironmentSecret,
    answer: Duration,
) -> Result<Client, Problem> {
    // An address is judged for good here, a name again by each address it has.
    policy.vet_host(spec.server.host())?;
    let broken = |_| Problem::Unusable("its TLS settings cannot be used".to_owned());
    let mut tls = identified(trusting(&spec.trust)?, &spec.auth, secret)?;
    tls.alpn_protocols = vec![b"http/1.1".to_vec()];
    Client::builder()
        .tls_backend_preconfigured(tls)
        .dns_resolver(Vetted { policy: Arc::clone(policy), port: spec.server.port() })
        .redirect(redirect::Policy::none())
        .no_proxy()
        .http1_only()
        .user_agent(concat!("argosy-agent/", env!("CARGO_PKG_VERSION")))
        .connect_timeout(CONNECT)
        .timeout(answer)
        .build()
        .map_err(broken)
}

fn trusting(trust: &Trust) -> Result<ConfigBuilder<ClientConfig, WantsClientCert>, Problem> {
    let ring = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ClientConfig::builder_with_provider(Arc::clone(&ring))
        .with_safe_default_protocol_versions()
        .map_err(|error| Problem::Unusable(error.to_string()))?;
    let mut roots = RootCertStore::empty();
    match trust {
        Trust::PublicRoots => {
            roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        }
        Trust::Ca(certificates) => {
            let given = certificates_of(certificates.as_str())?;
            if roots.add_parsable_certificates(given).0 == 0 {
                return Err(Problem::Unusable("none of the certificates of its CA can be used".to_owned()));
            }
        }
        Trust::Unverified => {
            let verifier = Arc::new(Unverified(ring));
            return Ok(builder.dangerous().with_custom_certificate_verifier(verifier));
        }
    }
    Ok(builder.with_root_certificates(roots))
}

fn identified(
    builder: ConfigBuilder<ClientConfig, WantsClientCert>,
    auth: &AuthKind,
    secret: &EnvironmentSecret,
) -> Result<ClientConfig, Problem> {
    match (auth, secret) {
        (AuthKind::Token, EnvironmentSecret::Token(_)) => Ok(builder.with_no_client_auth()),
        (AuthKind::ClientCertificate { certificate }, EnvironmentSecret::ClientKey(key)) => {
            let unusable =
                || Problem::Unusable("its client certificate and key cannot be used together".to_owned());
            let key = PrivateKeyDer::from_pem_slice(key.expose().as_bytes()).map_err(|_| unusable())?;
            builder.with_client_auth_cert(certificates_of(certificate.as_str())?, key).map_err(|_| unusable())
        }
        (AuthKind::Token, EnvironmentSecret::ClientKey(_))
        | (AuthKind::ClientCertificate { .. }, EnvironmentSecret::Token(_)) => Err(Problem::Unusable(
            "the stored secret is not of the sort that the environment says".to_owned(),
        )),
    }
}

fn certificates_of(pem: &str) -> Result<Vec<CertificateDer<'static>>, Problem> {
    CertificateDer::pem_slice_iter(pem.as_bytes())
        .collect::<Result<_, _>>()
        .map_err(|_| Problem::Unusable("a certificate of it cannot be read".to_owned()))
}

/// DNS for the client, which dials exactly what it is answered: nobody asks a second time.
#[derive(Debug)]
struct Vetted {
    policy: Arc<Policy>,
    port: u16,
}

impl Resolve for Vetted {
    fn resolve(&self, name: Name) -> Resolving {
        let (policy, port) = (Arc::clone(&self.policy), self.port);
        Box::pin(async move {
            let open = addresses(&policy, name.as_str(), port).await?;
            Ok(Box::new(open.into_iter()) as Addrs)
        })
    }
}

/// The addresses of this name that we may dial.
async fn addresses(policy: &Policy, name: &str, port: u16) -> Result<Vec<SocketAddr>, Problem> {
    let host = Host::Domain(name);
    policy.vet_host(&host)?;
    let nowhere = || Problem::Unreachable(format!("{name} has no address"));
    let found = tokio::net::lookup_host((name, port)).await.map_err(|_| nowhere())?;
    let (mut open, mut denied): (Vec<SocketAddr>, Option<Denied>) = (Vec::new(), None);
    for address in found {
        match policy.vet_address(&host, address.ip()) {
            Ok(()) => open.push(address),
            Err(why) => denied = Some(why),
        }
    }
    match denied {
        _ if !open.is_empty() => Ok(open),
        Some(why) => Err(why.into()),
        None => Err(nowhere()),
    }
}
