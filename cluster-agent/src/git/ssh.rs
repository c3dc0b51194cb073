//! Git over ssh: OpenSSH's client carries the same protocol.
//!
//! A client of our own would be one more implementation of a protocol that guards keys. The program is started with
//! nothing of our surroundings: no configuration, no agent, no forwarding, an address that was vetted, and the operator's
//! list of known hosts.

use std::io::Write;
use std::net::SocketAddr;
use std::path::Path;
use std::process::Stdio;

use domain::egress::Policy;
use domain::intent::repository_credential::{CredentialAuth, CredentialSecret, HostKeys};
use domain::intent::repository_url::{Protocol, RepositoryUrl};
use tempfile::NamedTempFile;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::process::{Child, Command};

use super::dial::addresses;
use super::listing::{Answer, Greeted, Greeting};
use super::login::Login;
use super::refs::Refs;
use super::unread::Unread;

const MOST: usize = 16 * 1024 * 1024;
/// What is kept of what the program says when it fails.
const MOST_WORDS: u64 = 4096;

/// The refs of these names.
pub(super) async fn list(
    policy: &Policy,
    known_hosts: Option<&Path>,
    (url, login): (&RepositoryUrl, Option<Login<'_>>),
    wanted: Vec<String>,
) -> Result<Refs, Unread> {
    let Some(Login { auth, secret }) = login else { return Err(Unread::Refused { anonymous: true }) };
    let (CredentialAuth::SshKey { host_keys }, CredentialSecret::SshKey(key)) = (auth, secret) else {
        return Err(Unread::odd("only an ssh key opens it"));
    };
    let address = *addresses(policy, url.host(), url.port())
        .await?
        .first()
        .ok_or_else(|| Unread::unreachable("it has no address"))?;
    let key = written(key.expose()).map_err(|error| Unread::unreachable(format!("on our side: {error}")))?;
    let mut command = alone(key.path());
    known_by(&mut command, *host_keys, known_hosts);
    to(&mut command, url, address);
    let mut child = command.spawn().map_err(|error| Unread::unreachable(format!("ssh: {error}")))?;
    let answer = spoken(&mut child, wanted).await;
    let Err(unread) = answer else { return answer };
    // It hung up, or said something else: its own words are better, if it has any.
    let mut said = String::new();
    if let Some(stderr) = child.stderr.take() {
        let _cut = stderr.take(MOST_WORDS).read_to_string(&mut said).await;
    }
    Err(meant(&said).unwrap_or(unread))
}

/// A file only we can read, which goes when it is dropped. OpenSSH wants the last line ended.
fn written(key: &str) -> std::io::Result<NamedTempFile> {
    let mut file = NamedTempFile::new()?;
    file.write_all(key.as_bytes())?;
    if !key.ends_with('\n') {
        file.write_all(b"\n")?;
    }
    file.flush()?;
    Ok(file)
}

/// The program, with this key and nothing of our surroundings.
fn alone(key: &Path) -> Command {
    let mut command = Command::new("ssh");
    command
        .env_clear()
        .env("PATH", "/usr/local/bin:/usr/bin:/bin")
        .args(["-F", "none", "-T", "-a", "-x"])
        .arg("-i")
        .arg(key)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true);
    for option in [
        "BatchMode=yes",
        "IdentitiesOnly=yes",
        "IdentityAgent=none",
        "PreferredAuthentications=publickey",
        "ClearAllForwardings=yes",
        "PermitLocalCommand=no",
        "ProxyCommand=none",
        "ControlPath=none",
        "UpdateHostKeys=no",
        "GlobalKnownHostsFile=/dev/null",
        "ConnectTimeout=10",
        "LogLevel=ERROR",
        "SetEnv=GIT_PROTOCOL=version=2",
    ] {
        command.args(["-o", option]);
    }
    command
}

/// The host, and what is asked for there; nothing may come after it.
fn to(command: &mut Command, url: &RepositoryUrl, address: SocketAddr) {
    // The name is what the host's key is known by; the address is what is dialled.
    let name = match url.port() {
        22 => url.host().to_string(),
        port => format!("[{}]:{port}", url.host().to_string().trim_matches(['[', ']'])),
    };
    command
        .args(["-o", &format!("HostKeyAlias={name}")])
        .args(["-p", &address.port().to_string()])
        .args(["-l", url.user().unwrap_or("git")])
        .args(["--", &address.ip().to_string()])
        .arg(format!("git-upload-pack {}", quoted(&path(url))));
}

fn known_by(command: &mut Command, host_keys: HostKeys, known_hosts: Option<&Path>) {
    let (strict, file) = match (host_keys, known_hosts) {
        (HostKeys::Known, Some(file)) => ("yes", file),
        (HostKeys::Known, None) => ("yes", Path::new("/dev/null")),
        (HostKeys::Unverified, _) => ("no", Path::new("/dev/null")),
    };
    command.args(["-o", &format!("StrictHostKeyChecking={strict}")]);
    command.arg("-o").arg(format!("UserKnownHostsFile=\"{}\"", file.display()));
}

