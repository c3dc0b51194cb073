//! Addresses of repositories: what is one, and which of them are the same.

use domain::egress::{Host, Policy};
use domain::intent::repository_url::{Protocol, RepositoryPrefix, RepositoryUrl};
use proptest::prelude::*;

fn url(raw: &str) -> RepositoryUrl {
    RepositoryUrl::parse(raw, &Protocol::ALL).unwrap_or_else(|flaw| panic!("{raw}: {flaw}"))
}

fn prefix(raw: &str) -> RepositoryPrefix {
    RepositoryPrefix::parse(raw, &Protocol::ALL).unwrap_or_else(|flaw| panic!("{raw}: {flaw}"))
}

/// The first of each row is the canonical spelling of all.
const SAME: &[&[&str]] = &[
    &[
        "https://github.com/org/repo",
        "https://github.com/org/repo.git",
        "https://github.com/org/repo/",
        "https://github.com/org/repo.git/",
        "https://GitHub.COM/org/repo",
        "https://github.com./org/repo",
        "https://github.com:443/org/repo",
        "https://github.com:0443/org/repo",
        "https://github.com//org///repo",
        "https://github.com/org/./repo",
        "https://github.com/%6Frg/r%65po",
        "https://github.com/org/repo%2Egit",
        "https://github.com/org/repo.GIT",
        "https://github.com/org/repo.git.git",
        "https://github.com/org/repo/.git",
        "https://github.com/org/repo/%2e",
    ],
    &[
        "ssh://git@github.com/org/repo",
        "ssh://git@github.com/org/repo.git",
        "ssh://git@github.com:22/org/repo",
        "ssh://git@GITHUB.com./org/repo/",
        "git@github.com:org/repo",
        "git@github.com:org/repo.git",
        "git@GitHub.com:/org/repo",
        "git@github.com.:org//repo/",
    ],
    &["ssh://git@host:2222/org/repo", "ssh://git@host:2222/org/repo.git"],
    &["ssh://git@host/2222/org/repo", "git@host:2222/org/repo"],
    &[
        "https://xn--bcher-kva.example/repo",
        "https://bücher.example/repo",
        "https://BÜCHER.example/repo",
        "https://XN--BCHER-KVA.example/repo",
        "https://bücher。example/repo",
    ],
    &[
        "https://127.0.0.1/repo",
        "https://127.1/repo",
        "https://0x7f.1/repo",
        "https://2130706433/repo",
        "https://127.0.0.1./repo",
    ],
    &["https://[::1]:8443/repo", "https://[0:0:0:0:0:0:0:1]:8443/repo"],
    &["https://host/a%20b/repo", "https://host/%61%20b/repo"],
    &["https://host/a%C3%A4/repo", "https://host/a%c3%a4/repo"],
    &["https://host/~user/a+b@c:d/repo", "https://host/%7Euser/a%2Bb%40c%3Ad/repo"],
    &["https://host/a%25b/repo", "https://host/%61%25b/repo"],
    &["oci://registry.example/org/app", "oci://REGISTRY.example:443/org/app/"],
    &["https://charts.example.com", "https://charts.example.com/", "https://charts.example.com/.git"],
    &["http://127.0.0.1:8080/repo", "http://127.0.0.1:8080/repo.git"],
];

const DIFFERENT: &[(&str, &str)] = &[
    ("https://host/org/repo", "https://host/org/Repo"),
    ("https://host/org/repo", "https://host/org/repo2"),
    ("https://host/org/repo", "https://host/org/repo/sub"),
    ("https://host/org/repo", "https://host:8443/org/repo"),
    ("https://host/org/repo", "https://other/org/repo"),
    ("https://host/org/repo", "ssh://git@host/org/repo"),
    ("ssh://git@host/org/repo", "ssh://deploy@host/org/repo"),
    ("ssh://git@host:2222/org/repo", "git@host:2222/org/repo"),
    ("https://host/a%25b", "https://host/a%2525b"),
    ("oci://host/org/app", "https://host/org/app"),
];

