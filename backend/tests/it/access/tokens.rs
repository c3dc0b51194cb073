//! Abuse list A1, and what a good token is: one claim or one part wrong, and nobody is let in.

use backend::access::Denied;
use serde_json::{Value, json};
use testbed::Issuer;
use testbed::issuer::{Algorithm, Token};

use super::door::{Door, said};

const AUDIENCE: &str = "argosy";

#[expect(clippy::needless_pass_by_value, reason = "a token is made to be signed once")]
fn sign(token: Token<'_>) -> String {
    token.sign().unwrap()
}

#[tokio::test]
async fn a_good_token_of_each_algorithm_is_somebody_with_groups() {
    let issuer = Issuer::start().unwrap();
    for algorithm in [Algorithm::Rs256, Algorithm::Es256, Algorithm::EdDsa] {
        issuer.rotate(algorithm).unwrap();
    }
    let door = Door::of(&issuer, &[]);
    for algorithm in [Algorithm::Rs256, Algorithm::Es256, Algorithm::EdDsa] {
        let token =
            issuer.token_for("ann", AUDIENCE).claim("groups", json!(["dev", "ops:eu", "", 7, "a\nb"]));
        let caller = door.show(&sign(token.signed_with(algorithm))).await.unwrap();
        assert_eq!(caller.principal().as_str(), "corp:ann");
        let groups: Vec<_> = caller.groups().iter().map(|group| group.as_str()).collect();
        assert_eq!(groups, ["group:corp:dev", "group:corp:ops:eu"], "what cannot be named is no group");
        assert!(!caller.is_key());
    }
}

