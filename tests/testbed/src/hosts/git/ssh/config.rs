//! What sshd is told, and the script behind every client's key.

use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result};

use super::PROGRAM;
use crate::git::Grounds;

/// `SHLVL` keeps bash from reading a person's `.bashrc`, which it does for commands that come over ssh.
pub(super) fn write_config(folder: &Path, port: u16) -> Result<()> {
    let file = folder.join("sshd_config");
    let folder = folder.display();
    let config = format!(
        "Port {port}
ListenAddress 127.0.0.1
HostKey {folder}/host_key
AuthorizedKeysFile {folder}/authorized_keys
PidFile none
AuthenticationMethods publickey
PermitRootLogin forced-commands-only
StrictModes no
UsePAM no
UseDNS no
PrintMotd no
PermitTTY no
PermitUserRC no
AcceptEnv GIT_PROTOCOL
SetEnv SHLVL=9
LogLevel INFO
MaxStartups 200
"
    );
    std::fs::write(&file, &config).context("write sshd_config")?;
    // From 9.8 on sshd shuts out an address after a few wrong keys, and here everybody has the same one. Older ones
    // refuse to start with a word they do not know. So it is asked.
    let knows = Command::new(PROGRAM)
        .args(["-t", "-o", "PerSourcePenalties=no", "-f"])
        .arg(&file)
        .output()
        .context("ask sshd what it knows")?;
    if knows.status.success() {
        std::fs::write(&file, config + "PerSourcePenalties no\n").context("write sshd_config")?;
    }
    Ok(())
}

/// What a client's key may run, and nothing else. `$1` is the key's fingerprint; the git command comes from the client.
pub(super) fn script(grounds: &Grounds) -> String {
    include_str!("door.sh")
        .replace("@ROOT@", &grounds.root.display().to_string())
        .replace("@REPOSITORIES@", &grounds.repositories().display().to_string())
}
