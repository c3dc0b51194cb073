//! Key pairs, made by `ssh-keygen` when a test asks for them.

use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, ensure};
use base64::Engine;
use base64::prelude::{BASE64_STANDARD, BASE64_STANDARD_NO_PAD};
use sha2::{Digest, Sha256};

use crate::web::Credential;

/// A client's key. The private part is what `Repository` Secrets call `sshPrivateKey`.
#[derive(Clone)]
pub struct SshKey {
    pub private_pem: String,
    pub public: String,
    /// `SHA256:…`, as the request log has it.
    pub fingerprint: String,
}

impl SshKey {
    pub fn credential(&self) -> Credential {
        Credential::SshKey { fingerprint: self.fingerprint.clone() }
    }
}

impl std::fmt::Debug for SshKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SshKey").field("fingerprint", &self.fingerprint).finish_non_exhaustive()
    }
}

/// Make a pair: `file` and `file.pub`.
pub(super) fn generate(file: &Path) -> Result<()> {
    let output = Command::new("ssh-keygen")
        .args(["-q", "-t", "ed25519", "-N", "", "-C", "argosy-testbed", "-f"])
        .arg(file)
        .output()
        .context("run ssh-keygen (Debian package openssh-client)")?;
    ensure!(output.status.success(), "ssh-keygen: {}", String::from_utf8_lossy(&output.stderr).trim());
    Ok(())
}

pub(super) fn fingerprint(public: &str) -> Result<String> {
    let blob = public.split(' ').nth(1).context("a public key has two words")?;
    let blob = BASE64_STANDARD.decode(blob.trim()).context("a public key is base64")?;
    Ok(format!("SHA256:{}", BASE64_STANDARD_NO_PAD.encode(Sha256::digest(blob))))
}
