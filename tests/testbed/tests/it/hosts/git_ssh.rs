//! The git host over ssh, with real `ssh`, `sshd` and git.

use std::os::unix::fs::PermissionsExt;

use testbed::git::{Bare, SshKey};
use testbed::{Credential, Fault, GitHost, Transport, wait};

use crate::support::{GitClient, SOON, last};

const FILES: [(&str, &str); 1] = [("hello/config.yaml", "kind: ConfigMap\n")];

/// A git client with this private key, and this host known: as a repo-server calls ssh.
fn client_with(private_pem: &str, known_hosts: &str) -> GitClient {
    let git = GitClient::new();
    let (key, hosts) = (git.folder.join("key"), git.folder.join("known_hosts"));
    std::fs::write(&key, private_pem).unwrap();
    std::fs::set_permissions(&key, std::fs::Permissions::from_mode(0o600)).unwrap();
    std::fs::write(&hosts, format!("{known_hosts}\n")).unwrap();
    let ssh = format!(
        "ssh -i {} -F /dev/null -o IdentitiesOnly=yes -o StrictHostKeyChecking=yes -o UserKnownHostsFile={}",
        key.display(),
        hosts.display()
    );
    git.env("GIT_SSH_COMMAND", ssh)
}

#[tokio::test]
async fn the_right_key_clones_and_pushes_and_is_logged() {
    let host = GitHost::start().unwrap();
    let shop = host.repository("team/shop").await.unwrap();
    shop.commit(&FILES).await.unwrap();
    let key = host.ssh_key().await.unwrap();
    let git = client_with(&key.private_pem, &host.known_hosts().await.unwrap());

    git.succeeds(&["clone", "--quiet", &shop.ssh_url(), "shop"]);
    assert_eq!(git.read("shop/hello/config.yaml"), "kind: ConfigMap\n");
    let request = last(host.requests());
    assert_eq!((request.transport, request.status), (Transport::Ssh, Some(200)));
    assert_eq!((request.repository.as_str(), request.path.as_str()), ("team/shop", "git-upload-pack"));
    assert_eq!(request.credential, key.credential());

    git.commits("shop", "new.yaml", "a: 1\n");
    git.succeeds(&["-C", "shop", "push", "--quiet", "origin", "main"]);
    assert_eq!(shop.read("main", "new.yaml").await.unwrap(), "a: 1\n");
    assert_eq!(last(host.requests()).path, "git-receive-pack");
}

#[tokio::test]
async fn another_hosts_key_and_a_revoked_key_are_refused() {
    let (host, other) = (GitHost::start().unwrap(), GitHost::start().unwrap());
    let shop = host.repository("shop").await.unwrap();
    shop.commit(&FILES).await.unwrap();
    let known = host.known_hosts().await.unwrap();
    let (right, wrong) = (host.ssh_key().await.unwrap(), other.ssh_key().await.unwrap());

    let said = client_with(&wrong.private_pem, &known).fails(&["ls-remote", &shop.ssh_url()]);
    assert!(said.contains("Permission denied"), "{said}");

    let git = client_with(&right.private_pem, &known);
    git.succeeds(&["ls-remote", &shop.ssh_url()]);
    host.ssh().await.unwrap().revoke(&right).unwrap();
    let said = git.fails(&["ls-remote", &shop.ssh_url()]);
    assert!(said.contains("Permission denied"), "{said}");
}

#[tokio::test]
async fn an_unknown_host_key_is_refused_by_the_client() {
    let (host, other) = (GitHost::start().unwrap(), GitHost::start().unwrap());
    let shop = host.repository("shop").await.unwrap();
    let SshKey { private_pem, .. } = host.ssh_key().await.unwrap();

    let git = client_with(&private_pem, &other.known_hosts().await.unwrap());

    let said = git.fails(&["ls-remote", &shop.ssh_url()]);
    assert!(said.contains("Host key verification failed"), "{said}");
}

#[tokio::test]
async fn a_key_opens_the_repositories_and_nothing_else_of_the_machine() {
    let host = GitHost::start().unwrap();
    let shop = host.repository("shop").await.unwrap();
    shop.commit(&FILES).await.unwrap();
    let key = host.ssh_key().await.unwrap();
    let git = client_with(&key.private_pem, &host.known_hosts().await.unwrap());
    let address = shop.ssh_url();
    let address = address.strip_suffix("/shop.git").unwrap();

    Bare::open(host.root().join("outside.git")).await.unwrap();

    for command in
        ["id", "git-upload-pack '../outside.git'", "git-upload-pack /etc", "git-upload-pack 'shop.git'; id"]
    {
        let output = std::process::Command::new("ssh")
            .args(["-F", "/dev/null", "-o", "IdentitiesOnly=yes", "-i"])
            .arg(git.folder.join("key"))
            .args(["-o", &format!("UserKnownHostsFile={}", git.folder.join("known_hosts").display())])
            .args([address, command])
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(said.contains("refused by the testbed"), "{command}: {said}");
        assert!(output.stdout.is_empty(), "{command}");
    }
    let refused: Vec<_> = host.requests().iter().map(|request| request.status).collect();
    assert_eq!(refused, [Some(403), Some(404), Some(404), Some(404)]);
}

#[tokio::test]
async fn a_fault_reaches_ssh_too() {
    let host = GitHost::start().unwrap();
    let shop = host.repository("shop").await.unwrap();
    shop.commit(&FILES).await.unwrap();
    let key = host.ssh_key().await.unwrap();
    let git = client_with(&key.private_pem, &host.known_hosts().await.unwrap());

    shop.set_fault(Fault::Status(500));
    let said = git.fails(&["ls-remote", &shop.ssh_url()]);
    assert!(said.contains("500"), "{said}");

    shop.set_fault(Fault::None);
    host.set_fault(Fault::Hang);
    let url = shop.ssh_url();
    let asking = std::thread::spawn(move || git.run(&["ls-remote", &url]));
    let hanging = wait::until("a request that hangs", SOON, || async {
        let request = last(host.requests());
        if request.status.is_none() { Ok(request) } else { Err(format!("{request:?}")) }
    })
    .await
    .unwrap();
    assert_eq!(hanging.credential, key.credential());
    assert_ne!(hanging.credential, Credential::None);
    assert!(!asking.is_finished());

    // The host ends its sessions with it, so the client comes back.
    drop(host);
    assert!(!asking.join().unwrap().status.success());
}
