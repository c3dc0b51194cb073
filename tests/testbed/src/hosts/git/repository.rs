//! One repository of a git host: its content, its addresses, and who may come in. The handle does not keep the host up.

use std::ops::Deref;
use std::sync::Arc;

use anyhow::{Result, ensure};

use super::bare::Bare;
use super::{Grounds, ssh};
use crate::web::{Access, Fault};

/// Commits are made on the [`Bare`] repository it dereferences to.
#[derive(Clone, Debug)]
pub struct Repository {
    grounds: Arc<Grounds>,
    name: String,
    bare: Bare,
}

impl Repository {
    pub(super) async fn open(grounds: Arc<Grounds>, name: &str) -> Result<Self> {
        ensure!(is_plain(name), "not a name for a repository: {name:?}");
        let bare = Bare::open(grounds.repository(name)).await?;
        Ok(Self { grounds, name: name.to_owned(), bare })
    }

    pub fn name(&self) -> &str {
        &self.name
    }

    /// Over HTTP.
    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}/{}.git", self.grounds.http_port, self.name)
    }

    /// Over HTTPS, with a certificate of the host's private CA.
    pub fn tls_url(&self) -> String {
        format!("https://127.0.0.1:{}/{}.git", self.grounds.tls_port, self.name)
    }

    /// Over ssh, as the user we run as. There is no `user@host:path` form of it: that form cannot name a port.
    pub fn ssh_url(&self) -> String {
        format!("ssh://{}@127.0.0.1:{}/{}.git", self.grounds.ssh_user, self.grounds.ssh_port, self.name)
    }

    /// Change who may come in over HTTP and HTTPS, from the next request on: rotates or revokes a credential.
    /// (Over ssh it is [`super::Sshd::revoke`].)
    pub fn set_access(&self, access: Access) {
        self.grounds.gate.set_access(&self.name, access);
    }

    /// For this repository only. Over ssh a hanging request stays without an answer even when the fault goes.
    pub fn set_fault(&self, fault: Fault) {
        self.grounds.gate.set_fault(&self.name, fault);
        ssh::write_fault(self.bare.path(), fault);
    }
}

impl Deref for Repository {
    type Target = Bare;

    fn deref(&self) -> &Bare {
        &self.bare
    }
}

/// Safe as a path, in a URL, in a shell script and in a log line.
pub(super) fn is_plain(name: &str) -> bool {
    let part_is_plain = |part: &str| {
        !part.is_empty()
            && !part.starts_with('.')
            && !part.ends_with(".git")
            && part.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-'))
    };
    name.split('/').all(part_is_plain)
}
