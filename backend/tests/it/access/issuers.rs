//! Abuse list A4: issuers rotate, fail, hang and lie. Keys that are known go on working for a while, and then nobody can say.

use backend::access::{Caller, Denied};
use testbed::issuer::Algorithm;
use testbed::{Fault, Issuer, wait};

use super::door::{Door, SOON, no_database, said, settings};

fn token(issuer: &Issuer) -> String {
    issuer.token_for("ann", "argosy").sign().unwrap()
}

fn away(answer: &Result<Caller, Denied>) -> bool {
    matches!(answer, Err(Denied::IssuerAway))
}

#[tokio::test]
async fn a_new_key_is_found_when_a_token_names_it() {
    let issuer = Issuer::start().unwrap();
    let door = Door::of(&issuer, &["--issuer-pause", "1ms", "--issuer-refresh", "1h"]);
    door.show(&token(&issuer)).await.unwrap();
    let asked = issuer.key_requests();
    door.show(&token(&issuer)).await.unwrap();
    assert_eq!(issuer.key_requests(), asked, "known keys are not asked for");

    issuer.rotate(Algorithm::Es256).unwrap();
    door.show(&token(&issuer)).await.unwrap();
    assert_eq!(issuer.key_requests(), asked + 1);
}

#[tokio::test]
async fn a_flood_of_unknown_keys_is_no_flood_at_the_issuer() {
    let issuer = Issuer::start().unwrap();
    let door = Door::of(&issuer, &["--issuer-pause", "1h", "--issuer-refresh", "1h"]);
    door.until("the first keys", &token(&issuer), Result::is_ok).await;
    let asked = issuer.key_requests();
    for number in 0..50 {
        let unknown = issuer.token_for("ann", "argosy").claiming_key_id(&format!("unknown-{number}"));
        let answer = door.show(&unknown.sign().unwrap()).await;
        assert!(said(answer).contains("no such key"));
    }
    assert_eq!(issuer.key_requests(), asked);
    door.show(&token(&issuer)).await.unwrap();
}

#[tokio::test]
async fn a_key_that_is_retired_ends_its_tokens_the_remembered_ones_too() {
    let issuer = Issuer::start().unwrap();
    let door = Door::of(&issuer, &["--issuer-refresh", "50ms", "--issuer-pause", "1ms"]);
    let old = token(&issuer);
    door.show(&old).await.unwrap();
    let id = issuer.key_id(Algorithm::Es256).unwrap();
    issuer.rotate(Algorithm::Es256).unwrap();
    door.show(&token(&issuer)).await.unwrap();
    door.show(&old).await.expect("both keys are published");
    issuer.retire(&id);
    door.until("the old key to be forgotten", &old, Result::is_err).await;
    door.show(&token(&issuer)).await.unwrap();
}

#[tokio::test]
async fn a4_known_keys_outlive_an_issuer_that_is_down_hangs_or_fails_until_they_are_too_old() {
    for fault in ["down", "500", "hang"] {
        let issuer = Issuer::start().unwrap();
        let times = ["--issuer-refresh", "100ms", "--issuer-pause", "100ms", "--issuer-max-stale", "3s"];
        let door = Door::of(&issuer, &times);
        let good = token(&issuer);
        door.show(&good).await.unwrap();
        match fault {
            "down" => issuer.down(),
            "500" => issuer.set_fault(Fault::Status(500)),
            _ => issuer.set_fault(Fault::Hang),
        }
        // Also one that was not seen before.
        door.show(&good).await.unwrap_or_else(|why| panic!("{fault}: {why}"));
        door.show(&token(&issuer)).await.unwrap_or_else(|why| panic!("{fault}: {why}"));
        door.until(&format!("{fault}: the keys to be too old"), &good, away).await;
        let denied = door.show(&token(&issuer)).await.unwrap_err();
        assert!(denied.challenge().is_none(), "{fault}: it is not the caller's fault");

        issuer.set_fault(Fault::None);
        issuer.up().ok();
        door.until(&format!("{fault}: recovery"), &good, Result::is_ok).await;
    }
}

#[tokio::test]
async fn a4_an_issuer_that_was_never_there_is_not_the_callers_fault() {
    let issuer = Issuer::start().unwrap();
    issuer.down();
    let door = Door::of(&issuer, &["--issuer-pause", "50ms"]);
    let good = token(&issuer);
    assert!(away(&door.show(&good).await));
    issuer.up().unwrap();
    door.until("its keys", &good, Result::is_ok).await;
}

#[tokio::test]
async fn keys_in_a_file_need_no_issuer_and_are_read_again() {
    let issuer = Issuer::start().unwrap();
    let save = async |file: &std::path::Path| {
        let keys = crate::support::get(&issuer.jwks_url()).await.unwrap().1;
        std::fs::write(file, keys).unwrap();
    };
    let file = tempfile::NamedTempFile::new().unwrap();
    save(file.path()).await;
    let asked = issuer.key_requests();
    let (named, keys) = (format!("corp={}", issuer.url()), format!("corp={}", file.path().display()));
    let args =
        ["--issuers", &named, "--issuer-keys", &keys, "--issuer-refresh", "50ms", "--issuer-pause", "50ms"];
    let door = Door::with(no_database(), &args);
    door.show(&token(&issuer)).await.unwrap();
    assert_eq!((issuer.key_requests(), issuer.discovery_requests()), (asked, 0));

    issuer.rotate(Algorithm::Es256).unwrap();
    let new = token(&issuer);
    assert!(door.show(&new).await.is_err());
    save(file.path()).await;
    door.until("the new key", &new, Result::is_ok).await;
    // What cannot be read leaves the keys as they are.
    std::fs::write(file.path(), "{").unwrap();
    wait::until("the door to go on", SOON, async || {
        door.show(&new).await.map(drop).map_err(|why| why.to_string())
    })
    .await
    .unwrap();
}

#[tokio::test]
async fn what_could_not_be_safe_is_not_started() {
    for (args, why) in [
        (&["--issuers", "corp=http://sso.example.com"][..], "must begin with https://"),
        (&["--issuers", "corp=ftp://127.0.0.1/"], "must begin with https://"),
        (&["--issuers", "corp=https://sso.example.com?x=1"], "more than a path"),
        (&["--issuers", "corp=https://a.example,corp=https://b.example"], "given twice"),
        (&["--issuers", "corp=https://a.example,other=https://a.example"], "given twice"),
        (&["--issuer-keys", "corp=/tmp/keys"], "no such issuer"),
    ] {
        let args: Vec<String> = args.iter().map(|arg| (*arg).to_owned()).collect();
        let error = format!("{:#}", settings(&args).open(no_database()).unwrap_err());
        assert!(error.contains(why), "{args:?}: {error}");
    }
}
