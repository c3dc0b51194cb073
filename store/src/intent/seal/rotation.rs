//! Sealing everything anew under the primary key, while others serve.
//!
//! A sealed value is swapped only where it is still the one that was read: who gives a new secret meanwhile is not undone.
//! Nothing else about a row changes, and nobody is told: it is the same secret.

use domain::ids::TenantId;
use uuid::Uuid;

use super::Place;
use crate::access::Platform;
use crate::{Access, Error, Result, Scope, Store, Tx};

/// Values in one transaction: few enough that nobody waits for it.
const BATCH: i64 = 200;
/// However often others seal with another key while we go through the rows.
const PASSES: usize = 5;
/// However often others hold a row of a batch for too long.
const ATTEMPTS: usize = 5;

/// How far a rotation is, and in the end what it did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rotation {
    /// Sealed anew.
    pub resealed: u64,
    /// Changed by somebody else meanwhile; they are looked at again.
    pub overtaken: u64,
    /// Sealed with another key still, for they do not open. Why, at most ten of them.
    pub unopened: u64,
    /// The reasons of some.
    pub reasons: Vec<String>,
    /// Sealed with another key still, because somebody goes on sealing with it.
    pub left: u64,
}

/// How many values are sealed with a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sealed {
    /// The table.
    pub table: &'static str,
    /// The key.
    pub key: String,
    /// How many.
    pub values: u64,
}

#[derive(Clone, Copy)]
enum Table {
    Environments,
    RepositoryCredentials,
}

struct SealedRow {
    id: Uuid,
    tenant_id: Uuid,
    secret: Vec<u8>,
}

/// What a batch came to.
struct Batch {
    last: Option<Uuid>,
    resealed: u64,
    overtaken: u64,
    reasons: Vec<String>,
    unopened: u64,
}

impl Store {
    /// What is sealed with which key. A key with which nothing is sealed may be thrown away.
    pub async fn sealed(&self, _access: &Access<Platform>) -> Result<Vec<Sealed>> {
        let mut tx = self.begin_in(Scope::Platform).await?;
        let rows = sqlx::query!(
            r#"select 0 as "table!", secret_key as "key!", count(*) as "values!"
                 from environments where secret is not null group by secret_key
                union all
               select 1, secret_key, count(*) from repository_credentials group by secret_key
                order by 1, 2"#
        )
        .fetch_all(tx.on())
        .await?;
        tx.commit().await?;
        let sealed = rows.into_iter().map(|row| Sealed {
            table: if row.table == 0 {
                Table::Environments.name()
            } else {
                Table::RepositoryCredentials.name()
            },
            key: row.key,
            values: u64::try_from(row.values).unwrap_or_default(),
        });
        Ok(sealed.collect())
    }

    /// Seals everything anew that is not sealed with the primary key, and tells after each batch how far it is.
    pub async fn reseal(
        &self,
        _access: &Access<Platform>,
        mut tell: impl FnMut(&Rotation),
    ) -> Result<Rotation> {
        let mut rotation = Rotation::default();
        for _ in 0..PASSES {
            (rotation.overtaken, rotation.unopened) = (0, 0);
            rotation.reasons.clear();
            for table in [Table::Environments, Table::RepositoryCredentials] {
                self.reseal_table(table, &mut rotation, &mut tell).await?;
            }
            rotation.left = self.sealed_otherwise().await?.saturating_sub(rotation.unopened);
            if rotation.left == 0 {
                break;
            }
        }
        Ok(rotation)
    }

    async fn reseal_table(
        &self,
        table: Table,
        rotation: &mut Rotation,
        tell: &mut impl FnMut(&Rotation),
    ) -> Result<()> {
        let mut after = Uuid::nil();
        let mut attempt = 1;
        loop {
            let batch = match self.reseal_batch(table, after).await {
                Err(Error::Contended(_)) if attempt < ATTEMPTS => {
                    attempt += 1;
                    continue;
                }
                batch => batch?,
            };
            attempt = 1;
            rotation.resealed += batch.resealed;
            rotation.overtaken += batch.overtaken;
            rotation.unopened += batch.unopened;
            rotation.reasons.extend(batch.reasons);
            rotation.reasons.truncate(10);
            tell(rotation);
            let Some(last) = batch.last else { return Ok(()) };
            after = last;
        }
    }

