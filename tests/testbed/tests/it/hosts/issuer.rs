//! The issuer, looked at as a checker of tokens would: discovery, keys, `jsonwebtoken`.

use std::time::Instant;

use jsonwebtoken::jwk::JwkSet;
use jsonwebtoken::{DecodingKey, TokenData, Validation, decode, decode_header};
use serde_json::{Value, json};
use testbed::issuer::Algorithm;
use testbed::{Fault, Issuer, http, wait};

use crate::support::SOON;

async fn get(url: &str) -> Result<Value, reqwest::Error> {
    http::plain().unwrap().get(url).send().await?.error_for_status()?.json().await
}

/// The published keys, found by way of the discovery document.
async fn keys_of(issuer: &Issuer) -> JwkSet {
    let document = get(&format!("{}/.well-known/openid-configuration", issuer.url())).await.unwrap();
    assert_eq!(document["issuer"], issuer.url());
    serde_json::from_value(get(document["jwks_uri"].as_str().unwrap()).await.unwrap()).unwrap()
}

/// Check a token as strictly as the product must: issuer, audience, expiry, and the key's own algorithm.
fn check(token: &str, keys: &JwkSet, issuer: &Issuer) -> Result<TokenData<Value>, String> {
    let header = decode_header(token).map_err(|error| error.to_string())?;
    let key = keys.find(&header.kid.ok_or("no key id")?).ok_or("unknown key")?;
    let algorithm = key.common.key_algorithm.ok_or("a key without algorithm")?.to_string();
    let mut validation = Validation::new(algorithm.parse().map_err(|_| "an algorithm nobody knows")?);
    validation.set_issuer(&[issuer.url()]);
    validation.set_audience(&["argosy"]);
    validation.set_required_spec_claims(&["iss", "aud", "exp", "sub"]);
    validation.validate_nbf = true;
    let key = DecodingKey::from_jwk(key).map_err(|error| error.to_string())?;
    decode(token, &key, &validation).map_err(|error| error.to_string())
}

#[tokio::test]
async fn tokens_of_every_algorithm_verify_against_the_published_keys() {
    let issuer = Issuer::start().unwrap();
    for algorithm in [Algorithm::Rs256, Algorithm::Es256, Algorithm::EdDsa] {
        let token = issuer.token_for("ann", "argosy").claim("groups", json!(["dev"])).signed_with(algorithm);
        let token = token.sign().unwrap();

        let checked = check(&token, &keys_of(&issuer).await, &issuer).unwrap();

        assert_eq!(checked.claims["sub"], "ann");
        assert_eq!(checked.claims["groups"], json!(["dev"]));
        assert_eq!(checked.header.kid.unwrap(), issuer.key_id(algorithm).unwrap());
    }
}

#[tokio::test]
async fn bad_tokens_are_bad_in_the_one_way_asked_for() {
    let issuer = Issuer::start().unwrap();
    let keys = keys_of(&issuer).await;
    let good = || issuer.token_for("ann", "argosy");
    let bad = [
        (good().without("aud"), "Missing required claim: aud"),
        (good().without("iss"), "Missing required claim: iss"),
        (good().without("exp"), "Missing required claim: exp"),
        (good().claim("aud", "another"), "InvalidAudience"),
        (good().claim("iss", "http://elsewhere"), "InvalidIssuer"),
        (good().expired(), "ExpiredSignature"),
        (good().not_yet_valid(), "ImmatureSignature"),
        (good().signed_by_a_stranger(), "InvalidSignature"),
        (good().signed_by_the_public_key(), "InvalidAlgorithm"),
        (good().claiming_key_id("nobody"), "unknown key"),
        (good().without_key_id(), "no key id"),
    ];
    for (token, expected) in bad {
        let error = check(&token.sign().unwrap(), &keys, &issuer).unwrap_err();
        assert_eq!(error.replace(' ', "").to_lowercase(), expected.replace(' ', "").to_lowercase());
    }
    let unsigned = good().unsigned().sign().unwrap();
    assert!(unsigned.ends_with('.'), "{unsigned}");
    assert!(check(&unsigned, &keys, &issuer).is_err());

    check(&good().sign().unwrap(), &keys, &issuer).unwrap();
    let raw = issuer.token(&json!({ "only": "this" })).unwrap();
    assert!(check(&raw, &keys, &issuer).is_err());
}

#[tokio::test]
async fn a_rotated_key_is_published_until_it_is_retired() {
    let issuer = Issuer::start().unwrap();
    let before = keys_of(&issuer).await;
    let old_id = issuer.key_id(Algorithm::Es256).unwrap();
    let old = issuer.token_for("ann", "argosy").sign().unwrap();

    let new_id = issuer.rotate(Algorithm::Es256).unwrap();
    let new = issuer.token_for("ann", "argosy").sign().unwrap();

    assert_ne!(old_id, new_id);
    assert_eq!(check(&new, &before, &issuer).unwrap_err(), "unknown key");
    let both = keys_of(&issuer).await;
    check(&old, &both, &issuer).unwrap();
    check(&new, &both, &issuer).unwrap();
    let still_old = issuer.token_for("ann", "argosy").signed_by(&old_id).sign().unwrap();
    check(&still_old, &both, &issuer).unwrap();

    issuer.retire(&old_id);
    let after = keys_of(&issuer).await;
    assert_eq!(check(&old, &after, &issuer).unwrap_err(), "unknown key");
    check(&new, &after, &issuer).unwrap();
}

#[tokio::test]
async fn its_requests_are_counted_and_its_faults_are_seen() {
    let issuer = Issuer::start().unwrap();
    let keys = issuer.jwks_url();
    keys_of(&issuer).await;
    assert_eq!((issuer.discovery_requests(), issuer.key_requests()), (1, 1));

    issuer.set_fault(Fault::Status(500));
    assert_eq!(get(&keys).await.unwrap_err().status().unwrap(), 500);
    assert_eq!((issuer.discovery_requests(), issuer.key_requests()), (1, 2));

    issuer.set_fault(Fault::Hang);
    let asking = get(&keys);
    let healing = async {
        wait::until("the hanging request", SOON, || async {
            if issuer.key_requests() == 3 { Ok(()) } else { Err("it is not there".to_owned()) }
        })
        .await
        .unwrap();
        issuer.set_fault(Fault::None);
    };
    assert!(tokio::join!(asking, healing).0.is_ok());

    issuer.down();
    assert!(get(&keys).await.unwrap_err().is_connect());
    issuer.up().unwrap();
    get(&keys).await.unwrap();
}

#[test]
fn it_starts_at_once() {
    drop(Issuer::start().unwrap());
    let begun = Instant::now();
    let _issuer = Issuer::start().unwrap();
    assert!(begun.elapsed().as_millis() < 200, "it took {:?}", begun.elapsed());
}
