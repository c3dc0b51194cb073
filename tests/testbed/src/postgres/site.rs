//! A PostgreSQL server before it runs: where its data lies and how it is started.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use rustix::fs::FlockOperation;

use crate::{Ending, Launch, Process, cache};

/// The system user that PostgreSQL runs as when we are root, because it refuses to be root itself.
const USER: &str = "postgres";

/// The database superuser.
pub const SUPERUSER: &str = "postgres";

/// Whether data must survive a power cut (a sandbox) or only has to be quick (a test).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Durability {
    Kept,
    ThrownAway,
}

#[derive(Clone, Debug)]
pub struct Site {
    /// The data folder; its parent must be reachable and writable for user `postgres` when we are root.
    pub data: PathBuf,
    pub port: u16,
    pub password: String,
    pub durability: Durability,
}

impl Site {
    /// `initdb`, unless it was done before.
    pub fn prepare(&self) -> Result<()> {
        if self.data.join("PG_VERSION").exists() {
            return Ok(());
        }
        let parent = self.data.parent().context("the data folder has a parent")?;
        std::fs::create_dir_all(parent).with_context(|| format!("make {}", parent.display()))?;
        initdb(&self.data, &self.password)
    }

    /// Like [`Site::prepare`], but copies a template that was made once on this machine: 50 ms instead of a second.
    pub fn prepare_from_template(&self) -> Result<()> {
        let template = template(&self.password)?;
        as_user(
            "cp",
            &["-a", "--reflink=auto", &template.display().to_string(), &self.data.display().to_string()],
        )
    }

    /// How to run it. `log_folder` takes the log; the data folder belongs to another user.
    pub fn launch(&self, name: &str, log_folder: &Path) -> Result<Launch> {
        let mut settings = vec![
            ("listen_addresses", "127.0.0.1".to_owned()),
            ("port", self.port.to_string()),
            // No socket file: paths of sockets are limited in length, and loopback serves.
            ("unix_socket_directories", String::new()),
            // Shared memory as files in the data folder: a killed server leaves nothing in /dev/shm.
            ("dynamic_shared_memory_type", "mmap".to_owned()),
            ("shared_preload_libraries", "pg_stat_statements".to_owned()),
            ("max_connections", "400".to_owned()),
            ("shared_buffers", "128MB".to_owned()),
            ("timezone", "UTC".to_owned()),
            ("log_min_messages", "warning".to_owned()),
        ];
        if self.durability == Durability::ThrownAway {
            settings.extend([
                ("fsync", "off".to_owned()),
                ("full_page_writes", "off".to_owned()),
                ("max_wal_size", "4GB".to_owned()),
            ]);
        }
        let mut launch = Launch::new(name, programs()?.join("postgres"), log_folder)
            .as_user_when_root(USER)
            .ending(Ending::Interrupt)
            .arg("-D")
            .arg(self.data.display().to_string());
        for (setting, value) in settings {
            launch = launch.arg("-c").arg(format!("{setting}={value}"));
        }
        Ok(launch)
    }

    /// Wait until it answers a query.
    pub async fn ready(&self, process: &mut Process) -> Result<()> {
        process.ready(Duration::from_secs(60), || self.probe()).await
    }

    /// One look: does it answer?
    pub async fn probe(&self) -> Result<()> {
        super::query(&self.url("postgres"), "select 1").await.map(drop)
    }

    /// The superuser's way in.
    pub fn url(&self, database: &str) -> String {
        self.url_as(SUPERUSER, &self.password, database)
    }

    pub fn url_as(&self, role: &str, password: &str, database: &str) -> String {
        super::url(role, password, self.port, database)
    }
}

/// The newest PostgreSQL on this machine, 15 or later.
pub fn programs() -> Result<PathBuf> {
    let installed = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let newest = installed
        .filter_map(|entry| {
            let version: u32 = entry.file_name().to_str()?.parse().ok()?;
            let programs = entry.path().join("bin");
            (version >= 15 && programs.join("initdb").exists()).then_some((version, programs))
        })
        .max();
    match newest {
        Some((_, programs)) => Ok(programs),
        None => bail!("no PostgreSQL server 15 or later under /usr/lib/postgresql: run dev/install"),
    }
}

/// A data folder to copy from, made once and kept in the cache.
fn template(password: &str) -> Result<PathBuf> {
    let programs = programs()?;
    let version =
        programs.parent().and_then(Path::file_name).context("the programs lie in a version's folder")?;
    // The password is part of the data, so it is part of the name.
    let name = format!("{}-{}", version.to_string_lossy(), hex::encode(password));
    let folder = cache::folder()?.join("postgres");
    std::fs::create_dir_all(&folder).context("make the template's folder")?;
    let lock = std::fs::File::create(folder.join("lock")).context("open the template's lock")?;
    rustix::fs::flock(&lock, FlockOperation::LockExclusive).context("wait for the template")?;
    let template = folder.join(&name);
    if !template.exists() {
        open_to_user(&folder)?;
        let making = folder.join(format!(".making-{name}"));
        let _ = std::fs::remove_dir_all(&making);
        initdb(&making, password)?;
        std::fs::rename(&making, &template).context("move the template to its place")?;
    }
    Ok(template)
}

fn initdb(data: &Path, password: &str) -> Result<()> {
    let parent = data.parent().context("the data folder has a parent")?;
    open_to_user(parent)?;
    let secret =
        tempfile::Builder::new().prefix("pw").tempfile_in(parent).context("write the password file")?;
    std::fs::write(secret.path(), password).context("write the password file")?;
    open_to_user(secret.path())?;
    let initdb = programs()?.join("initdb");
    as_user(
        &initdb.display().to_string(),
        &[
            "--pgdata",
            &data.display().to_string(),
            "--username",
            SUPERUSER,
            "--auth=scram-sha-256",
            "--pwfile",
            &secret.path().display().to_string(),
            "--encoding=UTF8",
            "--locale=C.UTF-8",
            "--no-instructions",
        ],
    )
}

/// Give a path to user `postgres` when we are root.
fn open_to_user(path: &Path) -> Result<()> {
    if rustix::process::geteuid().is_root() {
        let output = Command::new("chown").arg(USER).arg(path).output().context("run chown")?;
        ensure!(
            output.status.success(),
            "chown {}: {}",
            path.display(),
            String::from_utf8_lossy(&output.stderr)
        );
    }
    Ok(())
}

fn as_user(program: &str, args: &[&str]) -> Result<()> {
    let mut command = if rustix::process::geteuid().is_root() {
        let mut command = Command::new("setpriv");
        command.args(["--reuid", USER, "--regid", USER, "--init-groups", "--", program]);
        command
    } else {
        Command::new(program)
    };
    let output = command.args(args).current_dir("/").output().with_context(|| format!("run {program}"))?;
    ensure!(
        output.status.success(),
        "{program} as user {USER}: {}{}\n(the folder must be reachable for that user: not under a closed home)",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr),
    );
    Ok(())
}