/// The repository as its host calls it: what the declared address says behind the host.
fn path(url: &RepositoryUrl) -> String {
    let declared = url.declared();
    let scheme = format!("{}://", Protocol::Ssh);
    let Some(rest) = declared.strip_prefix(&scheme) else {
        return declared.split_once(':').map_or("", |(_, path)| path).to_owned();
    };
    let path = rest.find('/').map_or("/", |slash| &rest[slash..]);
    let path = decoded(path);
    // As Git does it: `/~user/x` is that user's.
    if path.starts_with("/~") { path[1..].to_owned() } else { path }
}

/// `%41` is `A`.
fn decoded(path: &str) -> String {
    let mut bytes = Vec::with_capacity(path.len());
    let mut rest = path.as_bytes();
    while let [first, tail @ ..] = rest {
        let escaped = (*first == b'%')
            .then(|| tail.get(..2).and_then(|pair| std::str::from_utf8(pair).ok()))
            .flatten()
            .and_then(|pair| u8::from_str_radix(pair, 16).ok());
        bytes.push(escaped.unwrap_or(*first));
        rest = if escaped.is_some() { &tail[2..] } else { tail };
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// As one word for the shell at the other end.
fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', r"'\''").replace('!', r"'\!'"))
}

/// Greets, asks if asked to, and says goodbye.
async fn spoken(child: &mut Child, wanted: Vec<String>) -> Result<Refs, Unread> {
    let broken = || Unread::unreachable("it hung up in the middle of its answer");
    let (Some(mut stdin), Some(mut stdout)) = (child.stdin.take(), child.stdout.take()) else {
        return Err(broken());
    };
    let mut greeting = Greeting::bare(wanted.clone());
    let refs = match all(&mut stdout, |bytes| greeting.read(bytes)).await? {
        Greeted::Refs(refs) => refs,
        Greeted::Ask(question) => {
            stdin.write_all(question.as_bytes()).await.map_err(|_| broken())?;
            let mut answer = Answer::to(wanted);
            all(&mut stdout, |bytes| answer.read(bytes)).await?
        }
    };
    let _gone = stdin.write_all(b"0000").await;
    drop((stdin, stdout));
    let _status = child.wait().await;
    Ok(refs)
}

async fn all<T>(
    stdout: &mut tokio::process::ChildStdout,
    mut reader: impl FnMut(&[u8]) -> Result<Option<T>, Unread>,
) -> Result<T, Unread> {
    let (mut buffer, mut read) = (vec![0; 16 * 1024], 0);
    loop {
        let count = stdout.read(&mut buffer).await.unwrap_or(0);
        if count == 0 {
            return Err(Unread::unreachable("it hung up in the middle of its answer"));
        }
        read += count;
        if read > MOST {
            return Err(Unread::odd("its list of refs is too long"));
        }
        if let Some(found) = reader(&buffer[..count])? {
            return Ok(found);
        }
    }
}

/// What OpenSSH, or the host through it, said, in our words.
fn meant(said: &str) -> Option<Unread> {
    let has = |words: &[&str]| words.iter().any(|word| said.contains(word));
    if has(&["Permission denied", "Load key", "invalid format"]) {
        return Some(Unread::Refused { anonymous: false });
    }
    if has(&["Host key verification failed", "REMOTE HOST IDENTIFICATION HAS CHANGED", "host key is known"]) {
        return Some(Unread::odd("the key of the host is not the one that the operator knows"));
    }
    if has(&[
        "does not appear to be a git repository",
        "epository not found",
        "not found",
        "o such repository",
    ]) {
        return Some(Unread::NotFound);
    }
    if has(&["Connection refused", "timed out", "No route to host", "Connection reset", "Connection closed"])
    {
        return Some(Unread::unreachable("no connection"));
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn path_of(raw: &str) -> String {
        path(&RepositoryUrl::parse(raw, &Protocol::ALL).unwrap())
    }

    #[test]
    fn the_path_is_the_one_that_git_would_ask_for() {
        for (raw, expected) in [
            ("ssh://git@host/team/shop.git", "/team/shop.git"),
            ("ssh://git@host:2222/team/sh%6fp", "/team/shop"),
            ("git@host:team/shop.git", "team/shop.git"),
        ] {
            assert_eq!(path_of(raw), expected, "{raw}");
        }
    }

    #[test]
    fn a_path_is_one_word_whatever_is_in_it() {
        assert_eq!(quoted("/a b"), "'/a b'");
        assert_eq!(quoted("/a'; rm -rf /; '!"), r"'/a'\''; rm -rf /; '\'''\!''");
    }
}
