//! `.sqlx/` is what the macros say of a database that was migrated just now (ADR 0002).
//!
//! With `ARGOSY_BLESS=1` it is made so (`make sqlx`). Otherwise nothing outside the target folder is written.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use testbed::{Database, Folder, Postgres};

#[tokio::test]
async fn recorded_queries_are_those_of_the_schema() {
    let postgres = Postgres::shared().await.unwrap();
    let database = postgres.database().await.unwrap();
    for command in ["roles", "up"] {
        let mut migrate =
            cargo(["run", "--quiet", "--package", "migrations", "--bin", "argosy-migrate", command]);
        run(migrate.env("ARGOSY_OWNER_DATABASE_URL", database.url())).await;
    }
    let fresh = Folder::in_target("sqlx").unwrap();
    record(&database, fresh.path()).await;

    let recorded = root().join(".sqlx");
    let (now, before) = (queries(fresh.path()), queries(&recorded));
    assert!(!now.is_empty(), "the macros wrote nothing: were they expanded, and against the database?");
    if blessing() {
        before.keys().for_each(|name| std::fs::remove_file(recorded.join(name)).unwrap());
        now.iter().for_each(|(name, text)| std::fs::write(recorded.join(name), text).unwrap());
        return;
    }
    let differing: Vec<_> = now
        .iter()
        .filter(|(name, text)| before.get(*name) != Some(*text))
        .map(|(name, text)| format!("not recorded, or recorded otherwise: {name}\n{text}"))
        .chain(
            before
                .keys()
                .filter(|name| !now.contains_key(*name))
                .map(|name| format!("used by nobody: {name}")),
        )
        .collect();
    assert!(
        differing.is_empty(),
        "SQL or schema changed, and .sqlx/ did not: run `make sqlx` and commit .sqlx/\n\n{}",
        differing.join("\n")
    );
}

/// Expands every macro against this database, each writing what it learned to `folder`.
///
/// In a target folder of its own, so that nobody else's build is made stale; only `store` is compiled anew there, and
/// it must be, since a macro that is not expanded writes nothing.
async fn record(database: &Database, folder: &Path) {
    let target = concat!(env!("CARGO_TARGET_TMPDIR"), "/sqlx");
    run(&mut cargo(["clean", "--quiet", "--package", "store", "--target-dir", target])).await;
    let mut check = cargo(["check", "--quiet", "--package", "store", "--lib", "--target-dir", target]);
    check.env("SQLX_OFFLINE", "false").env("SQLX_OFFLINE_DIR", folder).env("DATABASE_URL", database.url());
    run(&mut check).await;
}

fn queries(folder: &Path) -> BTreeMap<String, String> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().map(Result::unwrap);
    let names = entries.map(|entry| entry.file_name().into_string().unwrap());
    let queries = names.filter(|name| name.starts_with("query-"));
    queries.map(|name| (name.clone(), std::fs::read_to_string(folder.join(name)).unwrap())).collect()
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

fn blessing() -> bool {
    std::env::var_os("ARGOSY_BLESS").is_some_and(|value| value == "1")
}

fn cargo<const N: usize>(args: [&str; N]) -> Command {
    let mut command = Command::new(env!("CARGO"));
    command.args(args).current_dir(root());
    command
}

async fn run(command: &mut Command) {
    let shown = format!("{command:?}");
    let mut command = std::mem::replace(command, Command::new("true"));
    let output: Output = tokio::task::spawn_blocking(move || command.output()).await.unwrap().unwrap();
    assert!(output.status.success(), "{shown}\n{}", String::from_utf8_lossy(&output.stderr));
}
