//! The git host over HTTP and HTTPS, with a real git.

use clap::Parser;
use testbed::git::{Owner, Site};
use testbed::{Access, Credential, Fault, Folder, GitHost, Port, Transport, wait};

use crate::support::{GitClient, SOON, last, with_password};

const FILES: [(&str, &str); 2] = [("hello/config.yaml", "kind: ConfigMap\n"), ("README.md", "# Shop\n")];

#[tokio::test]
async fn a_public_repository_is_cloned_with_every_commit_of_it() {
    let host = GitHost::start().unwrap();
    let shop = host.repository("team/shop").await.unwrap();
    let first = shop.commit(&FILES).await.unwrap();
    let second = shop.commit(&[("hello/config.yaml", "kind: Secret\n")]).await.unwrap();
    let third = shop.remove(&["README.md"]).await.unwrap();
    shop.tag("v1", &first).await.unwrap();
    let other = shop.commit_on("feature", &[("new.yaml", "a: 1\n")]).await.unwrap();

    let git = GitClient::new();
    git.succeeds(&["clone", "--quiet", &shop.url(), "shop"]);

    let history = git.succeeds(&["-C", "shop", "log", "--format=%H"]);
    assert_eq!(history.lines().collect::<Vec<_>>(), [third.as_str(), &second, &first]);
    assert_eq!(git.read("shop/hello/config.yaml"), "kind: Secret\n");
    assert!(!git.folder.join("shop/README.md").exists());
    let refs = git.succeeds(&["ls-remote", &shop.url()]);
    assert!(refs.contains(&format!("{first}\trefs/tags/v1")), "{refs}");
    assert!(refs.contains(&format!("{other}\trefs/heads/feature")), "{refs}");
    assert_eq!(shop.resolve("feature^").await.unwrap(), Some(third), "a new branch begins at main");
    assert_eq!(shop.read("v1", "README.md").await.unwrap(), "# Shop\n");
    assert!(host.requests().iter().all(|request| request.credential == Credential::None));
}

#[tokio::test]
async fn an_engine_can_fetch_one_commit_by_its_hash() {
    let host = GitHost::start().unwrap();
    let shop = host.repository("shop").await.unwrap();
    let old = shop.commit(&FILES).await.unwrap();
    shop.commit(&[("hello/config.yaml", "kind: Secret\n")]).await.unwrap();

    let git = GitClient::new();
    git.succeeds(&["init", "--quiet", "shop"]);
    git.succeeds(&["-C", "shop", "fetch", "--quiet", "--depth=1", &shop.url(), &old]);

    assert_eq!(git.succeeds(&["-C", "shop", "rev-parse", "FETCH_HEAD"]).trim(), old);
}

#[tokio::test]
async fn a_repository_with_a_password_opens_to_it_and_to_no_other() {
    let host = GitHost::start().unwrap();
    let shop = host.repository("shop").await.unwrap();
    shop.commit(&FILES).await.unwrap();
    shop.set_access(Access::basic("ann", "right"));
    let git = GitClient::new();

    assert!(git.fails(&["ls-remote", &shop.url()]).contains("could not read Username"));
    assert_eq!(last(host.requests()).credential, Credential::None);

    let wrong = git.fails(&["ls-remote", &with_password(&shop.url(), "ann", "wrong")]);
    assert!(wrong.contains("Authentication failed"), "{wrong}");
    let request = last(host.requests());
    assert_eq!((request.credential, request.status), (Credential::basic("ann", "wrong"), Some(401)));

    git.succeeds(&["ls-remote", &with_password(&shop.url(), "ann", "right")]);
    let request = last(host.requests());
    assert_eq!((request.credential, request.status), (Credential::basic("ann", "right"), Some(200)));
    assert_eq!((request.repository.as_str(), request.transport), ("shop", Transport::Http));
}

#[tokio::test]
async fn a_rotated_password_ends_the_old_one_at_once() {
    let host = GitHost::start().unwrap();
    let shop = host.repository("shop").await.unwrap();
    shop.commit(&FILES).await.unwrap();
    let git = GitClient::new();
    let (old, new) = (with_password(&shop.url(), "ann", "old"), with_password(&shop.url(), "ann", "new"));
    shop.set_access(Access::basic("ann", "old"));
    git.succeeds(&["ls-remote", &old]);

    shop.set_access(Access::basic("ann", "new"));

    git.fails(&["ls-remote", &old]);
    git.succeeds(&["ls-remote", &new]);
}

