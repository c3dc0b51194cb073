//! One token: whose it says it is, and whether that is true.

use std::time::{Duration, Instant};

use domain::access::{IssuerName, Principal};
use jsonwebtoken::dangerous::insecure_decode_claims;
use jsonwebtoken::errors::ErrorKind;
use jsonwebtoken::{Algorithm, Validation, decode, decode_header, get_current_timestamp};
use serde::Deserialize;
use serde_json::{Map, Value};
use store::Caller;

use super::denied::Denied;
use super::keys::Key;

/// Longer ones are no tokens. Proxies before us refuse less.
const LONGEST: usize = 16 * 1024;
/// Who is in more groups has more than we look at.
const MOST_GROUPS: usize = 256;

/// What the operator asks of tokens.
#[derive(Clone, Debug)]
pub(super) struct Rules {
    pub(super) audiences: Vec<String>,
    pub(super) groups_claim: String,
    pub(super) without_nbf: bool,
    pub(super) leeway: Duration,
}

/// A token, with what it says of itself. Nothing of it is proven.
#[derive(Debug)]
pub(super) struct Unproven<'a> {
    raw: &'a str,
    /// Whose key signed it.
    pub(super) issuer: String,
    /// Which.
    pub(super) key_id: String,
    algorithm: Algorithm,
}

#[derive(Deserialize)]
struct Issued {
    iss: String,
}

impl<'a> Unproven<'a> {
    /// What a token says of itself.
    pub(super) fn read(raw: &'a str) -> Result<Self, Denied> {
        const UNREAD: Denied = Denied::Refused("this is neither a token nor an API key");
        if raw.len() > LONGEST {
            return Err(Denied::Refused("the token is too long"));
        }
        let header = decode_header(raw).map_err(|_| UNREAD)?;
        if header.crit.is_some() {
            return Err(Denied::Refused("the token asks for something that we do not know"));
        }
        let Issued { iss: issuer } = insecure_decode_claims(raw)
            .map_err(|_| Denied::Refused("the token does not say who issued it"))?;
        let key_id = header.kid.ok_or(Denied::Refused("the token does not say which key signed it"))?;
        Ok(Self { raw, issuer, key_id, algorithm: header.alg })
    }

    /// Proves it: signed by this key of this issuer, by the key's own algorithm, for us, now, about somebody.
    pub(super) fn verify(
        &self,
        name: &IssuerName,
        key: &Key,
        rules: &Rules,
    ) -> Result<(Caller, Instant), Denied> {
        if self.algorithm != key.algorithm {
            return Err(Denied::Refused("the token is not signed as its key signs"));
        }
        let mut validation = Validation::new(key.algorithm);
        validation.leeway = rules.leeway.as_secs();
        validation.validate_nbf = true;
        validation.set_issuer(&[&self.issuer]);
        validation.set_audience(&rules.audiences);
        // Without these names, jsonwebtoken lets a token pass that does not have the claim at all.
        validation.set_required_spec_claims(&["iss", "aud", "exp", "sub", "nbf"]);
        if rules.without_nbf {
            validation.required_spec_claims.remove("nbf");
        }
        let claims: Map<String, Value> =
            decode(self.raw, &key.decoding, &validation).map_err(|error| refusal(error.kind()))?.claims;
        let subject = claims.get("sub").and_then(Value::as_str).unwrap_or_default();
        let principal = Principal::person(name, subject)
            .map_err(|_| Denied::Refused("the subject of the token is not one that can be named here"))?;
        let expires = claims.get("exp").and_then(Value::as_u64).unwrap_or_default();
        let left = expires.saturating_add(validation.leeway).saturating_sub(get_current_timestamp());
        // A time that does not fit is far away; the cache is not asked to remember for longer than a day.
        let until = Instant::now() + Duration::from_secs(left.min(24 * 3600));
        Ok((Caller::of_token(principal, groups(name, claims.get(&rules.groups_claim))), until))
    }
}

/// The groups that can be named here. Who would need a group that cannot has one right less, never one more.
fn groups(issuer: &IssuerName, claim: Option<&Value>) -> Vec<Principal> {
    let names = match claim {
        Some(Value::Array(names)) => names.as_slice(),
        Some(one @ Value::String(_)) => std::slice::from_ref(one),
        Some(Value::Null | Value::Bool(_) | Value::Number(_) | Value::Object(_)) | None => &[],
    };
    let named = names.iter().filter_map(|name| Principal::group(issuer, name.as_str()?).ok());
    named.take(MOST_GROUPS).collect()
}

#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "what is worth to be told apart; the rest is just not good"
)]
fn refusal(kind: &ErrorKind) -> Denied {
    Denied::Refused(match kind {
        ErrorKind::ExpiredSignature => "the token has expired",
        ErrorKind::ImmatureSignature => "the token is not good yet",
        ErrorKind::InvalidAudience => "the token is not meant for us",
        ErrorKind::MissingRequiredClaim(claim) => match claim.as_str() {
            "aud" => "the token does not say whom it is meant for (`aud`)",
            "exp" => "the token does not say until when it is good (`exp`)",
            "nbf" => "the token does not say from when on it is good (`nbf`)",
            "sub" => "the token does not say whom it is about (`sub`)",
            _ => "the token lacks a claim",
        },
        _ => "the token is not good",
    })
}

#[cfg(test)]
mod tests {
    use base64::Engine as _;
    use base64::prelude::BASE64_URL_SAFE_NO_PAD;

    use super::*;

    #[test]
    fn a_token_that_asks_for_something_unknown_is_refused_before_anything_else() {
        let encode = |part: &str| BASE64_URL_SAFE_NO_PAD.encode(part);
        let token =
            |header: &str| format!("{}.{}.c2ln", encode(header), encode(r#"{"iss":"https://sso.example"}"#));
        let good = token(r#"{"alg":"ES256","kid":"a"}"#);
        let unproven = Unproven::read(&good).unwrap();
        assert_eq!((unproven.issuer.as_str(), unproven.key_id.as_str()), ("https://sso.example", "a"));
        let critical = token(r#"{"alg":"ES256","kid":"a","crit":["b64"],"b64":false}"#);
        assert!(Unproven::read(&critical).unwrap_err().to_string().contains("do not know"));
        for header in
            [r#"{"alg":"none","kid":"a"}"#, r#"{"kid":"a"}"#, r#"{"alg":"ES257","kid":"a"}"#, "[]", ""]
        {
            assert!(Unproven::read(&token(header)).is_err(), "{header}");
        }
    }
}
