//! An issuer of tokens: where its keys come from, and how fresh they are.
//!
//! One task asks ([`Issuer::tend`]); requests only read what it found, and may say that something is missing.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use domain::access::IssuerName;
use futures::FutureExt;
use reqwest::redirect;
use serde::Deserialize;
use tokio::sync::{Notify, watch};
use tokio_util::sync::CancellationToken;
use url::Url;

use super::keys::Keys;

/// How long an issuer may take to answer.
const PATIENCE: Duration = Duration::from_secs(5);
/// The longest document we read.
const LONGEST: usize = 512 * 1024;

/// An issuer of tokens.
#[derive(Debug)]
pub(super) struct Issuer {
    name: IssuerName,
    url: String,
    source: KeySource,
    times: Times,
    client: reqwest::Client,
    /// Where discovery said the keys are.
    keys_at: Mutex<Option<Url>>,
    known: watch::Sender<Known>,
    missing: Notify,
}

/// Where its keys come from.
#[derive(Clone, Debug)]
pub(super) enum KeySource {
    /// Its discovery document says.
    Discovery(Url),
    /// A file of the operator's.
    File(PathBuf),
}

/// When an issuer is asked, and for how long an answer is good.
#[derive(Clone, Copy, Debug)]
pub(super) struct Times {
    pub(super) refresh: Duration,
    pub(super) pause: Duration,
    pub(super) max_stale: Duration,
}

/// What is known of its keys.
#[derive(Clone, Debug, Default)]
pub(super) struct Known {
    /// The last that were read, and when that began.
    keys: Option<(Arc<Keys>, Instant)>,
    /// How often the keys became others.
    pub(super) changes: u64,
    /// When somebody last began to ask.
    begun: Option<Instant>,
    /// The beginning of the last asking that has ended, whatever came of it.
    ended: Option<Instant>,
}

#[derive(Deserialize)]
struct Discovery {
    issuer: String,
    jwks_uri: String,
}

impl Issuer {
    pub(super) fn new(name: IssuerName, url: String, source: KeySource, times: Times) -> Result<Self> {
        // Whoever comes first says which cryptography is used; all of us say the same.
        let _first = rustls::crypto::ring::default_provider().install_default();
        let client = reqwest::Client::builder()
            .timeout(PATIENCE)
            .redirect(redirect::Policy::none())
            .no_proxy()
            .build()
            .context("no HTTP client")?;
        let (known, _) = watch::channel(Known::default());
        Ok(Self {
            name,
            url,
            source,
            times,
            client,
            keys_at: Mutex::default(),
            known,
            missing: Notify::new(),
        })
    }

    pub(super) fn name(&self) -> &IssuerName {
        &self.name
    }

    /// The `iss` of its tokens.
    pub(super) fn url(&self) -> &str {
        &self.url
    }

    /// Its keys as they are known, if they are fresh enough to go by, and how often they have changed.
    pub(super) fn keys(&self) -> Option<(Arc<Keys>, u64)> {
        let known = self.known.borrow();
        let (keys, read) = known.keys.as_ref()?;
        (read.elapsed() <= self.times.max_stale).then(|| (Arc::clone(keys), known.changes))
    }

    /// Its keys after it was asked once more, because one is missing. It is asked at most once in a while: then these are
    /// the keys as they were.
    pub(super) async fn keys_anew(&self) -> Option<(Arc<Keys>, u64)> {
        let (since, mut known) = (Instant::now(), self.known.subscribe());
        let last = known.borrow_and_update().begun;
        let asking = match last.filter(|begun| begun.elapsed() < self.times.pause) {
            // What was asked in between, or is being asked, must do.
            Some(begun) => begun,
            None => {
                self.missing.notify_one();
                since
            }
        };
        // Twice its patience: discovery, and the keys. If nobody tends us, nothing comes.
        let answered = known.wait_for(|now| now.ended.is_some_and(|begun| begun >= asking));
        let _late = tokio::time::timeout(PATIENCE * 2, answered).await;
        self.keys()
    }

    /// Asks for the keys now, then and when, until told to stop.
    pub(super) async fn tend(&self, stop: &CancellationToken) {
        loop {
            tokio::select! {
                () = stop.cancelled() => return,
                () = self.ask() => {}
            }
            let pause = if self.keys().is_some() { self.times.refresh } else { self.times.pause };
            tokio::select! {
                () = stop.cancelled() => return,
                () = tokio::time::sleep(pause) => {}
                () = self.missing.notified() => {}
            }
        }
    }

    /// Asks once. What cannot be read leaves the keys as they are.
    async fn ask(&self) {
        let begun = Instant::now();
        self.known.send_modify(|known| known.begun = Some(begun));
        // Whoever missed a key until now gets what is asked now.
        let _missed = self.missing.notified().now_or_never();
        let read = match &self.source {
            KeySource::Discovery(url) => self.fetch(url).await,
            KeySource::File(file) => {
                tokio::fs::read(file).await.context("it cannot be read").and_then(|raw| parse(&raw))
            }
        };
        if let Err(error) = &read {
            tracing::warn!(issuer = %self.name, error = format!("{error:#}"), "cannot read the keys of an issuer of tokens");
        }
        self.known.send_modify(|known| {
            known.ended = Some(begun);
            let Ok(fresh) = read else { return };
            known.keys = Some(match known.keys.take() {
                Some((old, _)) if old.same(&fresh) => (old, begun),
                Some(_) | None => {
                    known.changes += 1;
                    (Arc::new(fresh), begun)
                }
            });
        });
    }

    async fn fetch(&self, url: &Url) -> Result<Keys> {
        let known = self.keys_at.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let keys_at = match known {
            Some(keys_at) => keys_at,
            None => self.discover(url).await?,
        };
        let read = match self.get(keys_at.clone()).await {
            Ok(raw) => parse(&raw),
            Err(error) => Err(error),
        };
        // Keys that moved are found by discovery the next time.
        let keep = read.is_ok().then_some(keys_at);
        *self.keys_at.lock().unwrap_or_else(PoisonError::into_inner) = keep;
        read
    }

    async fn discover(&self, url: &Url) -> Result<Url> {
        let document = format!("{}/.well-known/openid-configuration", url.as_str().trim_end_matches('/'));
        let raw = self.get(document.parse()?).await.context("its discovery document")?;
        let Discovery { issuer, jwks_uri } =
            serde_json::from_slice(&raw).ok().context("its discovery document cannot be read")?;
        ensure!(issuer == self.url, "its discovery document is that of another issuer");
        let jwks_uri: Url = jwks_uri.parse().context("where its keys are cannot be read")?;
        ensure!(jwks_uri.scheme() == url.scheme(), "its keys are somewhere less safe than itself");
        Ok(jwks_uri)
    }

    async fn get(&self, url: Url) -> Result<Vec<u8>> {
        let mut response = self.client.get(url).send().await?.error_for_status()?;
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await? {
            if body.len() + chunk.len() > LONGEST {
                bail!("it answers with more than {LONGEST} bytes");
            }
            body.extend_from_slice(&chunk);
        }
        Ok(body)
    }
}

fn parse(raw: &[u8]) -> Result<Keys> {
    Keys::read(raw).map_err(|why| anyhow::anyhow!("its keys: {why}"))
}
