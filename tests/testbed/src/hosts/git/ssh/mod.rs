//! The ssh door of a git host: Debian's `sshd` on loopback with a configuration of our own.
//!
//! Keys are made when asked for and may run nothing but a script of ours, which lets `git-upload-pack` and
//! `git-receive-pack` through to this host's repositories, and logs them. Runs as root and as a plain user; a client
//! always logs in as the user we run as, whose shell must be a real one.

mod config;
mod key;
mod sessions;

use std::os::unix::fs::{DirBuilderExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use tokio::io::AsyncReadExt;

use super::Grounds;
use crate::process::{Launch, Process};
use crate::wait;
use crate::web::{Credential, Fault, Request, Transport};

pub use key::SshKey;

const PROGRAM: &str = "/usr/sbin/sshd";

#[derive(Debug)]
pub struct Sshd {
    process: Process,
    grounds: Arc<Grounds>,
    folder: PathBuf,
    host_key: String,
    /// Client keys made so far, and lines of the log that are in the request log already.
    progress: Mutex<Progress>,
}

#[derive(Debug, Default)]
struct Progress {
    keys: usize,
    lines: usize,
}

impl Sshd {
    pub(super) async fn start(grounds: Arc<Grounds>) -> Result<Self> {
        ensure!(
            Path::new(PROGRAM).exists(),
            "{PROGRAM} is missing: install the Debian package openssh-server"
        );
        let folder = grounds.root.join("ssh");
        std::fs::create_dir_all(&folder).with_context(|| format!("make {}", folder.display()))?;
        if rustix::process::geteuid().is_root() {
            // sshd's privilege separation wants this folder; Debian makes it only when the service starts.
            let made = std::fs::DirBuilder::new().recursive(true).mode(0o755).create("/run/sshd");
            made.context("make /run/sshd")?;
        }
        let host_key = folder.join("host_key");
        if !host_key.exists() {
            key::generate(&host_key)?;
        }
        let host_key = read(&host_key.with_extension("pub"))?;
        for name in ["authorized_keys", "requests.log"] {
            std::fs::write(folder.join(name), "").with_context(|| format!("write ssh/{name}"))?;
        }
        let door = folder.join("door");
        std::fs::write(&door, config::script(&grounds)).context("write ssh/door")?;
        std::fs::set_permissions(&door, std::fs::Permissions::from_mode(0o755))
            .context("make ssh/door a program")?;
        config::write_config(&folder, grounds.ssh_port)?;

        let config = folder.join("sshd_config").display().to_string();
        let launch = Launch::new("sshd", PROGRAM, &folder).args(["-D", "-e", "-f"]).arg(config);
        let process = launch.start()?;
        let mut sshd = Self { process, grounds, folder, host_key, progress: Mutex::default() };
        sshd.wait_until_ready().await?;
        Ok(sshd)
    }

    async fn wait_until_ready(&mut self) -> Result<()> {
        let port = self.grounds.ssh_port;
        let greeting = wait::until("the greeting of sshd", Duration::from_secs(10), || {
            let still_runs = self.process.must_run();
            async move {
                if let Err(error) = still_runs {
                    // It will not come back: no reason to wait on.
                    return Ok(Err(error));
                }
                let mut greeting = [0; 4];
                let mut stream = tokio::net::TcpStream::connect(("127.0.0.1", port))
                    .await
                    .map_err(|error| error.to_string())?;
                stream.read_exact(&mut greeting).await.map_err(|error| error.to_string())?;
                if &greeting == b"SSH-" { Ok(Ok(())) } else { Err(format!("it said {greeting:?}")) }
            }
        });
        greeting.await?
    }

    /// A new client key that may use every repository of this host.
    pub fn key(&self) -> Result<SshKey> {
        let mut progress = self.progress.lock().unwrap_or_else(PoisonError::into_inner);
        progress.keys += 1;
        let file = self.folder.join(format!("client-{}", progress.keys));
        key::generate(&file)?;
        let (private_pem, public) = (read(&file)?, read(&file.with_extension("pub"))?);
        let fingerprint = key::fingerprint(&public)?;
        let door = self.folder.join("door");
        let line = format!("restrict,command=\"'{}' {fingerprint}\" {}\n", door.display(), public.trim());
        let authorized = self.folder.join("authorized_keys");
        std::fs::write(&authorized, read(&authorized)? + &line).context("write authorized_keys")?;
        Ok(SshKey { private_pem, public, fingerprint })
    }

    /// From the next connection on, nobody comes in with this key.
    pub fn revoke(&self, key: &SshKey) -> Result<()> {
        let _one_writer = self.progress.lock().unwrap_or_else(PoisonError::into_inner);
        let authorized = self.folder.join("authorized_keys");
        let kept: String = read(&authorized)?
            .split_inclusive('\n')
            .filter(|line| !line.contains(key.public.trim()))
            .collect();
        std::fs::write(&authorized, kept).context("write authorized_keys")
    }

    pub fn known_hosts(&self) -> String {
        format!("[127.0.0.1]:{} {}", self.grounds.ssh_port, self.host_key.trim())
    }

    /// What the script logged since the last time. Each line: fingerprint, repository, git command, status.
    pub(super) fn record_new_requests(&self) {
        let mut progress = self.progress.lock().unwrap_or_else(PoisonError::into_inner);
        let log = std::fs::read_to_string(self.folder.join("requests.log")).unwrap_or_default();
        for line in log.lines().skip(progress.lines) {
            progress.lines += 1;
            let mut fields = line.split('\t').map(str::to_owned);
            let mut next = || fields.next().unwrap_or_default();
            let (fingerprint, repository, path, status) = (next(), next(), next(), next());
            self.grounds.gate.record(Request {
                sequence: 0,
                transport: Transport::Ssh,
                repository,
                path,
                credential: Credential::SshKey { fingerprint },
                status: status.parse().ok(),
            });
        }
    }
}

impl Drop for Sshd {
    fn drop(&mut self) {
        sessions::end_all(self.process.pid());
        self.process.stop();
    }
}

/// The user we run as, by name.
pub(super) fn user() -> Result<String> {
    let output = Command::new("id").arg("-un").output().context("ask who we are")?;
    Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

/// The script behind the ssh door reads the fault from a file in the host's folder or in the repository's.
pub(super) fn write_fault(folder: &Path, fault: Fault) {
    let text = match fault {
        Fault::None => String::new(),
        Fault::Status(status) => status.to_string(),
        Fault::Hang => "hang".to_owned(),
    };
    let written = std::fs::write(folder.join("ssh-fault"), text);
    written.expect("the folder of a git host can be written");
}

fn read(file: &Path) -> Result<String> {
    std::fs::read_to_string(file).with_context(|| format!("read {}", file.display()))
}
