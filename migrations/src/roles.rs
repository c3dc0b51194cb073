//! The least-privilege roles: made once a server, since roles belong to a server and not to a database.
//!
//! A migration only grants to them. Running this again changes nothing that an operator has tuned.

use std::collections::BTreeMap;
use std::fs;
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use anyhow::{Context, Result, bail, ensure};
use domain::SecretUrl;
use tokio_postgres::error::SqlState;

use crate::Session;

/// One role and what limits it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Role {
    /// Its name.
    pub name: &'static str,
    login: bool,
    settings: &'static [(&'static str, &'static str)],
}

/// Timeouts are the role's, not the connection's: they hold behind every pooler and for every client.
const ROLES: [Role; 5] = [
    Role {
        name: "argosy_backend",
        login: true,
        settings: &[
            ("statement_timeout", "10s"),
            ("lock_timeout", "3s"),
            ("idle_in_transaction_session_timeout", "15s"),
        ],
    },
    Role {
        name: "argosy_agent",
        login: true,
        settings: &[
            ("statement_timeout", "30s"),
            ("lock_timeout", "5s"),
            ("idle_in_transaction_session_timeout", "30s"),
        ],
    },
    Role {
        name: "argosy_platform",
        login: true,
        settings: &[
            ("statement_timeout", "5min"),
            ("lock_timeout", "5s"),
            ("idle_in_transaction_session_timeout", "1min"),
        ],
    },
    Role { name: "argosy_views", login: false, settings: &[] },
    Role {
        name: "argosy_operator",
        login: true,
        settings: &[
            ("statement_timeout", "30s"),
            ("lock_timeout", "3s"),
            ("idle_in_transaction_session_timeout", "1min"),
            ("default_transaction_read_only", "on"),
        ],
    },
];

/// The passwords of the roles that log in. Cannot be shown.
#[derive(Clone, Default)]
pub struct Passwords(BTreeMap<&'static str, String>);

impl Passwords {
    /// One for all. For tests.
    pub fn all(password: &str) -> Self {
        Self(logins().map(|role| (role.name, password.to_owned())).collect())
    }

    /// Reads `<folder>/<role>.password`, and makes those that are missing: random, readable only by us.
    pub fn in_folder(folder: &Path) -> Result<Self> {
        fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))?;
        let read = |role: Role| Ok((role.name, password(&folder.join(format!("{}.password", role.name)))?));
        Ok(Self(logins().map(read).collect::<Result<_>>()?))
    }
}

impl std::fmt::Debug for Passwords {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_set().entries(self.0.keys()).finish()
    }
}

fn logins() -> impl Iterator<Item = Role> {
    ROLES.into_iter().filter(|role| role.login)
}

fn password(file: &Path) -> Result<String> {
    let shown = file.display();
    if !fs::exists(file).with_context(|| format!("cannot look at {shown}"))? {
        let random: [u8; 24] = rand::random();
        let fresh: String = random.iter().map(|byte| format!("{byte:02x}")).collect();
        let mut made = fs::OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(file)
            .with_context(|| format!("cannot make {shown}"))?;
        made.write_all(fresh.as_bytes()).with_context(|| format!("cannot write {shown}"))?;
        return Ok(fresh);
    }
    let text = fs::read_to_string(file).with_context(|| format!("cannot read {shown}"))?;
    let text = text.trim_end_matches(['\r', '\n']);
    ensure!(!text.is_empty(), "{shown} is empty");
    Ok(text.to_owned())
}

/// The roles this server lacks.
pub async fn missing(session: &Session) -> Result<Vec<&'static str>> {
    let rows = session.query("select rolname::text from pg_roles", &[]).await?;
    let there: Vec<String> = rows.iter().map(|row| row.get(0)).collect();
    Ok(ROLES.iter().map(|role| role.name).filter(|name| !there.iter().any(|one| one == name)).collect())
}

/// Makes every role that is missing, takes away what none may have, and sets the passwords that are given. Answers
/// what it did, in words.
pub async fn roles(url: &str, passwords: &Passwords) -> Result<Vec<String>> {
    let session = Session::connect(&SecretUrl::from(url.to_owned()), "roles").await?;
    let mut done = Vec::new();
    for role in ROLES {
        done.extend(settled(&session, role, passwords).await.with_context(|| format!("role {}", role.name))?);
    }
    // The owner gives the operator's views to argosy_views, for which it must be a member.
    settle(
        &session,
        "grant argosy_views to current_user",
        "select not rolsuper from pg_roles where rolname = current_user",
    )
    .await
    .context("make the owner a member of argosy_views")?;
    Ok(done)
}

async fn settled(session: &Session, role: Role, passwords: &Passwords) -> Result<Vec<String>> {
    let Role { name, login, settings } = role;
    let mut done = Vec::new();
    let login = if login { "login" } else { "nologin" };
    let create = format!(
        "create role {name} {login} nosuperuser nobypassrls nocreatedb nocreaterole noreplication inherit"
    );
    let absent = format!("select not exists (select from pg_roles where rolname = '{name}')");
    if settle(session, &create, &absent).await? {
        done.push(format!("made {name} ({login})"));
    }
    for (power, column) in [
        ("superuser", "rolsuper"),
        ("bypassrls", "rolbypassrls"),
        ("createdb", "rolcreatedb"),
        ("createrole", "rolcreaterole"),
        ("replication", "rolreplication"),
    ] {
        let has = format!("select {column} from pg_roles where rolname = '{name}'");
        if settle(session, &format!("alter role {name} no{power}"), &has).await? {
            done.push(format!("took {power} from {name}"));
        }
    }
    for (setting, value) in settings {
        let unset = format!(
            "select not exists (
                select from pg_db_role_setting s join pg_roles r on r.oid = s.setrole,
                            unnest(s.setconfig) as one
                 where r.rolname = '{name}' and s.setdatabase = 0 and one like '{setting}=%')"
        );
        if settle(session, &format!("alter role {name} set {setting} = '{value}'"), &unset).await? {
            done.push(format!("set {setting} = {value} for {name}"));
        }
    }
    if let Some(password) = passwords.0.get(name) {
        // Hashed here, so that the server never sees it, nor writes it in its log of statements.
        let verifier = postgres_protocol::password::scram_sha_256(password.as_bytes());
        settle(session, &format!("alter role {name} password '{verifier}'"), "select true").await?;
        done.push(format!("set the password of {name}"));
    }
    Ok(done)
}

/// Runs `change` if `needed` says so. Another server-wide run may be at it at the same time (advisory locks do not
/// reach beyond a database): then the change collides, and we look again.
async fn settle(session: &Session, change: &str, needed: &str) -> Result<bool> {
    for _ in 0..50 {
        if !session.query_one(needed, &[]).await?.get::<_, bool>(0) {
            return Ok(false);
        }
        match session.batch_execute(change).await {
            Ok(()) => return Ok(true),
            Err(error) if collided(&error) => {}
            Err(error) => return Err(error.into()),
        }
    }
    bail!("somebody else keeps changing it at the same time")
}

fn collided(error: &tokio_postgres::Error) -> bool {
    error.as_db_error().is_some_and(|error| {
        let code = error.code();
        *code == SqlState::DUPLICATE_OBJECT
            || *code == SqlState::UNIQUE_VIOLATION
            || error.message().contains("concurrently updated")
    })
}
