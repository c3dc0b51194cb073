//! Git over HTTPS: the list of refs, by the smart protocol.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use domain::egress::Policy;
use domain::intent::repository_credential::{CredentialAuth, CredentialSecret};
use domain::intent::repository_url::RepositoryUrl;
use reqwest::header::{ACCEPT, CONTENT_TYPE};
use reqwest::{Client, RequestBuilder, Response, StatusCode, redirect};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use url::Url;

use super::dial::{Vetted, ours};
use super::listing::{Answer, Greeted, Greeting};
use super::login::Login;
use super::refs::Refs;
use super::unread::Unread;

/// The most that is read of one answer: the advertisement of some hundred thousand refs.
const MOST: usize = 16 * 1024 * 1024;
const REDIRECTS: usize = 5;
const SERVICE: &str = "/info/refs?service=git-upload-pack";

/// A client that dials only what the policy lets it, and trusts the system and this file.
pub(super) fn client(policy: &Policy, ca_file: Option<&Path>, timeout: Duration) -> Result<Client> {
    let mut roots = rustls::RootCertStore::empty();
    let found = rustls_native_certs::load_native_certs();
    roots.add_parsable_certificates(found.certs);
    if let Some(file) = ca_file {
        let shown = file.display();
        let extra = CertificateDer::pem_file_iter(file).with_context(|| format!("cannot read {shown}"))?;
        let extra: Vec<_> =
            extra.collect::<Result<_, _>>().with_context(|| format!("cannot read {shown}"))?;
        if roots.add_parsable_certificates(extra).0 == 0 {
            bail!("{shown} has no certificate");
        }
    }
    let ring = Arc::new(rustls::crypto::ring::default_provider());
    let mut tls = rustls::ClientConfig::builder_with_provider(ring)
        .with_safe_default_protocol_versions()
        .context("TLS")?
        .with_root_certificates(roots)
        .with_no_client_auth();
    tls.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Client::builder()
        .tls_backend_preconfigured(tls)
        .dns_resolver(Vetted(Arc::new(policy.clone())))
        .redirect(redirect::Policy::custom(stay))
        .no_proxy()
        .user_agent(concat!("argosy-agent/", env!("CARGO_PKG_VERSION")))
        .connect_timeout(timeout / 2)
        .timeout(timeout)
        .pool_idle_timeout(Duration::from_secs(30))
        .build()
        .context("the HTTP client")
}

/// Hosts move repositories within themselves. To another host nobody is led: it was neither declared nor vetted.
fn stay(attempt: redirect::Attempt<'_>) -> redirect::Action {
    let home = attempt.previous().first().map(Url::origin);
    if attempt.previous().len() > REDIRECTS || home != Some(attempt.url().origin()) {
        attempt.stop()
    } else {
        attempt.follow()
    }
}

/// The refs of these names.
pub(super) async fn list(
    client: &Client,
    url: &RepositoryUrl,
    login: Option<Login<'_>>,
    wanted: Vec<String>,
) -> Result<Refs, Unread> {
    let anonymous = login.is_none();
    let address = format!("{}{SERVICE}", url.declared().trim_end_matches('/'));
    let asked = client.get(&address).header("git-protocol", "version=2");
    let mut response = sent(authorized(asked, login)?, anonymous).await?;
    // A host may have led us to where the repository is now.
    let place = response.url().as_str().strip_suffix(SERVICE).map(str::to_owned);
    let place = place.ok_or_else(|| Unread::odd("it leads elsewhere"))?;
    if !is(&response, "application/x-git-upload-pack-advertisement") {
        return Err(Unread::odd("what answers there is not Git"));
    }
    let mut greeting = Greeting::after_preamble(wanted.clone());
    let question = match all(&mut response, |bytes| greeting.read(bytes)).await? {
        Greeted::Refs(refs) => return Ok(refs),
        Greeted::Ask(question) => question,
    };
    let asked = client
        .post(format!("{place}/git-upload-pack"))
        .header("git-protocol", "version=2")
        .header(CONTENT_TYPE, "application/x-git-upload-pack-request")
        .header(ACCEPT, "application/x-git-upload-pack-result")
        .body(question);
    let mut response = sent(authorized(asked, login)?, anonymous).await?;
    if !is(&response, "application/x-git-upload-pack-result") {
        return Err(Unread::odd("what answers there is not Git"));
    }
    let mut answer = Answer::to(wanted);
    all(&mut response, |bytes| answer.read(bytes)).await
}

