//! The small HTTP server under the git host, the Helm repository and the issuer: endpoints with and without TLS, a
//! fault switch, access rules and a log of requests. Private to the testbed but for the types a test speaks with.

mod access;
mod authority;
mod fault;
mod gate;
mod requests;
mod tls;

use std::net::{SocketAddr, TcpListener};
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::{Context, Result};
use axum::{Extension, Router};
use rustls::ServerConfig;
use tokio::task::JoinSet;

use crate::background::Background;
use crate::listening::{listen, stop_listening};

pub use access::{Access, Credential};
pub(crate) use authority::Authority;
pub use fault::Fault;
pub(crate) use gate::{Gate, refusal, repository_in};
pub use requests::{Request, Transport};

#[derive(Clone, Debug)]
pub(crate) struct Endpoint {
    pub(crate) address: SocketAddr,
    pub(crate) tls: Option<Arc<ServerConfig>>,
}

impl Endpoint {
    pub(crate) fn plain(address: SocketAddr) -> Self {
        Self { address, tls: None }
    }

    pub(crate) fn tls(address: SocketAddr, config: Arc<ServerConfig>) -> Self {
        Self { address, tls: Some(config) }
    }
}

/// Serves one router on all its endpoints until it is dropped.
#[derive(Debug)]
pub(crate) struct HttpServer {
    name: String,
    endpoints: Vec<Endpoint>,
    router: Router,
    running: Mutex<Option<Running>>,
}

#[derive(Debug)]
struct Running {
    _thread: Background,
    /// Copies of the sockets that the thread listens on.
    doors: Vec<TcpListener>,
}

impl Drop for Running {
    fn drop(&mut self) {
        self.doors.iter().for_each(stop_listening);
    }
}

impl HttpServer {
    pub(crate) fn start(name: &str, endpoints: Vec<Endpoint>, router: Router) -> Result<Self> {
        let server = Self { name: name.to_owned(), endpoints, router, running: Mutex::new(None) };
        server.up()?;
        Ok(server)
    }

    /// Listen (again), on the same ports. They accept connections when this returns.
    pub(crate) fn up(&self) -> Result<()> {
        let mut running = self.running.lock().unwrap_or_else(PoisonError::into_inner);
        if running.is_some() {
            return Ok(());
        }
        let (mut doors, mut copies) = (Vec::new(), Vec::new());
        for endpoint in &self.endpoints {
            let listener = listen(endpoint.address).with_context(|| format!("start {}", self.name))?;
            copies.push(listener.try_clone().context("copy a listening socket")?);
            doors.push((listener, endpoint.tls.clone()));
        }
        let router = self.router.clone();
        let thread = Background::start(&self.name, || serve(doors, router))?;
        *running = Some(Running { _thread: thread, doors: copies });
        Ok(())
    }

    /// End every connection and refuse new ones.
    pub(crate) fn down(&self) {
        drop(self.running.lock().unwrap_or_else(PoisonError::into_inner).take());
    }
}

async fn serve(doors: Vec<(TcpListener, Option<Arc<ServerConfig>>)>, router: Router) {
    let mut serving = JoinSet::new();
    for (listener, config) in doors {
        let listener =
            tokio::net::TcpListener::from_std(listener).expect("a runtime with its network enabled");
        let transport = if config.is_some() { Transport::Https } else { Transport::Http };
        let router = router.clone().layer(Extension(transport));
        match config {
            Some(config) => {
                let listener = tls::Listener::new(listener, config);
                serving.spawn(async move { axum::serve(listener, router).await });
            }
            None => {
                serving.spawn(async move { axum::serve(listener, router).await });
            }
        }
    }
    while serving.join_next().await.is_some() {}
}
