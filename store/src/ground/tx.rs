//! Transactions: how one begins, and that it ends.

use sqlx::postgres::PgConnection;
use sqlx::{AssertSqlSafe, PgPool, Postgres, Transaction};

use crate::error::dead_connection;
use crate::{Error, Result, Scope, Store};

/// An open transaction. Dropped without [`Tx::commit`], it is rolled back.
///
/// No network call while one is open: it is passed to no room that makes any.
#[derive(Debug)]
pub struct Tx {
    open: Transaction<'static, Postgres>,
}

impl Store {
    /// Begins a transaction that sees nothing of any tenant.
    pub async fn begin(&self) -> Result<Tx> {
        self.begin_in(Scope::All).await
    }

    /// Begins a transaction about something, in one round trip. The only place in the product that begins.
    ///
    /// In a task of its own, because of sqlx #4385: a `Pool::begin` whose future is dropped between sending BEGIN and
    /// reading the answer gives its connection back to the pool *inside* the open transaction, and axum drops a
    /// handler whenever its client leaves. A task is not dropped with its caller: BEGIN is always seen through, and
    /// then nobody takes the transaction, which rolls it back. The test `begin` shows both sides; when its first half
    /// fails, a fixed sqlx has come and this can be a plain call.
    pub async fn begin_in(&self, scope: Scope) -> Result<Tx> {
        let pool = self.pool.clone();
        #[expect(
            clippy::disallowed_methods,
            reason = "it must outlive its caller, and ends by itself with BEGIN"
        )]
        let beginning = tokio::spawn(async move { begin(&pool, &scope).await });
        match beginning.await {
            Ok(begun) => Ok(Tx { open: begun? }),
            Err(gone) => Err(Error::Unavailable(format!("the process is shutting down ({gone})"))),
        }
    }
}

impl Tx {
    /// Makes everything that was done in it true.
    pub async fn commit(self) -> Result<()> {
        self.open.commit().await.map_err(|error| match dead_connection(&error) {
            true => Error::OutcomeUnknown(error.to_string()),
            false => Error::from(error),
        })
    }

    /// What a statement runs on.
    pub(crate) fn on(&mut self) -> &mut PgConnection {
        &mut self.open
    }
}

/// After a restart of the database every idle connection is dead, and we do not test them before use. Nothing has
/// been asked yet, so asking again is safe; each time one dead connection fewer is left.
async fn begin(
    pool: &PgPool,
    scope: &Scope,
) -> std::result::Result<Transaction<'static, Postgres>, sqlx::Error> {
    let mut idle = pool.size();
    let mut statement = scope.begin();
    loop {
        #[expect(clippy::disallowed_methods, reason = "this is the one place: see Store::begin_in")]
        match pool.begin_with(AssertSqlSafe(statement.clone())).await {
            Err(error) if idle > 0 && dead_connection(&error) => {
                tracing::debug!(%error, "a dead connection; trying another");
                idle -= 1;
            }
            // Who cancels a session's query between BEGIN and the scope leaves a failed transaction that sqlx knows
            // nothing of. It is ended by whoever meets it.
            Err(error) if idle > 0 && failed_transaction(&error) => {
                tracing::debug!(%error, "a connection inside a failed transaction; ending that");
                idle -= 1;
                statement = format!("rollback; {}", scope.begin());
            }
            begun => return begun,
        }
    }
}

fn failed_transaction(error: &sqlx::Error) -> bool {
    error.as_database_error().and_then(|error| error.code()).as_deref() == Some("25P02")
}
