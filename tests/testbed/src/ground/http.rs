//! HTTP clients for looking whether something answers.

use std::time::Duration;

use anyhow::{Context, Result, ensure};

/// A client that trusts nobody but the given authority (PEM), and never a proxy from the environment.
pub fn trusting(ca_pem: &str) -> Result<reqwest::Client> {
    let ca = reqwest::Certificate::from_pem(ca_pem.as_bytes()).context("read the authority's certificate")?;
    builder().tls_certs_only([ca]).build().context("make an HTTP client")
}

/// For plain HTTP.
pub fn plain() -> Result<reqwest::Client> {
    builder().build().context("make an HTTP client")
}

/// For parts that make their own certificate at each start: on loopback, and only to ask for their health.
pub fn unverified() -> Result<reqwest::Client> {
    builder().tls_danger_accept_invalid_certs(true).build().context("make an HTTP client")
}

/// One look: does this address answer with success?
pub async fn healthy(client: &reqwest::Client, url: &str) -> Result<()> {
    let answer = client.get(url).send().await.with_context(|| format!("GET {url}"))?;
    let status = answer.status();
    ensure!(status.is_success(), "GET {url}: {status}: {}", answer.text().await.unwrap_or_default());
    Ok(())
}

fn builder() -> reqwest::ClientBuilder {
    // The first one wins; that it is there already is fine.
    let _ = rustls::crypto::ring::default_provider().install_default();
    reqwest::Client::builder().no_proxy().timeout(Duration::from_secs(10))
}