#[tokio::test]
async fn a_bearer_token_opens_its_repository_only() {
    let host = GitHost::start().unwrap();
    let (shop, other) = (host.repository("shop").await.unwrap(), host.repository("other").await.unwrap());
    shop.commit(&FILES).await.unwrap();
    shop.set_access(Access::bearer("ticket"));
    other.set_access(Access::bearer("another"));
    let git = GitClient::new();
    let header = "http.extraHeader=Authorization: Bearer ticket";

    git.fails(&["ls-remote", &shop.url()]);
    git.succeeds(&["-c", header, "ls-remote", &shop.url()]);
    assert_eq!(last(host.requests()).credential, Credential::bearer("ticket"));
    git.fails(&["-c", header, "ls-remote", &other.url()]);
}

#[tokio::test]
async fn who_knows_the_password_pushes_and_nobody_pushes_to_a_public_repository() {
    let host = GitHost::start().unwrap();
    let (shop, open) = (host.repository("shop").await.unwrap(), host.repository("open").await.unwrap());
    shop.commit(&FILES).await.unwrap();
    shop.set_access(Access::basic("ann", "right"));
    let git = GitClient::new();
    git.succeeds(&["clone", "--quiet", &with_password(&shop.url(), "ann", "right"), "shop"]);
    git.commits("shop", "README.md", "# Pushed\n");

    git.succeeds(&["-C", "shop", "push", "--quiet", "origin", "main"]);
    assert_eq!(shop.read("main", "README.md").await.unwrap(), "# Pushed\n");
    // And the host's own commits go on from there.
    shop.commit(&[("more.txt", "more\n")]).await.unwrap();
    assert_eq!(shop.read("main", "README.md").await.unwrap(), "# Pushed\n");

    git.fails(&["-C", "shop", "push", &open.url(), "main"]);
    assert_eq!(open.resolve("main").await.unwrap(), None);
}

#[tokio::test]
async fn tls_is_trusted_with_the_private_ca_only() {
    let host = GitHost::start().unwrap();
    let shop = host.repository("shop").await.unwrap();
    shop.commit(&FILES).await.unwrap();
    let git = GitClient::new();
    let ca = git.folder.join("ca.pem");
    std::fs::write(&ca, host.ca_pem()).unwrap();

    let refused = git.fails(&["ls-remote", &shop.tls_url()]);
    assert!(refused.to_lowercase().contains("certificate"), "{refused}");

    let trust = format!("http.sslCAInfo={}", ca.display());
    git.succeeds(&["-c", &trust, "clone", "--quiet", &shop.tls_url(), "shop"]);
    assert_eq!(last(host.requests()).transport, Transport::Https);
}

#[tokio::test]
async fn a_broken_host_answers_what_the_test_says_and_heals() {
    let host = GitHost::start().unwrap();
    let (shop, other) = (host.repository("shop").await.unwrap(), host.repository("other").await.unwrap());
    shop.commit(&FILES).await.unwrap();
    other.commit(&FILES).await.unwrap();
    let git = GitClient::new();

    shop.set_fault(Fault::Status(500));
    let said = git.fails(&["ls-remote", &shop.url()]);
    assert!(said.contains("500"), "{said}");
    git.succeeds(&["ls-remote", &other.url()]);

    shop.set_fault(Fault::None);
    host.set_fault(Fault::Status(401));
    git.fails(&["ls-remote", &shop.url()]);
    git.fails(&["ls-remote", &other.url()]);

    host.set_fault(Fault::None);
    git.succeeds(&["ls-remote", &shop.url()]);

    host.down();
    let said = git.fails(&["ls-remote", &shop.url()]);
    assert!(said.contains("Failed to connect") || said.contains("refused"), "{said}");
    host.up().unwrap();
    git.succeeds(&["ls-remote", &shop.url()]);
}