    async fn reseal_batch(&self, table: Table, after: Uuid) -> Result<Batch> {
        let seals = self.seals()?;
        let mut tx = self.begin_in(Scope::Platform).await?;
        let rows = table.page(&mut tx, after, seals.primary().as_str()).await?;
        let last = rows.last().map(|row| row.id);
        let mut batch = Batch { last, resealed: 0, overtaken: 0, reasons: Vec::new(), unopened: 0 };
        let (mut ids, mut stale, mut fresh) = (Vec::new(), Vec::new(), Vec::new());
        for row in rows {
            let place =
                Place { tenant: TenantId(row.tenant_id), table: table.name(), column: "secret", row: row.id };
            match seals.open(&row.secret, &place) {
                Ok(secret) => {
                    fresh.push(seals.seal(&secret, &place));
                    ids.push(row.id);
                    stale.push(row.secret);
                }
                Err(error) => {
                    batch.unopened += 1;
                    batch.reasons.push(error.to_string());
                }
            }
        }
        if !ids.is_empty() {
            let swapped = table.swap(&mut tx, &ids, &stale, &fresh).await?;
            tx.commit().await?;
            batch.resealed = swapped;
            batch.overtaken = u64::try_from(ids.len()).unwrap_or_default().saturating_sub(swapped);
        }
        Ok(batch)
    }

    async fn sealed_otherwise(&self) -> Result<u64> {
        let primary = self.seals()?.primary();
        let mut tx = self.begin_in(Scope::Platform).await?;
        let count = sqlx::query_scalar!(
            r#"select (select count(*) from environments where secret_key <> $1)
                    + (select count(*) from repository_credentials where secret_key <> $1) as "count!""#,
            primary.as_str(),
        )
        .fetch_one(tx.on())
        .await?;
        tx.commit().await?;
        Ok(u64::try_from(count).unwrap_or_default())
    }
}

impl Table {
    fn name(self) -> &'static str {
        match self {
            Self::Environments => "environments",
            Self::RepositoryCredentials => "repository_credentials",
        }
    }

    /// What is sealed with another key, behind an id.
    async fn page(self, tx: &mut Tx, after: Uuid, primary: &str) -> Result<Vec<SealedRow>> {
        Ok(match self {
            Self::Environments => {
                sqlx::query_as!(
                    SealedRow,
                    r#"select id, tenant_id, secret as "secret!" from environments
                        where id > $1 and secret_key <> $2 order by id limit $3"#,
                    after,
                    primary,
                    BATCH,
                )
                .fetch_all(tx.on())
                .await?
            }
            Self::RepositoryCredentials => {
                sqlx::query_as!(
                    SealedRow,
                    r#"select id, tenant_id, secret as "secret!" from repository_credentials
                        where id > $1 and secret_key <> $2 order by id limit $3"#,
                    after,
                    primary,
                    BATCH,
                )
                .fetch_all(tx.on())
                .await?
            }
        })
    }

    /// Puts the fresh value where the stale one still is. Answers where it was.
    async fn swap(self, tx: &mut Tx, ids: &[Uuid], stale: &[Vec<u8>], fresh: &[Vec<u8>]) -> Result<u64> {
        let done = match self {
            Self::Environments => {
                sqlx::query!(
                    "update environments t set secret = swap.fresh
                       from unnest($1::uuid[], $2::bytea[], $3::bytea[]) as swap (id, stale, fresh)
                      where t.id = swap.id and t.secret = swap.stale",
                    ids,
                    stale,
                    fresh,
                )
                .execute(tx.on())
                .await?
            }
            Self::RepositoryCredentials => {
                sqlx::query!(
                    "update repository_credentials t set secret = swap.fresh
                       from unnest($1::uuid[], $2::bytea[], $3::bytea[]) as swap (id, stale, fresh)
                      where t.id = swap.id and t.secret = swap.stale",
                    ids,
                    stale,
                    fresh,
                )
                .execute(tx.on())
                .await?
            }
        };
        Ok(done.rows_affected())
    }
}