const NONE: &[&str] = &[
    "",
    " ",
    "https:///repo",
    "https:/host/repo",
    "//host/repo",
    "host/repo",
    "host:repo",
    "/srv/repo",
    "file:///srv/repo",
    "git://host/repo",
    "ftp://host/repo",
    "HTTPS://host/repo",
    "ext::sh -c whoami% >&2",
    "ext::git@x:y",
    "git@host",
    "git@host:",
    "git@host:.git",
    "ssh://git@host",
    "ssh://git@host/",
    "@host:repo",
    "git:pw@host:repo",
    "C:\\repo",
    "--upload-pack=x",
    "-oProxyCommand=x@host:repo",
    "ssh://-oProxyCommand=x/repo",
    "ssh://-x@host/repo",
    "ssh://git@-x/repo",
    "git@host:-x/repo",
    "https://host/-x/repo",
    "ssh://host/repo",
    "ssh://git:pw@host/repo",
    "ssh://git@other@host/repo",
    "git@host:org@other/repo",
    "https://user@host/repo",
    "https://user:pw@host/repo",
    "https://@host/repo",
    "https://host\\@other/repo",
    "https://host/org/../repo",
    "https://host/org/%2e%2e/repo",
    "https://host/org/.%2E/repo",
    "https://host/...git",
    "git@host:../repo",
    "https://host/org%2Frepo",
    "https://host/org%5Crepo",
    "https://host/a%00b",
    "https://host/a%0Ab",
    "https://host/a%zz",
    "https://host/a%4",
    "https://host/a\nb",
    "https://host/a\tb",
    "https://ho\u{0}st/repo",
    "https://host/a b",
    "https://host/repo?x=y",
    "https://host/repo#main",
    "https://host:0/repo",
    "https://host:65536/repo",
    "https://host:/repo",
    "https://host:+443/repo",
    "https://host:4 43/repo",
    "https://ho%73t/repo",
    "https://host../repo",
    "https://.host/repo",
    "https://a..b/repo",
    "https://256.256.256.256/repo",
    "https://[::1/repo",
    "https://[fe80::1%25eth0]/repo",
    "git@[::1]:repo",
    "git@host:a%41",
    "https://host/репо",
    "https://host/a'b",
    "https://host/$(id)",
];

#[test]
fn all_spellings_of_a_url_are_one_url() {
    for row in SAME {
        for spelling in *row {
            let read = url(spelling);
            assert_eq!(read.canonical(), row[0], "{spelling}");
            assert_eq!(read.declared(), *spelling, "the declared spelling is kept");
            assert!(read.same(&url(row[0])), "{spelling}");
        }
    }
}

#[test]
fn different_repositories_stay_different() {
    let rows: Vec<RepositoryUrl> = SAME.iter().map(|row| url(row[0])).collect();
    for (index, one) in rows.iter().enumerate() {
        assert!(rows[..index].iter().all(|other| !one.same(other)), "{one}");
    }
    for (one, other) in DIFFERENT {
        assert!(!url(one).same(&url(other)), "{one} {other}");
    }
}

#[test]
fn what_is_no_address_or_could_be_something_else_is_refused() {
    for raw in NONE {
        let read = RepositoryUrl::parse(raw, &Protocol::ALL);
        assert!(read.is_err(), "{raw:?} is {}", read.unwrap().canonical());
    }
    assert!(RepositoryUrl::parse(&format!("https://host/{}", "a".repeat(2048)), &Protocol::ALL).is_err());
}

#[test]
fn a_refusal_never_repeats_a_password() {
    for raw in ["https://me:hunter2@host/repo", "ssh://git:hunter2@host/repo", "hunter2@nowhere", "hunter2"] {
        let flaw = RepositoryUrl::parse(raw, &Protocol::ALL).unwrap_err();
        assert!(!flaw.detail.contains("hunter2"), "{flaw}");
    }
}

#[test]
fn only_the_protocols_that_a_place_takes_are_taken() {
    let git = [Protocol::Https, Protocol::Ssh];
    for raw in ["http://host/repo", "oci://host/repo"] {
        let flaw = RepositoryUrl::parse(raw, &git).unwrap_err();
        assert_eq!(flaw.detail, "begin it with `https://` or `ssh://` or `git@host:`");
    }
    assert!(RepositoryUrl::parse("git@host:repo", &[Protocol::Https]).is_err());
}

#[test]
fn the_host_is_the_one_that_will_be_dialled() {
    for (raw, host) in [
        ("https://[::ffff:7f00:1]/repo", "[::ffff:7f00:1]"),
        ("https://0x7f000001/repo", "127.0.0.1"),
        ("git@169.254.169.254:repo", "169.254.169.254"),
        ("ssh://git@localhost/repo", "localhost"),
    ] {
        let read = url(raw);
        assert_eq!(read.host().to_string(), host);
        assert!(read.vet(&Policy::default()).is_err(), "{raw}");
    }
    assert_eq!(url("https://example.com/repo").host(), &Host::Domain("example.com".to_owned()));
    assert_eq!(url("ssh://git@host:2222/repo").port(), 2222);
    assert_eq!(url("git@host:repo").user(), Some("git"));
}

#[test]
fn a_prefix_is_of_whole_segments() {
    for (start, address, covers) in [
        ("https://h/org", "https://h/org/repo", true),
        ("https://h/org/", "https://H:443/org/repo.git", true),
        ("https://h/org", "https://h/org", true),
        ("https://h/org/repo.git", "https://h/org/repo", true),
        ("https://h", "https://h/org/repo", true),
        ("https://h/", "https://h/org/repo", true),
        ("git@h:org", "ssh://git@h/org/repo", true),
        ("https://h/org", "https://h/organisation/repo", false),
        ("https://h/org", "https://h/Org/repo", false),
        ("https://h/org/repo", "https://h/org", false),
        ("https://h/org", "https://h.example/org/repo", false),
        ("https://h", "https://h.example/org/repo", false),
        ("https://h/org", "https://h:8443/org/repo", false),
        ("https://h/org", "ssh://git@h/org/repo", false),
        ("git@h:org", "deploy@h:org/repo", false),
    ] {
        assert_eq!(prefix(start).is_prefix_of(&url(address)), covers, "{start} {address}");
    }
    assert_eq!((prefix("https://h").depth(), prefix("https://h/a//b/").depth()), (0, 2));
}