#[tokio::test]
async fn a1_a_token_with_one_thing_wrong_is_refused_and_says_what() {
    let issuer = Issuer::start().unwrap();
    let door = Door::of(&issuer, &[]);
    let good = || issuer.token_for("ann", AUDIENCE);
    door.show(&sign(good())).await.unwrap();
    let url = issuer.url();
    let bad = [
        ("expired", good().expired(), "has expired"),
        ("not yet", good().not_yet_valid(), "not good yet"),
        ("wrong iss", good().claim("iss", "https://elsewhere.example"), "nobody here knows the issuer"),
        ("no iss", good().without("iss"), "who issued it"),
        ("iss as a list", good().claim("iss", json!([url])), "who issued it"),
        ("wrong aud", good().claim("aud", "another"), "not meant for us"),
        ("aud nearly", good().claim("aud", "argosy "), "not meant for us"),
        ("empty aud", good().claim("aud", json!([])), "not meant for us"),
        ("no aud", good().without("aud"), "(`aud`)"),
        ("aud null", good().claim("aud", Value::Null), "(`aud`)"),
        ("no exp", good().without("exp"), "(`exp`)"),
        ("exp as text", good().claim("exp", "2099-01-01"), "(`exp`)"),
        ("exp negative", good().claim("exp", -1), "(`exp`)"),
        ("no nbf", good().without("nbf"), "(`nbf`)"),
        ("no sub", good().without("sub"), "(`sub`)"),
        ("empty sub", good().claim("sub", ""), "can be named"),
        ("sub of two lines", good().claim("sub", "ann\ngroup:corp:admins"), "can be named"),
        ("sub too long", good().claim("sub", "a".repeat(500)), "can be named"),
        ("sub as a number", good().claim("sub", 7), "(`sub`)"),
        ("alg none", good().unsigned(), "neither a token nor"),
        ("HS256 with the public key", good().signed_by_the_public_key(), "not signed as its key signs"),
        ("a stranger's key", good().signed_by_a_stranger(), "not good"),
        ("no kid", good().without_key_id(), "which key"),
        ("kid of a path", good().claiming_key_id("../../../../etc/passwd"), "no such key"),
        ("kid of a query", good().claiming_key_id("' or 1=1 --"), "no such key"),
        (
            "kid of another key",
            good().claiming_key_id(&issuer.key_id(Algorithm::EdDsa).unwrap()),
            "not signed as",
        ),
    ];
    for (what, token, expected) in bad {
        let token = sign(token);
        let denied = door.show(&token).await.expect_err(what);
        assert!(denied.to_string().contains(expected), "{what}: {denied}");
        let challenge = denied.challenge().unwrap();
        assert!(
            challenge.starts_with(r#"Bearer realm="argosy", error="invalid_token""#),
            "{what}: {challenge}"
        );
        assert!(!challenge.contains(&token[..20]), "{what}: {challenge}");
    }
}

#[tokio::test]
async fn a1_what_is_no_token_at_all_is_refused() {
    let issuer = Issuer::start().unwrap();
    let door = Door::of(&issuer, &[]);
    let good = sign(issuer.token_for("ann", AUDIENCE));
    let (head, rest) = good.split_once('.').unwrap();
    let (body, signature) = rest.split_once('.').unwrap();
    for (what, raw) in [
        ("empty", String::new()),
        ("words", "let me in".to_owned()),
        ("64 kB", format!("{good}{}", "A".repeat(65_536))),
        ("two parts", format!("{head}.{body}")),
        ("four parts", format!("{good}.{signature}")),
        ("another body", format!("{head}.{}.{signature}", &body[1..])),
        ("no signature", format!("{head}.{body}.")),
        ("not base64", format!("{head}.{body}.%%%")),
        ("zero bytes", format!("{good}\0")),
    ] {
        let denied = door.show(&raw).await.expect_err(what);
        assert!(matches!(denied, Denied::Refused(_)), "{what}: {denied:?}");
    }
    for (header, error) in [
        (None, None),
        (Some("Basic YW5uOmFubg=="), Some("invalid_request")),
        (Some("Bearer"), Some("invalid_request")),
        (Some(good.as_str()), Some("invalid_request")),
    ] {
        let challenge = door.header(header).await.unwrap_err().challenge().unwrap();
        assert_eq!(challenge.contains("error="), error.is_some(), "{challenge}");
        assert!(error.is_none_or(|error| challenge.contains(error)), "{challenge}");
    }
    // The scheme's name has no case.
    door.header(Some(&format!("bEARER {good}"))).await.unwrap();
}

#[tokio::test]
async fn a1_where_a_token_says_its_keys_are_nobody_looks() {
    let (issuer, evil) = (Issuer::start().unwrap(), Issuer::start().unwrap());
    let door = Door::of(&issuer, &[]);
    // A token of the evil one that calls itself ours, and says where its keys are.
    let token = sign(evil.token_for("ann", AUDIENCE).claim("iss", issuer.url()));
    let (_, rest) = token.split_once('.').unwrap();
    for place in ["jku", "x5u"] {
        for id in [issuer.key_id(Algorithm::Es256).unwrap(), "evil".to_owned()] {
            let header = json!({ "alg": "ES256", "kid": id, place: evil.jwks_url(), "jwk": { "kty": "EC" } });
            let raw = base64(&header.to_string());
            assert!(door.show(&format!("{raw}.{rest}")).await.is_err(), "{place} {id}");
        }
    }
    assert_eq!((evil.key_requests(), evil.discovery_requests()), (0, 0));
}

#[tokio::test]
async fn a_token_may_be_meant_for_several_and_say_more_than_we_read() {
    let issuer = Issuer::start().unwrap();
    let door = Door::of(&issuer, &["--audiences", "argosy,argosy-cli", "--groups-claim", "roles"]);
    let token = issuer
        .token_for("ann", "x")
        .claim("aud", json!(["other", "argosy-cli"]))
        .claim("roles", "admin")
        .claim("groups", json!(["ignored"]))
        .claim("exp", u64::MAX);
    let caller = door.show(&sign(token)).await.unwrap();
    assert_eq!(caller.groups().iter().map(|group| group.as_str()).collect::<Vec<_>>(), ["group:corp:admin"]);
}

#[tokio::test]
async fn an_operator_may_take_tokens_without_nbf_but_one_that_is_there_counts() {
    let issuer = Issuer::start().unwrap();
    let door = Door::of(&issuer, &["--tokens-without-nbf"]);
    door.show(&sign(issuer.token_for("ann", AUDIENCE).without("nbf"))).await.unwrap();
    let early = door.show(&sign(issuer.token_for("ann", AUDIENCE).not_yet_valid())).await;
    assert!(said(early).contains("not good yet"));
}

#[tokio::test]
async fn a_remembered_token_ends_when_it_expires() {
    let issuer = Issuer::start().unwrap();
    let door = Door::of(&issuer, &["--token-leeway", "0s"]);
    let now: i64 = issued_at(&sign(issuer.token_for("ann", AUDIENCE)));
    let token = sign(issuer.token_for("ann", AUDIENCE).claim("exp", now + 2));
    for _remembered in 0..3 {
        door.show(&token).await.unwrap();
    }
    door.until("it to expire", &token, |answer| {
        answer.as_ref().is_err_and(|why| why.to_string().contains("expired"))
    })
    .await;
}

#[tokio::test]
async fn two_issuers_never_speak_of_the_same_person() {
    let (one, other) = (Issuer::start().unwrap(), Issuer::start().unwrap());
    let issuers = format!("corp={},partner={}", one.url(), other.url());
    let door = Door::with(super::door::no_database(), &["--issuers", &issuers]);
    let who = async |issuer: &Issuer| {
        let token = sign(issuer.token_for("ann", AUDIENCE).claim("groups", json!(["dev"])));
        door.show(&token).await.unwrap()
    };
    let (ours, theirs) = (who(&one).await, who(&other).await);
    assert_eq!((ours.principal().as_str(), theirs.principal().as_str()), ("corp:ann", "partner:ann"));
    assert_ne!(ours.groups(), theirs.groups());
    // One of them signs for the other.
    let forged = sign(other.token_for("ann", AUDIENCE).claim("iss", one.url()));
    assert!(door.show(&forged).await.is_err());
}

fn base64(text: &str) -> String {
    use base64::Engine as _;
    base64::prelude::BASE64_URL_SAFE_NO_PAD.encode(text)
}

fn issued_at(token: &str) -> i64 {
    use base64::Engine as _;
    let body = token.split('.').nth(1).unwrap();
    let claims = base64::prelude::BASE64_URL_SAFE_NO_PAD.decode(body).unwrap();
    serde_json::from_slice::<Value>(&claims).unwrap()["iat"].as_i64().unwrap()
}
