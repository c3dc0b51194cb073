//! A git host on loopback: bare repositories by real `git http-backend` over HTTP and TLS, and by real `sshd` over ssh.
//!
//! Tests and the sandbox start it; engines and `git` clone from it. A test reads what was asked of it
//! ([`GitHost::requests`]), changes who may come in ([`Repository::set_access`]) and breaks it ([`GitHost::set_fault`]).
//! It never reads the machine's or a user's git configuration, and has no work trees.

mod backend;
mod bare;
mod process;
mod repository;
mod ssh;

use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context, Result};
use axum::Router;
use axum::middleware::from_fn_with_state;
use tokio::sync::OnceCell;

use crate::Port;
use crate::cache::Folder;
use crate::web::{Authority, Credential, Endpoint, Fault, Gate, HttpServer, Request};

pub use bare::{Bare, MAIN, hermetic_git};
pub use process::{Args, run};
pub use repository::Repository;
pub use ssh::{SshKey, Sshd};

/// Where a host lies and where it listens, when it is not one test's own.
#[derive(Clone, Debug)]
pub struct Site {
    /// Kept between runs; everything is in it.
    pub root: PathBuf,
    pub http_port: u16,
    pub owner: Option<Owner>,
}

/// Who may read and push everything, whatever a repository's access says.
#[derive(Clone, PartialEq, Eq)]
pub struct Owner {
    pub username: String,
    pub password: String,
}

impl std::fmt::Debug for Owner {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Owner").field("username", &self.username).finish_non_exhaustive()
    }
}

/// What a host, its doors and its repositories share.
#[derive(Debug)]
pub(crate) struct Grounds {
    root: PathBuf,
    gate: Arc<Gate>,
    owner: Option<Owner>,
    http_port: u16,
    tls_port: u16,
    ssh_port: u16,
    ssh_user: String,
}

impl Grounds {
    fn repositories(&self) -> PathBuf {
        self.root.join("repositories")
    }

    fn repository(&self, name: &str) -> PathBuf {
        self.repositories().join(format!("{name}.git"))
    }

    fn is_owner(&self, shown: &Credential) -> bool {
        let owner = self.owner.as_ref();
        owner.is_some_and(|owner| *shown == Credential::basic(&owner.username, &owner.password))
    }
}

/// A running host. Its fields end in this order: first nobody can ask any more, then the folder goes.
#[derive(Debug)]
pub struct GitHost {
    server: HttpServer,
    sshd: OnceCell<Sshd>,
    grounds: Arc<Grounds>,
    authority: Authority,
    ports: Vec<Port>,
    folder: Option<Folder>,
}

impl GitHost {
    /// A host of one test's own, on free ports, in a folder that goes with it.
    pub fn start() -> Result<Self> {
        let folder = Folder::in_target("git-host")?;
        let port = Port::free()?;
        let site = Site { root: folder.path().to_owned(), http_port: port.number(), owner: None };
        let mut host = Self::serve(site)?;
        host.ports.push(port);
        host.folder = Some(folder);
        Ok(host)
    }

    /// A host that stays: on a chosen port, in a folder that is kept, where every repository found is served (and is
    /// public until somebody says otherwise). Its TLS and ssh ports are free ones.
    pub fn serve(site: Site) -> Result<Self> {
        let repositories = site.root.join("repositories");
        std::fs::create_dir_all(&repositories).with_context(|| format!("make {}", repositories.display()))?;
        let ports = vec![Port::free()?, Port::free()?];
        let grounds = Arc::new(Grounds {
            root: site.root.canonicalize().context("find the git host's folder")?,
            gate: Arc::default(),
            owner: site.owner,
            http_port: site.http_port,
            tls_port: ports[0].number(),
            ssh_port: ports[1].number(),
            ssh_user: ssh::user()?,
        });
        let authority = Authority::new("testbed git host")?;
        let endpoints = vec![
            Endpoint::plain(loopback(grounds.http_port)),
            Endpoint::tls(loopback(grounds.tls_port), Arc::clone(&authority.server)),
        ];
        let router = Router::new()
            .fallback(backend::answer)
            .with_state(Arc::clone(&grounds))
            .layer(from_fn_with_state(Arc::clone(&grounds.gate), Gate::keep));
        let server = HttpServer::start("testbed-git-host", endpoints, router)?;
        Ok(Self { server, sshd: OnceCell::new(), grounds, authority, ports, folder: None })
    }

    /// The repository of this name (letters, digits, `.`, `_`, `-`, and `/` between them), made if it is not there.
    pub async fn repository(&self, name: &str) -> Result<Repository> {
        Repository::open(Arc::clone(&self.grounds), name).await
    }

    /// The ssh door, opened when first asked for: most tests do not need it.
    pub async fn ssh(&self) -> Result<&Sshd> {
        self.sshd.get_or_try_init(|| Sshd::start(Arc::clone(&self.grounds))).await
    }

    /// A new client key that may read and push every repository of this host over ssh.
    pub async fn ssh_key(&self) -> Result<SshKey> {
        self.ssh().await?.key()
    }

    /// The line for a `known_hosts` file.
    pub async fn known_hosts(&self) -> Result<String> {
        Ok(self.ssh().await?.known_hosts())
    }

    /// The certificate of the private CA behind [`Repository::tls_url`].
    pub fn ca_pem(&self) -> &str {
        &self.authority.pem
    }

    /// `http://127.0.0.1:PORT`, without a slash at the end.
    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.grounds.http_port)
    }

    /// For every repository, over every transport.
    pub fn set_fault(&self, fault: Fault) {
        self.grounds.gate.set_host_fault(fault);
        ssh::write_fault(&self.grounds.root, fault);
    }

    /// Refuse connections (HTTP and TLS), and end those there are.
    pub fn down(&self) {
        self.server.down();
    }

    pub fn up(&self) -> Result<()> {
        self.server.up()
    }

    /// All that was asked so far. What came over ssh is numbered when it is first read here, so between the two kinds
    /// the order says little; a key that `sshd` itself refused is not in it.
    pub fn requests(&self) -> Vec<Request> {
        if let Some(sshd) = self.sshd.get() {
            sshd.record_new_requests();
        }
        self.grounds.gate.requests()
    }

    pub fn root(&self) -> &Path {
        &self.grounds.root
    }
}

fn loopback(port: u16) -> SocketAddr {
    SocketAddr::from((Ipv4Addr::LOCALHOST, port))
}
