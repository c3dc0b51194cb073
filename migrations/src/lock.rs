//! One migration at a time. refinery takes no lock, so we hold one, in a session of its own.

use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use domain::SecretUrl;
use tokio_postgres::error::SqlState;

use crate::Session;

/// Advisory locks are numbers, a space of their own in each database: "Argosy" in ASCII and a 1.
const KEY: i64 = 0x4172_676f_7379_0001;

/// How long one wait lasts before we say for whom we wait.
const PATIENCE: &str = "2s";

/// The right to migrate this database, for as long as this exists and its session lives.
#[derive(Debug)]
pub(crate) struct Lock {
    _session: Session,
}

impl Lock {
    /// Waits its turn, at most for `wait`, and reports for whom.
    pub(crate) async fn take(
        url: &SecretUrl,
        wait: Duration,
        report: &(dyn Fn(&str) + Sync),
    ) -> Result<Self> {
        let begun = Instant::now();
        let session = Session::connect(url, "lock").await?;
        session.batch_execute(&format!("set lock_timeout = '{PATIENCE}'")).await?;
        loop {
            match session.execute("select pg_advisory_lock($1)", &[&KEY]).await {
                Ok(_) => return Ok(Self { _session: session }),
                Err(error) if error.code() == Some(&SqlState::LOCK_NOT_AVAILABLE) => {
                    let holder = holder(&session).await?;
                    let waited = humantime::format_duration(Duration::from_secs(begun.elapsed().as_secs()));
                    if begun.elapsed() >= wait {
                        bail!("another migration still runs after {waited}: {holder}");
                    }
                    report(&format!("waiting since {waited} for another migration: {holder}"));
                }
                Err(error) => return Err(error).context("cannot take the migration lock"),
            }
        }
    }
}

async fn holder(session: &Session) -> Result<String> {
    let row = session
        .query_opt(
            "select a.pid, a.usename::text, coalesce(host(a.client_addr), 'a local socket'), a.backend_start::text
               from pg_locks l
               join pg_stat_activity a using (pid)
              where l.locktype = 'advisory' and l.granted
                and l.database = (select oid from pg_database where datname = current_database())
                and (l.classid::bigint << 32 | l.objid::bigint) = $1",
            &[&KEY],
        )
        .await
        .context("who holds the migration lock")?;
    let Some(row) = row else { return Ok("it has just ended".to_owned()) };
    let (pid, role, host, since): (i32, Option<String>, String, Option<String>) =
        (row.get(0), row.get(1), row.get(2), row.get(3));
    let (role, since) = (role.unwrap_or_default(), since.unwrap_or_default());
    Ok(format!("backend {pid} of {role} from {host}, connected {since}"))
}