#[tokio::test]
async fn a_hanging_repository_answers_after_it_healed() {
    let host = GitHost::start().unwrap();
    let shop = host.repository("shop").await.unwrap();
    shop.commit(&FILES).await.unwrap();
    shop.set_fault(Fault::Hang);
    let git = GitClient::new();
    let url = shop.url();
    let asking = std::thread::spawn(move || git.succeeds(&["ls-remote", &url]));

    wait::until("a request that hangs", SOON, || async {
        let requests = host.requests();
        if requests.iter().any(|request| request.status.is_none()) {
            Ok(())
        } else {
            Err(format!("{requests:?}"))
        }
    })
    .await
    .unwrap();
    assert!(!asking.is_finished());
    shop.set_fault(Fault::None);

    assert!(asking.join().unwrap().contains("refs/heads/main"));
    assert_eq!(last(host.requests()).status, Some(200));
}

#[tokio::test]
async fn a_host_that_stays_keeps_its_repositories_and_lets_its_owner_push() {
    let folder = Folder::in_target("git-site").unwrap();
    let port = Port::free().unwrap();
    let owner = Owner { username: "me".to_owned(), password: "mine".to_owned() };
    let site = Site { root: folder.path().to_owned(), http_port: port.number(), owner: Some(owner) };
    let git = GitClient::new();

    let host = GitHost::serve(site.clone()).unwrap();
    let sample = host.repository("sample").await.unwrap();
    let commit = sample.commit(&FILES).await.unwrap();
    let url = sample.url();
    drop(host);
    git.fails(&["ls-remote", &url]);

    let _host = GitHost::serve(site).unwrap();
    git.succeeds(&["clone", "--quiet", &url, "sample"]);
    assert_eq!(git.succeeds(&["-C", "sample", "rev-parse", "HEAD"]).trim(), commit);
    git.commits("sample", "README.md", "# Mine\n");
    git.fails(&["-C", "sample", "push", &url, "main"]);
    git.fails(&["-C", "sample", "push", &with_password(&url, "me", "yours"), "main"]);
    git.succeeds(&["-C", "sample", "push", "--quiet", &with_password(&url, "me", "mine"), "main"]);
    assert_eq!(sample.read("main", "README.md").await.unwrap(), "# Mine\n");
}

#[tokio::test]
async fn what_is_no_repository_is_not_found() {
    let host = GitHost::start().unwrap();
    let git = GitClient::new();
    for path in ["nothing.git", "..%2fother.git", "shop", "../git-host.git"] {
        let said = git.fails(&["ls-remote", &format!("{}/{path}", host.url())]);
        assert!(said.contains("not found"), "{said}");
    }
    assert!(host.repository("../outside").await.is_err());
}

#[derive(Debug, Parser)]
struct GitHostCommand {
    #[command(flatten)]
    args: testbed::git::Args,
}

#[tokio::test]
async fn the_process_serves_a_folder_and_its_owner_has_the_password_of_a_file() {
    let folder = Folder::in_target("git-process").unwrap();
    let password_file = folder.join("password");
    std::fs::write(&password_file, "mine\n").unwrap();
    let sample = testbed::git::Bare::open(folder.join("repositories/sample.git")).await.unwrap();
    sample.commit(&FILES).await.unwrap();
    let port = Port::free().unwrap();
    let (root, file, number) = (folder.path().display(), password_file.display(), port.number());
    let line = format!("git-host --root {root} --port {number} --user me --password-file {file}");
    let command = GitHostCommand::try_parse_from(line.split(' ')).unwrap();
    let mut serving = tokio::task::JoinSet::new();
    serving.spawn(testbed::git::run(command.args));

    let git = GitClient::new();
    let url = format!("http://127.0.0.1:{number}/sample.git");
    wait::until("the sample repository", SOON, || async {
        let output = git.run(&["ls-remote", &url]);
        if output.status.success() {
            Ok(())
        } else {
            Err(String::from_utf8_lossy(&output.stderr).into_owned())
        }
    })
    .await
    .unwrap();
    git.succeeds(&["clone", "--quiet", &url, "sample"]);
    git.commits("sample", "README.md", "# Mine\n");
    git.succeeds(&["-C", "sample", "push", "--quiet", &with_password(&url, "me", "mine"), "main"]);
    assert_eq!(sample.read("main", "README.md").await.unwrap(), "# Mine\n");
}
