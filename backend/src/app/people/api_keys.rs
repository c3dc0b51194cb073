//! API keys: for programs, each with no more than its maker has.

use domain::access::RawApiKey;
use domain::ids::ApiKeyId;
use domain::secret::Secret;
use store::access::{MayAudit, Operator};
use store::api_keys::{ApiKey, ApiKeys, NewApiKey, OperatorKey};
use store::{Access, Admitted, Call, Done, Effect};

use crate::access::NewKey;
use crate::app::{Answer, App};

/// A key that was made.
#[expect(missing_debug_implementations, reason = "it has the key in it")]
pub struct MadeKey {
    /// What is shown of it from now on.
    pub key: ApiKey,
    /// The key itself, once: a replay does not have it, nor does a dry run.
    pub secret: Option<Secret>,
}

impl App {
    /// Makes a key in the tenant, on the membership of whoever asks.
    pub async fn create_api_key(
        &self,
        admitted: &Admitted,
        body: RawApiKey,
        call: &Call,
    ) -> Answer<Done<MadeKey>> {
        let said = body.parse()?;
        let NewKey { id, hash, text } = NewKey::generate();
        let wanted = NewApiKey {
            id,
            hash,
            name: said.name,
            role: said.role,
            scopes: said.scopes,
            expires_at: said.expires_at,
        };
        let Done { effect, thing, operation } = self.store.create_api_key(admitted, &wanted, call).await??;
        let secret = match effect {
            Effect::Created => Some(text),
            Effect::Changed
            | Effect::Unchanged
            | Effect::Deleting
            | Effect::Deleted
            | Effect::Replayed { .. }
            | Effect::WouldBe(_) => None,
        };
        Ok(Done { effect, thing: MadeKey { key: thing, secret }, operation })
    }

    /// Keys, the newest first: all of the tenant for an owner, their own for everybody else.
    pub async fn api_keys(&self, admitted: &Admitted, page: (Option<ApiKeyId>, u16)) -> Answer<ApiKeys> {
        Ok(self.store.api_keys(admitted, page).await?)
    }

    /// Ends a key: an owner any, everybody their own, and a key itself.
    pub async fn revoke_api_key(
        &self,
        admitted: &Admitted,
        id: ApiKeyId,
        call: &Call,
    ) -> Answer<Done<Option<ApiKey>>> {
        Ok(self.store.revoke_api_key(admitted, id, call).await??)
    }

    /// The keys of operators, the newest first.
    pub async fn operator_keys(&self, access: &Access<impl MayAudit>) -> Answer<Vec<OperatorKey>> {
        Ok(self.store.operator_keys(access).await?)
    }

    /// Ends a key of an operator.
    pub async fn revoke_operator_key(
        &self,
        access: &Access<Operator>,
        id: ApiKeyId,
        call: &Call,
    ) -> Answer<()> {
        Ok(self.store.revoke_operator_key(access, id, call).await??)
    }
}
