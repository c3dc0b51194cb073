//! A proxy that refuses: what engines and everything else in the sandbox are told to go out through, so that nothing
//! but loopback is ever dialled and every attempt is seen.
//!
//! It speaks the HTTP proxy protocol and SOCKS on one port. It never connects anywhere and never resolves a name. Tests
//! own one ([`EgressGuard::refused`]); the sandbox runs one as a process (`argosy-testbed egress-guard`).

mod process;
mod refusal;
mod ssh_shim;

use std::net::{SocketAddr, TcpListener};
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::Result;
use tokio::task::JoinSet;

use crate::Port;
use crate::background::Background;
use crate::listening::{accept, listen};

pub use process::{Args, run};
pub use ssh_shim::ssh_shim;

#[derive(Debug)]
pub struct EgressGuard {
    refused: Arc<Mutex<Vec<String>>>,
    _thread: Background,
    port: Port,
}

impl EgressGuard {
    pub fn start() -> Result<Self> {
        let port = Port::free()?;
        let refused = Arc::new(Mutex::new(Vec::new()));
        let listener = listen(port.address())?;
        let seen = Arc::clone(&refused);
        let thread = Background::start("testbed-egress-guard", || async move {
            refuse_all(listener, move |asked_for| lock(&seen).push(asked_for)).await;
        })?;
        Ok(Self { refused, _thread: thread, port })
    }

    pub fn address(&self) -> SocketAddr {
        self.port.address()
    }

    /// The `HOST:PORT` of every refusal so far.
    pub fn refused(&self) -> Vec<String> {
        lock(&self.refused).clone()
    }

    pub fn env(&self) -> Vec<(String, String)> {
        env(self.address())
    }
}

/// What sends a process's connections to the guard at this address: programs differ in which of these they read, and in
/// which case. git speaks its own protocol without any proxy, so it is allowed only those it speaks through one.
pub fn env(guard: SocketAddr) -> Vec<(String, String)> {
    let http = format!("http://{guard}");
    // The name goes to the proxy unresolved: asking a name server would be egress too.
    let socks = format!("socks5h://{guard}");
    let loopback = "127.0.0.1,localhost,::1".to_owned();
    let variables =
        [("HTTP_PROXY", &http), ("HTTPS_PROXY", &http), ("ALL_PROXY", &socks), ("NO_PROXY", &loopback)];
    let mut env: Vec<_> = variables
        .into_iter()
        .flat_map(|(name, value)| [(name.to_owned(), value.clone()), (name.to_lowercase(), value.clone())])
        .collect();
    env.push(("GIT_ALLOW_PROTOCOL".to_owned(), "file:http:https:ssh".to_owned()));
    env
}

async fn refuse_all(listener: TcpListener, saw: impl Fn(String) + Clone + Send + Sync + 'static) {
    let listener = tokio::net::TcpListener::from_std(listener).expect("a runtime with its network enabled");
    let mut callers = JoinSet::new();
    loop {
        tokio::select! {
            (stream, _) = accept(&listener) => {
                let saw = saw.clone();
                callers.spawn(async move { refusal::refuse(stream, &saw).await });
            }
            Some(_) = callers.join_next() => {}
        }
    }
}

fn lock(refused: &Mutex<Vec<String>>) -> std::sync::MutexGuard<'_, Vec<String>> {
    refused.lock().unwrap_or_else(PoisonError::into_inner)
}
