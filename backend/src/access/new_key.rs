//! New API keys: where the dice are.

use anyhow::{Context, Result, ensure};
use domain::access::{ApiKey, PlatformRole};
use domain::ids::ApiKeyId;
use domain::secret::Secret;
use domain::text::DisplayName;
use jiff::Timestamp;
use sha2::{Digest, Sha256};
use store::Store;
use store::api_keys::NewOperatorKey;
use uuid::Uuid;

/// A key that nobody has yet.
#[expect(missing_debug_implementations, reason = "what can be printed will be printed")]
pub struct NewKey {
    /// Which it will be.
    pub id: ApiKeyId,
    /// What is kept of it.
    pub hash: [u8; 32],
    /// What its holder gets, once.
    pub text: Secret,
}

impl NewKey {
    /// Makes one.
    #[must_use]
    pub fn generate() -> Self {
        // Of version 7, so that the newest comes first; the time in it is nobody's proof of anything.
        let key = ApiKey { id: ApiKeyId(Uuid::now_v7()), secret: Secret::new(rand::random()) };
        Self { id: key.id, hash: hash(&key), text: key.text() }
    }
}

/// What is kept of a key's secret. It is random, so there is nothing to guess, and nothing to slow down.
#[must_use]
pub fn hash(key: &ApiKey) -> [u8; 32] {
    Sha256::digest(key.secret.expose()).into()
}

/// Makes a key of an operator, on the database: how a platform begins. Answers the key, to be shown once.
pub async fn create_operator_key(
    store: &Store,
    name: &str,
    (role, expires_at): (PlatformRole, Option<Timestamp>),
) -> Result<Secret> {
    // Whoever founds a tenant owns it, and a key owns nothing.
    ensure!(
        role != PlatformRole::Founder,
        "a founder is a person; give the key the role operator or auditor"
    );
    let name = DisplayName::parse(name).context("the name")?;
    let NewKey { id, hash, text } = NewKey::generate();
    let wanted = NewOperatorKey { id, hash, name, role, expires_at };
    store.create_operator_key(&store.platform_access(), &wanted).await.context("cannot make the key")?;
    Ok(text)
}
