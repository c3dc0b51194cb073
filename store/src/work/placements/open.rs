//! Repositories that everybody can read.

use domain::intent::repository_url::RepositoryUrl;

use crate::access::{Access, Agent};
use crate::{Result, Scope, Store};

impl Store {
    /// Writes down whether somebody without any credential could read this repository just now. What can be read so is
    /// nobody's alone; that has to be said anew within a day.
    pub async fn record_public(
        &self,
        _: &Access<Agent>,
        repository: &RepositoryUrl,
        public: bool,
    ) -> Result<()> {
        let canonical = repository.canonical();
        let mut tx = self.begin_in(Scope::All).await?;
        if public {
            sqlx::query!(
                "insert into public_urls (key_hash, canonical) values (sha256(convert_to($1, 'UTF8')), $1)
                 on conflict (key_hash) do update set seen_at = now()",
                canonical,
            )
            .execute(tx.on())
            .await?;
        } else {
            sqlx::query!(
                "delete from public_urls where key_hash = sha256(convert_to($1, 'UTF8'))",
                canonical,
            )
            .execute(tx.on())
            .await?;
        }
        tx.commit().await
    }
}
