//! Transactions: how one begins, and that it ends.

use sqlx::{PgPool, Postgres, Transaction};

use crate::error::dead_connection;
use crate::{Error, Result, Store};

/// An open transaction. Dropped without [`Tx::commit`], it is rolled back.
///
/// No network call while one is open: it is passed to no room that makes any.
#[derive(Debug)]
pub struct Tx {
    open: Transaction<'static, Postgres>,
}

impl Store {
    /// Begins a transaction. The only place in the product that does.
    ///
    /// In a task of its own, because of sqlx #4385: a `Pool::begin` whose future is dropped between sending BEGIN and
    /// reading the answer gives its connection back to the pool *inside* the open transaction, and axum drops a
    /// handler whenever its client leaves. A task is not dropped with its caller: BEGIN is always seen through, and
    /// then nobody takes the transaction, which rolls it back. The test `begin` shows both sides; when its first half
    /// fails, a fixed sqlx has come and this can be a plain call.
    pub async fn begin(&self) -> Result<Tx> {
        let pool = self.pool.clone();
        #[expect(
            clippy::disallowed_methods,
            reason = "it must outlive its caller, and ends by itself with BEGIN"
        )]
        let beginning = tokio::spawn(async move { begin(&pool).await });
        match beginning.await {
            Ok(begun) => Ok(Tx { open: begun? }),
            Err(gone) => Err(Error::Unavailable(format!("the process is shutting down ({gone})"))),
        }
    }
}

impl Tx {
    /// Makes everything that was done in it true.
    pub async fn commit(self) -> Result<()> {
        Ok(self.open.commit().await?)
    }
}

/// After a restart of the database every idle connection is dead, and we do not test them before use. Nothing has
/// been asked yet, so asking again is safe; each time one dead connection fewer is left.
async fn begin(pool: &PgPool) -> std::result::Result<Transaction<'static, Postgres>, sqlx::Error> {
    let mut idle = pool.size();
    loop {
        #[expect(clippy::disallowed_methods, reason = "this is the one place: see Store::begin")]
        match pool.begin().await {
            Err(error) if idle > 0 && dead_connection(&error) => {
                tracing::debug!(%error, "a dead connection; trying another");
                idle -= 1;
            }
            begun => return begun,
        }
    }
}
