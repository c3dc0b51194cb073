//! The egress guard, asked by real programs: git over HTTP, a SOCKS client, ssh.

use std::process::Command;

use clap::Parser;
use testbed::egress_guard::ssh_shim;
use testbed::{EgressGuard, Folder, GitHost, Port, wait};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::support::{GitClient, SOON};

/// Never resolved: names under `.invalid` have no address (RFC 2606), and nobody here is to ask.
const FAR: &str = "git.example.invalid";

fn guarded(guard: &EgressGuard) -> GitClient {
    guard.env().into_iter().fold(GitClient::new(), |git, (name, value)| git.env(&name, value))
}

#[tokio::test]
async fn git_is_refused_the_world_and_reaches_loopback() {
    let guard = EgressGuard::start().unwrap();
    let host = GitHost::start().unwrap();
    let shop = host.repository("shop").await.unwrap();
    shop.commit(&[("a", "b")]).await.unwrap();
    let git = guarded(&guard);

    let said = git.fails(&["ls-remote", &format!("https://{FAR}/shop.git")]);
    assert!(said.contains("403"), "{said}");
    let said = git.fails(&["ls-remote", &format!("http://{FAR}:8080/shop.git")]);
    assert!(said.contains("403"), "{said}");
    let said = git.fails(&["ls-remote", &format!("git://{FAR}/shop.git")]);
    assert!(said.contains("not allowed"), "{said}");
    git.succeeds(&["ls-remote", &shop.url()]);

    assert_eq!(guard.refused(), [format!("{FAR}:443"), format!("{FAR}:8080")]);
}

#[tokio::test]
async fn a_refusal_says_what_was_asked_for() {
    let guard = EgressGuard::start().unwrap();
    let mut stream = TcpStream::connect(guard.address()).await.unwrap();
    stream.write_all(b"CONNECT 10.1.2.3:6443 HTTP/1.1\r\nHost: 10.1.2.3:6443\r\n\r\n").await.unwrap();
    stream.shutdown().await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();

    assert!(answer.starts_with("HTTP/1.1 403 "), "{answer}");
    assert!(
        answer.ends_with("egress refused: the sandbox allows only loopback; asked for 10.1.2.3:6443\n"),
        "{answer}"
    );
}

#[tokio::test]
async fn socks_is_refused_and_recorded_by_name_and_by_address() {
    let guard = EgressGuard::start().unwrap();
    let name: &[u8] = &[&[5, 1, 0, 3, 11][..], b"far.invalid", &[0, 22]].concat();
    let address: &[u8] = &[5, 1, 0, 1, 10, 1, 2, 3, 0, 80];
    for asked in [name, address] {
        let mut stream = TcpStream::connect(guard.address()).await.unwrap();
        stream.write_all(&[5, 1, 0]).await.unwrap();
        let mut greeting = [0; 2];
        stream.read_exact(&mut greeting).await.unwrap();
        assert_eq!(greeting, [5, 0]);
        stream.write_all(asked).await.unwrap();
        let mut answer = [0; 10];
        stream.read_exact(&mut answer).await.unwrap();
        assert_eq!(answer[..2], [5, 2], "not allowed by ruleset");
    }
    assert_eq!(guard.refused(), ["far.invalid:22", "10.1.2.3:80"]);
}

#[test]
fn the_ssh_shim_refuses_every_way_out() {
    let folder = Folder::in_target("ssh-shim").unwrap();
    ssh_shim(folder.path()).unwrap();
    let ways: [&[&str]; 6] = [
        &["-p", "2222", "git@git.example.invalid", "git-upload-pack x"],
        &["-o", "Hostname=far.invalid", "127.0.0.1", "true"],
        &["127.0.0.1.far.invalid", "true"],
        &["-J", "far.invalid", "127.0.0.1", "true"],
        &["-o", "ProxyCommand=nc far.invalid 22", "127.0.0.1", "true"],
        &["203.0.113.7", "true"],
    ];
    for way in ways {
        let output = Command::new(folder.join("ssh")).args(["-F", "/dev/null"]).args(way).output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(255), "{way:?}: {said}");
        assert!(said.contains("egress refused"), "{way:?}: {said}");
    }
    let log = std::fs::read_to_string(folder.join("refused.log")).unwrap();
    assert_eq!(log.lines().next(), Some("git.example.invalid:2222"));
    assert_eq!(log.lines().count(), ways.len());
}

#[tokio::test]
async fn the_ssh_shim_lets_git_reach_loopback() {
    let folder = Folder::in_target("ssh-shim").unwrap();
    ssh_shim(folder.path()).unwrap();
    let host = GitHost::start().unwrap();
    let shop = host.repository("shop").await.unwrap();
    shop.commit(&[("a", "b")]).await.unwrap();
    host.ssh().await.unwrap();

    let path = format!("{}:/usr/bin:/bin", folder.path().display());
    let git = GitClient::new().env("PATH", path).env("GIT_SSH_COMMAND", "ssh -F /dev/null -o BatchMode=yes");

    let said = git.fails(&["ls-remote", &shop.ssh_url()]);
    assert!(said.contains("Host key verification failed"), "the real ssh was reached: {said}");
    let said = git.fails(&["ls-remote", "ssh://git@far.invalid/shop.git"]);
    assert!(said.contains("egress refused"), "{said}");
}

#[derive(Debug, Parser)]
struct GuardCommand {
    #[command(flatten)]
    args: testbed::egress_guard::Args,
}

#[tokio::test]
async fn the_process_refuses_on_the_chosen_port() {
    let port = Port::free().unwrap();
    let command = GuardCommand::try_parse_from(["guard", "--port", &port.number().to_string()]).unwrap();
    let mut guarding = tokio::task::JoinSet::new();
    guarding.spawn(testbed::egress_guard::run(command.args));

    let mut stream = wait::until("the guard", SOON, || async {
        TcpStream::connect(port.address()).await.map_err(|error| error.to_string())
    })
    .await
    .unwrap();
    stream.write_all(b"GET http://far.invalid/x HTTP/1.1\r\nHost: far.invalid\r\n\r\n").await.unwrap();
    stream.shutdown().await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    assert!(answer.ends_with("asked for far.invalid:80\n"), "{answer}");
}
