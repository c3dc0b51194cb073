//! Applies what is not yet applied, and says what is.

use std::time::Duration;

use anyhow::{Context, Result, bail};
use domain::SecretUrl;

use crate::lock::Lock;
use crate::{Session, roles};

mod embedded {
    refinery::embed_migrations!("sql");
}

/// How to apply.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// How long to wait for another migration to end.
    pub lock_wait: Duration,
    /// How long one statement may wait for a lock on a table. While it waits, everybody else queues behind it; so it
    /// gives up soon, and is run again at a better time.
    pub lock_timeout: Duration,
}

impl Default for Options {
    fn default() -> Self {
        Self { lock_wait: Duration::from_secs(300), lock_timeout: Duration::from_secs(10) }
    }
}

/// What a run did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Applied {
    /// The names of the migrations that were applied now.
    pub now: Vec<String>,
    /// The version the database has after it.
    pub version: i32,
}

/// Where a database is and where it should be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Status {
    /// The version of the database; none if it was never migrated.
    pub found: Option<i32>,
    /// The names of the migrations that it lacks.
    pub pending: Vec<String>,
}

/// The version of the newest migration in this program.
pub fn latest() -> i32 {
    embedded::migrations::runner()
        .get_migrations()
        .iter()
        .map(refinery::Migration::version)
        .max()
        .unwrap_or(0)
}

/// Applies everything with the usual options, silently. For tests.
pub async fn up(url: &str) -> Result<Applied> {
    up_with(&SecretUrl::from(url.to_owned()), Options::default(), &|_| {}).await
}

/// Applies everything, one run at a time.
pub async fn up_with(url: &SecretUrl, options: Options, report: &(dyn Fn(&str) + Sync)) -> Result<Applied> {
    let lock = Lock::take(url, options.lock_wait, report).await?;
    let mut session = Session::connect(url, "up").await?;
    let missing = roles::missing(&session).await?;
    if !missing.is_empty() {
        bail!("the server lacks the roles {}: run `argosy-migrate roles` once on it", missing.join(", "));
    }
    let before = found(&session).await?;
    if let Some(found) = before.filter(|found| *found > latest()) {
        report(&format!(
            "the database is at version {found}, this program only knows {}: nothing to do",
            latest()
        ));
        return Ok(Applied { now: Vec::new(), version: found });
    }
    session.batch_execute(&format!("set lock_timeout = {}", options.lock_timeout.as_millis())).await?;
    let done = embedded::migrations::runner()
        .set_abort_divergent(true)
        .run_async(&mut *session)
        .await
        .with_context(|| format!("the database stays at version {}", before.unwrap_or(0)))?;
    drop(lock);
    let now = done.applied_migrations().iter().map(ToString::to_string).collect();
    Ok(Applied { now, version: latest() })
}

/// Where the database is.
pub async fn status(session: &Session) -> Result<Status> {
    let found = found(session).await?;
    let mut pending: Vec<_> = embedded::migrations::runner().get_migrations().clone();
    pending.sort_by_key(refinery::Migration::version);
    let pending = pending.iter().filter(|one| Some(one.version()) > found).map(ToString::to_string).collect();
    Ok(Status { found, pending })
}

async fn found(session: &Session) -> Result<Option<i32>> {
    let exists = session.query_one("select to_regclass('refinery_schema_history') is not null", &[]).await?;
    if !exists.get::<_, bool>(0) {
        return Ok(None);
    }
    let row = session.query_one("select max(version) from refinery_schema_history", &[]).await?;
    Ok(row.get(0))
}