fn authorized(request: RequestBuilder, login: Option<Login<'_>>) -> Result<RequestBuilder, Unread> {
    let Some(Login { auth, secret }) = login else { return Ok(request) };
    match (auth, secret) {
        (CredentialAuth::Basic { username }, CredentialSecret::Password(password)) => {
            Ok(request.basic_auth(username.as_str(), Some(password.expose())))
        }
        (CredentialAuth::Bearer, CredentialSecret::Token(token)) => Ok(request.bearer_auth(token.expose())),
        (CredentialAuth::GitHubApp { .. }, _) => Err(Unread::NotAsked("it is read as a GitHub App")),
        (CredentialAuth::SshKey { .. }, _) => Err(Unread::odd("an ssh key does not open it")),
        (CredentialAuth::Basic { .. } | CredentialAuth::Bearer, _) => {
            Err(Unread::odd("the stored secret is not of the sort that the credential says"))
        }
    }
}

async fn sent(request: RequestBuilder, anonymous: bool) -> Result<Response, Unread> {
    let response = request.send().await.map_err(|error| in_words(&error))?;
    match response.status() {
        StatusCode::OK => Ok(response),
        StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => Err(Unread::Refused { anonymous }),
        StatusCode::NOT_FOUND | StatusCode::GONE => Err(Unread::NotFound),
        StatusCode::TOO_MANY_REQUESTS => Err(Unread::unreachable("the host asks us to slow down (429)")),
        status if status.is_server_error() => {
            Err(Unread::unreachable(format!("the host has an error of its own ({})", status.as_u16())))
        }
        status if status.is_redirection() => Err(Unread::odd("it leads elsewhere; declare that address")),
        status => Err(Unread::odd(format!("the host answers {}", status.as_u16()))),
    }
}

fn is(response: &Response, kind: &str) -> bool {
    response.headers().get(CONTENT_TYPE).and_then(|value| value.to_str().ok()) == Some(kind)
}

/// Reads until the reader has enough.
async fn all<T>(
    response: &mut Response,
    mut reader: impl FnMut(&[u8]) -> Result<Option<T>, Unread>,
) -> Result<T, Unread> {
    let mut read = 0;
    while let Some(bytes) = response.chunk().await.map_err(|error| in_words(&error))? {
        read += bytes.len();
        if read > MOST {
            return Err(Unread::odd("its list of refs is too long"));
        }
        if let Some(found) = reader(&bytes)? {
            return Ok(found);
        }
    }
    Err(Unread::unreachable("it hung up in the middle of its answer"))
}

/// Without addresses, and in our own words: a tenant reads it.
fn in_words(error: &reqwest::Error) -> Unread {
    if let Some(unread) = ours(error) {
        return unread;
    }
    if error.is_timeout() {
        return Unread::unreachable("it takes too long");
    }
    if let Some(tls) = tls(error) {
        return Unread::odd(format!("TLS: {tls}"));
    }
    if error.is_connect() {
        return Unread::unreachable("no connection");
    }
    Unread::unreachable("the connection broke")
}

/// What TLS said, however deep. An I/O error hides what it wraps from `source`.
fn tls<'a>(error: &'a (dyn std::error::Error + 'static)) -> Option<&'a rustls::Error> {
    if let Some(tls) = error.downcast_ref() {
        return Some(tls);
    }
    let wrapped = error.downcast_ref::<std::io::Error>().and_then(std::io::Error::get_ref);
    wrapped.and_then(|wrapped| tls(wrapped)).or_else(|| error.source().and_then(tls))
}
