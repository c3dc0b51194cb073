//! The program itself, as an operator runs it.

use std::process::{Command, Output, Stdio};
use std::time::Duration;

use migrations::{Passwords, roles};
use testbed::postgres::ROLE_PASSWORD;
use testbed::{Postgres, wait};

fn migrate(url: &str) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_argosy-migrate"));
    command.env("ARGOSY_OWNER_DATABASE_URL", url).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

fn said(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

async fn run(url: &str, args: &[&str]) -> (bool, String) {
    let mut command = migrate(url);
    command.args(args);
    let output = tokio::task::spawn_blocking(move || command.output()).await.unwrap().unwrap();
    (output.status.success(), said(&output))
}

#[tokio::test]
async fn without_roles_nothing_is_applied_and_the_way_out_is_named() {
    let postgres = Postgres::start().await.unwrap();
    let url = postgres.url("postgres");
    let (ok, said) = run(&url, &[]).await;
    assert!(!ok && said.contains("argosy-migrate roles"), "{said}");
    assert!(!run(&url, &["check"]).await.0);

    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path().to_str().unwrap();
    let (ok, said) = run(&url, &["roles", "--passwords", folder]).await;
    assert!(ok, "{said}");
    let password = std::fs::read_to_string(format!("{folder}/argosy_backend.password")).unwrap();
    assert!(!said.contains(&password), "a password was printed: {said}");

    let (ok, said) = run(&url, &[]).await;
    assert!(ok && said.contains("applied V1__installation"), "{said}");
    let (ok, said) = run(&url, &["check"]).await;
    assert!(ok, "{said}");

    let backend = format!(
        "postgres://argosy_backend:{password}@127.0.0.1:{}/postgres?sslmode=disable",
        postgres.port()
    );
    let timeouts = "select current_setting('statement_timeout'), current_setting('lock_timeout'),
                           current_setting('idle_in_transaction_session_timeout')";
    let timeouts = testbed::postgres::query(&backend, timeouts).await.unwrap();
    assert_eq!(timeouts, [["10s", "3s", "15s"].map(|one| Some(one.to_owned()))]);
}

#[tokio::test]
async fn a_second_migration_waits_for_the_first_and_says_for_whom() {
    let postgres = Postgres::shared().await.unwrap();
    let database = postgres.database().await.unwrap();
    roles(&database.url(), &Passwords::all(ROLE_PASSWORD)).await.unwrap();

    // The first run, stopped in the middle: it holds its lock and waits for a table that we hold.
    let (holder, driver) = tokio_postgres::connect(&database.url(), tokio_postgres::NoTls).await.unwrap();
    let mut drivers = tokio::task::JoinSet::new();
    drivers.spawn(driver);
    holder.batch_execute("begin; create table installation (mine int)").await.unwrap();
    let mut first = migrate(&database.url()).args(["--lock-timeout", "60s"]).spawn().unwrap();
    until(
        &database,
        "the first run to be in the middle",
        "application_name = 'argosy-migrate (up)' and wait_event_type = 'Lock'",
    )
    .await;

    let impatient = run(&database.url(), &["--lock-wait", "1s"]).await;
    assert!(!impatient.0 && impatient.1.contains("another migration still runs"), "{}", impatient.1);
    assert!(impatient.1.contains("backend ") && impatient.1.contains("connected"), "{}", impatient.1);

    let second = migrate(&database.url()).spawn().unwrap();
    until(
        &database,
        "the second run to wait",
        "application_name = 'argosy-migrate (lock)' and wait_event = 'advisory'",
    )
    .await;
    holder.batch_execute("rollback").await.unwrap();
    let ended =
        tokio::task::spawn_blocking(move || (first.wait().unwrap(), second.wait_with_output().unwrap()));
    let (first, second) = ended.await.unwrap();
    assert!(first.success());
    assert!(second.status.success(), "{}", said(&second));
    assert!(!said(&second).contains("applied"), "it had nothing left to do: {}", said(&second));
}

async fn until(database: &testbed::Database, what: &str, condition: &str) {
    let sql = format!("select 1 from pg_stat_activity where datname = current_database() and {condition}");
    let look = async || match database.query(&sql).await {
        Ok(rows) if !rows.is_empty() => Ok(()),
        Ok(_) => Err("no such session".to_owned()),
        Err(error) => Err(error.to_string()),
    };
    wait::until(what, Duration::from_secs(30), look).await.unwrap();
}

#[tokio::test]
async fn a_wrong_address_is_reported_without_its_password() {
    let (ok, said) = run("postgres://owner:hunter2@127.0.0.1:1/argosy", &["status"]).await;
    assert!(!ok && said.contains("127.0.0.1:1") && !said.contains("hunter2"), "{said}");
    let (ok, said) = run("hunter2", &[]).await;
    assert!(!ok && said.contains("not a URL") && !said.contains("hunter2"), "{said}");
}

#[tokio::test]
async fn help_does_not_show_the_environment() {
    let (ok, said) = run("postgres://owner:hunter2@db/argosy", &["--help"]).await;
    assert!(ok && said.contains("ARGOSY_OWNER_DATABASE_URL") && !said.contains("hunter2"), "{said}");
}
