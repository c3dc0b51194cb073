//! Asking repositories: of a real git host, over HTTP, TLS and ssh.

use std::time::Duration;

use cluster_agent::git::{Args, Git, Login, Refs, Unread};
use domain::egress::{Policy, Profile};
use domain::intent::repository_credential::{CredentialAuth, CredentialSecret, HostKeys, UserName};
use domain::intent::repository_url::{Protocol, RepositoryUrl};
use domain::intent::source::GitRevision;
use domain::secret::Secret;
use testbed::{Access, Credential, Fault, GitHost, wait};

fn args() -> Args {
    Args {
        git_poll: Duration::from_secs(180),
        git_per_host: 4,
        git_timeout: Duration::from_secs(10),
        git_ca_file: None,
        git_known_hosts: None,
    }
}

fn loopback() -> Policy {
    Policy { profile: Profile::LoopbackOnly, ..Policy::default() }
}

fn git(args: &Args) -> Git {
    Git::new(args, &loopback()).unwrap()
}

fn url(raw: &str) -> RepositoryUrl {
    RepositoryUrl::parse(raw, &Protocol::ALL).unwrap()
}

fn revisions(raw: &[&str]) -> Vec<GitRevision> {
    raw.iter().map(|raw| GitRevision::parse(raw).unwrap()).collect()
}

fn commit(refs: &Refs, revision: &str) -> Option<String> {
    refs.resolve(&GitRevision::parse(revision).unwrap()).map(|found| found.commit.to_string())
}

fn basic(username: &str) -> CredentialAuth {
    CredentialAuth::Basic { username: UserName::parse(username).unwrap() }
}

fn password(text: &str) -> CredentialSecret {
    CredentialSecret::Password(Secret::new(text.to_owned()))
}

#[tokio::test]
async fn branches_tags_and_head_are_what_they_are_now() {
    let host = GitHost::start().unwrap();
    let repository = host.repository("team/shop").await.unwrap();
    let first = repository.commit(&[("a.yaml", "a: 1")]).await.unwrap();
    repository.tag("v1", &first).await.unwrap();
    let second = repository.commit(&[("a.yaml", "a: 2")]).await.unwrap();
    let side = repository.commit_on("feature/x", &[("b.yaml", "b: 1")]).await.unwrap();

    let (git, asked) = (git(&args()), revisions(&["", "main", "v1", "feature/x", "gone", "refs/heads/main"]));
    let refs = git.ask(&url(&repository.url()), None, &asked).await.unwrap();
    assert_eq!(commit(&refs, ""), Some(second.clone()));
    assert_eq!(commit(&refs, "main"), Some(second.clone()));
    assert_eq!(commit(&refs, "refs/heads/main"), Some(second));
    assert_eq!(commit(&refs, "v1"), Some(first));
    assert_eq!(commit(&refs, "feature/x"), Some(side));
    assert_eq!(commit(&refs, "gone"), None);

    let third = repository.commit(&[("a.yaml", "a: 3")]).await.unwrap();
    let refs = git.ask(&url(&repository.url()), None, &asked).await.unwrap();
    assert_eq!(commit(&refs, "main"), Some(third));
}

#[tokio::test]
async fn an_empty_repository_can_be_read_and_has_nothing() {
    let host = GitHost::start().unwrap();
    let repository = host.repository("empty").await.unwrap();
    let refs = git(&args()).ask(&url(&repository.url()), None, &revisions(&["main"])).await.unwrap();
    assert_eq!(commit(&refs, "main"), None);
}

#[tokio::test]
async fn a_private_repository_is_read_with_its_credential_and_no_other() {
    let host = GitHost::start().unwrap();
    let repository = host.repository("shop").await.unwrap();
    let head = repository.commit(&[("a.yaml", "a: 1")]).await.unwrap();
    repository.set_access(Access::basic("bob", "s3cret"));
    let (git, address, asked) = (git(&args()), url(&repository.url()), revisions(&["main"]));

    assert_eq!(git.ask(&address, None, &asked).await, Err(Unread::Refused { anonymous: true }));
    let (auth, wrong, right) = (basic("bob"), password("guess"), password("s3cret"));
    let login = Login { auth: &auth, secret: &wrong };
    assert_eq!(git.ask(&address, Some(login), &asked).await, Err(Unread::Refused { anonymous: false }));
    let login = Login { auth: &auth, secret: &right };
    let refs = git.ask(&address, Some(login), &asked).await.unwrap();
    assert_eq!(commit(&refs, "main"), Some(head));

    repository.set_access(Access::bearer("t0ken"));
    let token = CredentialSecret::Token(Secret::new("t0ken".to_owned()));
    let login = Login { auth: &CredentialAuth::Bearer, secret: &token };
    git.ask(&address, Some(login), &asked).await.unwrap();
    let shown = host.requests().last().unwrap().credential.clone();
    assert_eq!(shown, Credential::bearer("t0ken"));
}

