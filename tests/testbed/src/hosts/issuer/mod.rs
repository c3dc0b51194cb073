//! An OpenID Connect issuer on loopback: discovery, keys, and tokens with any claims, good ones and bad ones.
//!
//! Tests start it and give its address to whatever checks tokens. It signs with ring and by hand, not with the library
//! that the product checks with, so that the two do not share a mistake. It has no login page and no token endpoint.

mod keys;
mod offline;
mod token;

use std::sync::{Arc, Mutex, PoisonError};

use anyhow::{Context, Result};
use axum::extract::State;
use axum::middleware::from_fn_with_state;
use axum::routing::get;
use axum::{Json, Router};
use serde_json::{Value, json};

use crate::Port;
use crate::web::{Endpoint, Fault, Gate, HttpServer};

pub use keys::Algorithm;
use keys::Key;
pub use offline::Offline;
pub use token::Token;

const DISCOVERY: &str = "/.well-known/openid-configuration";
const KEYS: &str = "/keys";

#[derive(Debug)]
pub struct Issuer {
    server: HttpServer,
    gate: Arc<Gate>,
    ring: Arc<KeyRing>,
    port: Port,
}

/// The keys, oldest first; the newest of an algorithm signs.
#[derive(Debug, Default)]
struct KeyRing {
    keys: Mutex<Vec<Arc<Key>>>,
    made: Mutex<usize>,
}

impl Issuer {
    /// With an ES256 and an Ed25519 key. RSA keys take long to make (a tenth of a second and more): the first is made by
    /// the first [`Issuer::rotate`] to RS256 or the first token signed with it, and is published from then on.
    pub fn start() -> Result<Self> {
        let port = Port::free()?;
        let ring = Arc::new(KeyRing::default());
        ring.rotate(Algorithm::Es256)?;
        ring.rotate(Algorithm::EdDsa)?;
        let gate = Arc::new(Gate::default());
        let issuer = format!("http://{}", port.address());
        let document = discovery(&issuer);
        let router = Router::new()
            .route(DISCOVERY, get(async move || Json(document.clone())))
            .route(KEYS, get(async |State(ring): State<Arc<KeyRing>>| Json(ring.published())))
            .with_state(Arc::clone(&ring))
            .layer(from_fn_with_state(Arc::clone(&gate), Gate::keep));
        let server = HttpServer::start("testbed-issuer", vec![Endpoint::plain(port.address())], router)?;
        Ok(Self { server, gate, ring, port })
    }

    /// The `iss` of its tokens, and where its discovery document is.
    pub fn url(&self) -> String {
        format!("http://{}", self.port.address())
    }

    pub fn jwks_url(&self) -> String {
        format!("{}{KEYS}", self.url())
    }

    /// Exactly these claims, signed by the newest ES256 key.
    pub fn token(&self, claims: &Value) -> Result<String> {
        Token::with(self, claims.clone()).sign()
    }

    /// A good token for one hour, to be changed and then signed.
    pub fn token_for(&self, subject: &str, audience: &str) -> Token<'_> {
        let now = time::OffsetDateTime::now_utc().unix_timestamp();
        let claims = json!({
            "iss": self.url(), "sub": subject, "aud": audience,
            "iat": now, "nbf": now - 5, "exp": now + 3600,
        });
        Token::with(self, claims)
    }

    /// A new key that signs from now on; the old one stays published until it is retired. Returns the new key id.
    pub fn rotate(&self, algorithm: Algorithm) -> Result<String> {
        Ok(self.ring.rotate(algorithm)?.id.clone())
    }

    /// Publish this key no more. Tokens signed by it are not to be trusted once its readers have looked again.
    pub fn retire(&self, key_id: &str) {
        self.ring.lock().retain(|key| key.id != key_id);
    }

    /// The id of the key that signs now.
    pub fn key_id(&self, algorithm: Algorithm) -> Result<String> {
        Ok(self.ring.signing(algorithm)?.id.clone())
    }

    pub fn set_fault(&self, fault: Fault) {
        self.gate.set_host_fault(fault);
    }

    /// Refuse connections, and end those there are.
    pub fn down(&self) {
        self.server.down();
    }

    pub fn up(&self) -> Result<()> {
        self.server.up()
    }

    /// How often the discovery document was asked for, whatever the answer was.
    pub fn discovery_requests(&self) -> usize {
        self.asked(DISCOVERY)
    }

    /// How often the keys were asked for, whatever the answer was.
    pub fn key_requests(&self) -> usize {
        self.asked(KEYS)
    }

    fn asked(&self, path: &str) -> usize {
        self.gate.requests().iter().filter(|request| request.path == path).count()
    }
}

impl KeyRing {
    fn rotate(&self, algorithm: Algorithm) -> Result<Arc<Key>> {
        let number = {
            let mut made = self.made.lock().unwrap_or_else(PoisonError::into_inner);
            *made += 1;
            *made
        };
        let key = Arc::new(Key::generate(algorithm, format!("{}-{number}", algorithm.name()))?);
        self.lock().push(Arc::clone(&key));
        Ok(key)
    }

    fn signing(&self, algorithm: Algorithm) -> Result<Arc<Key>> {
        let newest = self.lock().iter().rev().find(|key| key.algorithm == algorithm).cloned();
        newest.map_or_else(|| self.rotate(algorithm), Ok)
    }

    fn named(&self, key_id: &str) -> Result<Arc<Key>> {
        let found = self.lock().iter().find(|key| key.id == key_id).cloned();
        found.with_context(|| format!("the issuer has no key {key_id}"))
    }

    fn published(&self) -> Value {
        json!({ "keys": self.lock().iter().map(|key| key.public()).collect::<Vec<_>>() })
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Vec<Arc<Key>>> {
        self.keys.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn discovery(issuer: &str) -> Value {
    json!({
        "issuer": issuer,
        "jwks_uri": format!("{issuer}{KEYS}"),
        "authorization_endpoint": format!("{issuer}/authorize"),
        "response_types_supported": ["id_token"],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": ["RS256", "ES256", "EdDSA"],
        "claims_supported": ["iss", "sub", "aud", "exp", "iat", "nbf"],
    })
}
