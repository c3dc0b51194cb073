//! Who we are to the database, and the connection that watches over it.

use sqlx::postgres::PgConnection;
use sqlx::{ConnectOptions as _, Connection as _};

use crate::error::dead_connection;
use crate::{Error, Result, Store, Watch};

/// What a session of ours may do, and how long.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Session {
    /// The role we are.
    pub role: String,
    /// What is wrong with it, in words.
    pub complaints: Vec<String>,
}

struct SessionRow {
    role: String,
    superuser: bool,
    bypasses_rls: bool,
    statement_timeout: String,
    lock_timeout: String,
    idle_timeout: String,
}

impl Store {
    /// Who we are to the database. Row-level security and timeouts depend on it.
    pub async fn session(&self) -> Result<Session> {
        self.watch
            .ask(async |connection| {
                let row = sqlx::query_as!(
                    SessionRow,
                    r#"select rolname::text as "role!",
                          rolsuper as "superuser!",
                          rolbypassrls as "bypasses_rls!",
                          current_setting('statement_timeout') as "statement_timeout!",
                          current_setting('lock_timeout') as "lock_timeout!",
                          current_setting('idle_in_transaction_session_timeout') as "idle_timeout!"
                     from pg_roles
                    where rolname = current_user"#
                )
                .fetch_one(connection)
                .await?;
                Ok(row.into())
            })
            .await
    }

    /// Closes every connection, after their statements.
    pub async fn close(&self) {
        self.pool.close().await;
        if let Some(idle) = self.watch.idle.lock().await.take() {
            // Whatever the server says to a goodbye, we are gone.
            let _goodbye = idle.close().await;
        }
    }
}

impl From<SessionRow> for Session {
    fn from(row: SessionRow) -> Self {
        let role = row.role;
        let mut complaints = Vec::new();
        if row.superuser || row.bypasses_rls {
            complaints.push(format!("the role {role} walks through row-level security"));
        }
        let timeouts = [
            ("statement_timeout", row.statement_timeout),
            ("lock_timeout", row.lock_timeout),
            ("idle_in_transaction_session_timeout", row.idle_timeout),
        ];
        for (name, _) in timeouts.iter().filter(|(_, value)| value == "0") {
            complaints.push(format!("the role {role} has no {name}"));
        }
        Self { role, complaints }
    }
}

impl Watch {
    /// Asks on the connection that watches; makes one when there is none, or when the old one has died.
    ///
    /// The connection is out of its place while it is used: a question that is cancelled takes it along.
    pub(crate) async fn ask<T>(&self, question: impl AsyncFn(&mut PgConnection) -> Result<T>) -> Result<T> {
        let kept = self.idle.lock().await.take();
        let mut connection = match kept {
            Some(mut connection) => match connection.ping().await {
                Ok(()) => connection,
                Err(error) if dead_connection(&error) => self.options.connect().await?,
                Err(error) => return Err(Error::from(error)),
            },
            None => self.options.connect().await?,
        };
        let answer = question(&mut connection).await?;
        *self.idle.lock().await = Some(connection);
        Ok(answer)
    }
}