#[tokio::test]
async fn a_host_is_trusted_by_the_operators_certificates() {
    let host = GitHost::start().unwrap();
    let repository = host.repository("shop").await.unwrap();
    let head = repository.commit(&[("a.yaml", "a: 1")]).await.unwrap();
    let (address, asked) = (url(&repository.tls_url()), revisions(&["main"]));

    let unread = git(&args()).ask(&address, None, &asked).await.unwrap_err();
    assert!(matches!(&unread, Unread::Odd(why) if why.starts_with("TLS: ")), "{unread:?}");
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), host.ca_pem()).unwrap();
    let trusting = git(&Args { git_ca_file: Some(file.path().to_owned()), ..args() });
    assert_eq!(commit(&trusting.ask(&address, None, &asked).await.unwrap(), "main"), Some(head));
}

#[tokio::test]
async fn over_ssh_the_key_opens_and_the_host_is_known() {
    let host = GitHost::start().unwrap();
    let repository = host.repository("team/shop").await.unwrap();
    let head = repository.commit(&[("a.yaml", "a: 1")]).await.unwrap();
    repository.tag("v1", &head).await.unwrap();
    let key = host.ssh_key().await.unwrap();
    let secret = CredentialSecret::SshKey(Secret::new(key.private_pem.trim_end().to_owned()));
    let auth = CredentialAuth::SshKey { host_keys: HostKeys::Known };
    let login = Some(Login { auth: &auth, secret: &secret });
    let (address, asked) = (url(&repository.ssh_url()), revisions(&["main", "v1", ""]));

    let unknown = git(&args()).ask(&address, login, &asked).await.unwrap_err();
    assert!(matches!(&unknown, Unread::Odd(why) if why.contains("the key of the host")), "{unknown:?}");

    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), host.known_hosts().await.unwrap()).unwrap();
    let git = git(&Args { git_known_hosts: Some(file.path().to_owned()), ..args() });
    let refs = git.ask(&address, login, &asked).await.unwrap();
    for revision in ["main", "v1", ""] {
        assert_eq!(commit(&refs, revision), Some(head.clone()), "{revision}");
    }
    assert_eq!(git.ask(&address, None, &asked).await, Err(Unread::Refused { anonymous: true }));
    host.ssh().await.unwrap().revoke(&key).unwrap();
    assert_eq!(git.ask(&address, login, &asked).await, Err(Unread::Refused { anonymous: false }));
}

#[tokio::test]
async fn nothing_is_dialled_that_the_operator_does_not_allow() {
    let host = GitHost::start().unwrap();
    let repository = host.repository("shop").await.unwrap();
    let public = Git::new(&args(), &Policy::default()).unwrap();
    let denied = public.ask(&url(&repository.url()), None, &[]).await.unwrap_err();
    assert!(matches!(denied, Unread::Denied(_)), "{denied:?}");
    let outside = git(&args()).ask(&url("https://git.example.com/team/shop"), None, &[]).await.unwrap_err();
    assert!(matches!(outside, Unread::Denied(_)), "{outside:?}");
    assert!(host.requests().is_empty(), "{:?}", host.requests());
}

#[tokio::test]
async fn what_went_wrong_says_whether_to_ask_again() {
    let host = GitHost::start().unwrap();
    let repository = host.repository("shop").await.unwrap();
    let (address, git) =
        (url(&repository.url()), git(&Args { git_timeout: Duration::from_secs(2), ..args() }));
    for (status, expected) in [(404, "not found"), (403, "without a credential"), (400, "answers 400")] {
        repository.set_fault(Fault::Status(status));
        let unread = git.ask(&address, None, &[]).await.unwrap_err();
        assert!(
            !matches!(unread, Unread::Unreachable(_)) && unread.to_string().contains(expected),
            "{unread}"
        );
    }
    for fault in [Fault::Status(429), Fault::Status(503), Fault::Hang] {
        repository.set_fault(fault);
        let unread = git.ask(&address, None, &[]).await.unwrap_err();
        assert!(matches!(unread, Unread::Unreachable(_)), "{fault:?}: {unread}");
    }
    host.down();
    let unread = git.ask(&address, None, &[]).await.unwrap_err();
    assert!(matches!(unread, Unread::Unreachable(_)), "{unread}");
}

/// Of many questions only a few are at a host at a time; the others wait for them.
#[tokio::test]
async fn a_host_gets_only_so_many_questions_at_a_time() {
    let host = GitHost::start().unwrap();
    let repository = host.repository("shop").await.unwrap();
    let git = git(&Args { git_per_host: 2, ..args() });
    let address = url(&repository.url());
    repository.set_fault(Fault::Hang);
    let asking = async {
        let all: Vec<_> = (0..6).map(|_| git.ask(&address, None, &[])).collect();
        futures::future::join_all(all).await
    };
    let watching = async {
        wait::until("two questions", Duration::from_secs(5), async || match host.requests().len() {
            2 => Ok(()),
            other => Err(format!("{other}")),
        })
        .await
        .unwrap();
        repository.set_fault(Fault::None);
    };
    let (answers, ()) = tokio::join!(asking, watching);
    assert!(answers.iter().all(Result::is_ok), "{answers:?}");
}
