//! Checks what a caller shows.

use domain::access::ApiKey;
use futures::future::join_all;
use store::{Caller, Store};
use tokio_util::sync::CancellationToken;

use super::denied::Denied;
use super::issuer::Issuer;
use super::new_key::hash;
use super::remembered::{Remembered, Verified, hash_of};
use super::token::{Rules, Unproven};

/// Checks what a caller shows. One a process.
#[derive(Debug)]
pub struct Authenticator {
    store: Store,
    issuers: Vec<Issuer>,
    rules: Rules,
    remembered: Remembered,
}

impl Authenticator {
    pub(super) fn new(store: Store, issuers: Vec<Issuer>, rules: Rules) -> Self {
        Self { store, issuers, rules, remembered: Remembered::default() }
    }

    /// Who calls, by the value of the `Authorization` header.
    pub async fn authenticate(&self, authorization: Option<&str>) -> Result<Caller, Denied> {
        let header = authorization.ok_or(Denied::Anonymous)?;
        let (scheme, credential) =
            header.split_once(' ').ok_or(Denied::Malformed("write `Authorization: Bearer` and the token"))?;
        if !scheme.eq_ignore_ascii_case("bearer") {
            return Err(Denied::Malformed("only the scheme Bearer is known here"));
        }
        let credential = credential.trim();
        if ApiKey::looks_like_one(credential) {
            self.key(credential).await
        } else {
            self.token(credential).await
        }
    }

    /// Asks the issuers for their keys, then and when, until told to stop. For the supervisor.
    pub async fn tend(&self, stop: CancellationToken) -> anyhow::Result<()> {
        if self.issuers.is_empty() {
            stop.cancelled().await;
        }
        join_all(self.issuers.iter().map(|issuer| issuer.tend(&stop))).await;
        Ok(())
    }

    async fn key(&self, raw: &str) -> Result<Caller, Denied> {
        const REFUSED: Denied = Denied::Refused("the API key is not good");
        let key = ApiKey::parse(raw).map_err(|_| REFUSED)?;
        self.store.authenticate_key(key.id, &hash(&key)).await?.ok_or(REFUSED)
    }

    async fn token(&self, raw: &str) -> Result<Caller, Denied> {
        let token = hash_of(raw);
        if let Some(verified) = self.remembered.get(&token) {
            let (_, changes) = self.issuers[verified.issuer].keys().ok_or(Denied::IssuerAway)?;
            if changes == verified.changes {
                return Ok(verified.caller);
            }
        }
        let unproven = Unproven::read(raw)?;
        let index = self.issuers.iter().position(|issuer| issuer.url() == unproven.issuer);
        let index = index.ok_or(Denied::Refused("nobody here knows the issuer of the token"))?;
        let issuer = &self.issuers[index];

        let known = issuer.keys().filter(|(keys, _)| keys.get(&unproven.key_id).is_some());
        let (keys, changes) = match known {
            Some(known) => known,
            None => issuer.keys_anew().await.ok_or(Denied::IssuerAway)?,
        };
        let key = keys.get(&unproven.key_id).ok_or(Denied::Refused("its issuer has no such key"))?;
        let (caller, until) = unproven.verify(issuer.name(), key, &self.rules)?;
        self.remembered.put(token, Verified { caller: caller.clone(), issuer: index, changes, until });
        Ok(caller)
    }
}