/// What Argo CD takes for one repository: `util/git/git.go`, `NormalizeGitURL`, of 3.2.
fn argo_key(raw: &str) -> String {
    let mut text = raw.trim().to_lowercase();
    let scp = !text.contains("://") && text.contains('@');
    if scp {
        text = text.replacen(':', "/", 1);
    }
    let text = text.strip_suffix(".git").unwrap_or(&text);
    text.strip_prefix("ssh://").unwrap_or(text).to_owned()
}

/// Addresses that have many spellings in common.
fn spelling() -> impl Strategy<Value = String> {
    let start = "(https://|http://|oci://|ssh://git@|ssh://Git@|git@)(h|H|h\\.|xn--bcher-kva\\.x|127\\.1|\\[::1\\])(:443|:22|:8443|:a|)[:/]?";
    let path =
        "(a|A|%61|\\.|\\.\\.|\\.git|%2egit|%2F|-|~|%7e|@|:|%25|%20|b\\.git|/|//){0,6}(\\.git|\\.GIT|/|)";
    (start, path).prop_map(|(start, path)| start + &path)
}

#[test]
fn what_a_repo_server_cannot_tell_apart_has_one_key() {
    for (one, other) in [
        ("https://host/org/repo", "https://host/Org/Repo.git"),
        ("git@host:org/repo", "ssh://GIT@host/org/repo"),
    ] {
        let (one, other) = (url(one), url(other));
        assert!(!one.same(&other) && one.engine_key() == other.engine_key(), "{one} {other}");
    }
    assert_ne!(url("https://host/org/repo").engine_key(), url("https://host/org/repo2").engine_key());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1000))]

    #[test]
    fn the_canonical_spelling_is_its_own_canonical_spelling(raw in spelling()) {
        if let Ok(read) = RepositoryUrl::parse(&raw, &Protocol::ALL) {
            let canonical = read.canonical();
            let again = RepositoryUrl::parse(&canonical, &Protocol::ALL).unwrap();
            prop_assert_eq!(again.canonical(), canonical);
            prop_assert!(again.same(&read));
            prop_assert_eq!(again.engine_key(), read.engine_key());
        }
        if let Ok(read) = RepositoryPrefix::parse(&raw, &Protocol::ALL) {
            let canonical = read.canonical();
            prop_assert_eq!(RepositoryPrefix::parse(&canonical, &Protocol::ALL).unwrap().canonical(), canonical);
        }
    }

    /// The leak: what a repo-server takes for one repository, we take for one.
    #[test]
    fn what_is_one_repository_to_argo_cd_is_one_to_us((one, other) in (spelling(), spelling())) {
        let with_path = |url: &RepositoryUrl| url.canonical().matches('/').count() > 2;
        let read = |raw: &str| RepositoryUrl::parse(raw, &Protocol::ALL).ok().filter(with_path);
        if let (Some(one_url), Some(other_url)) = (read(&one), read(&other))
            && argo_key(&one) == argo_key(&other)
        {
            prop_assert_eq!(one_url.engine_key(), other_url.engine_key());
        }
        let (scheme, rest) = one.split_once("://").map_or(("", one.as_str()), |(scheme, rest)| (scheme, rest));
        let mark = if scheme.is_empty() { "" } else { "://" };
        for variant in [
            format!("{scheme}{mark}{}", rest.to_uppercase()),
            format!("{scheme}{mark}{}", rest.to_lowercase()),
            format!("{one}.git"),
            format!("ssh://{}", one.replacen(':', "/", 1)),
            rest.replacen('/', ":", 1),
        ] {
            if let (Some(url), Some(twin)) = (read(&one), read(&variant)) && argo_key(&one) == argo_key(&variant) {
                prop_assert_eq!(url.engine_key(), twin.engine_key());
            }
        }
    }

    #[test]
    fn a_url_covers_itself_as_a_prefix_and_is_read_as_it_was_stored(raw in spelling()) {
        if let Ok(read) = RepositoryUrl::parse(&raw, &Protocol::ALL) {
            prop_assert!(prefix(&raw).is_prefix_of(&read));
            let stored = serde_json::to_value(&read).unwrap();
            prop_assert_eq!(serde_json::from_value::<RepositoryUrl>(stored).unwrap(), read);
        }
    }

    #[test]
    fn no_text_makes_it_panic(raw in "\\PC*", start in "(https://|git@|ssh://a@|)") {
        let _ = RepositoryUrl::parse(&raw, &Protocol::ALL);
        let _ = RepositoryPrefix::parse(&format!("{start}{raw}"), &Protocol::ALL);
    }
}
