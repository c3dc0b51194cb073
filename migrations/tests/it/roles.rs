//! The roles of a server.

use migrations::{Passwords, roles, up};
use testbed::Postgres;
use testbed::postgres::ROLE_PASSWORD;

const POWERS: &str =
    "select rolname, rolcanlogin, rolsuper, rolbypassrls, rolcreatedb, rolcreaterole, rolreplication
                        from pg_roles where rolname like 'argosy\\_%' order by rolname";

fn row(cells: [&str; 7]) -> Vec<Option<String>> {
    cells.iter().map(|cell| Some((*cell).to_owned())).collect()
}

#[tokio::test]
async fn roles_are_made_once_and_lose_what_they_should_not_have() {
    let postgres = Postgres::start().await.unwrap();
    let url = postgres.url("postgres");
    let done = roles(&url, &Passwords::all(ROLE_PASSWORD)).await.unwrap();
    assert!(done.contains(&"made argosy_backend (login)".to_owned()), "{done:?}");

    let sql = "alter role argosy_backend superuser bypassrls; alter role argosy_agent set statement_timeout = '77s'";
    testbed::postgres::query(&url, sql).await.unwrap();
    let done = roles(&url, &Passwords::default()).await.unwrap();
    assert_eq!(done, ["took superuser from argosy_backend", "took bypassrls from argosy_backend"]);

    let found = testbed::postgres::query(&url, POWERS).await.unwrap();
    let expected = [
        row(["argosy_agent", "t", "f", "f", "f", "f", "f"]),
        row(["argosy_backend", "t", "f", "f", "f", "f", "f"]),
        row(["argosy_operator", "t", "f", "f", "f", "f", "f"]),
        row(["argosy_platform", "t", "f", "f", "f", "f", "f"]),
        row(["argosy_views", "f", "f", "f", "f", "f", "f"]),
    ];
    assert_eq!(found, expected);
    let tuned = "select setconfig::text from pg_db_role_setting s join pg_roles r on r.oid = s.setrole
                  where rolname = 'argosy_agent'";
    let tuned = testbed::postgres::query(&url, tuned).await.unwrap();
    assert!(
        tuned[0][0].as_ref().unwrap().contains("statement_timeout=77s"),
        "an operator's timeout stays: {tuned:?}"
    );
}

#[tokio::test]
async fn many_may_make_the_roles_at_the_same_time() {
    let postgres = Postgres::start().await.unwrap();
    let url = postgres.url("postgres");
    let passwords = Passwords::all(ROLE_PASSWORD);
    let (a, b, c, d) = tokio::join!(
        roles(&url, &passwords),
        roles(&url, &passwords),
        roles(&url, &passwords),
        roles(&url, &passwords)
    );
    let done: Vec<String> = [a, b, c, d].into_iter().flat_map(Result::unwrap).collect();
    let made = done.iter().filter(|line| line.starts_with("made ")).count();
    assert_eq!(made, 5, "{done:?}");
}

/// As on a managed PostgreSQL, where nobody is a superuser.
#[tokio::test]
async fn an_owner_without_superuser_rights_is_enough() {
    let postgres = Postgres::start().await.unwrap();
    let admin = postgres.url("postgres");
    let sql = "create role landlord login createrole password 'secret'";
    testbed::postgres::query(&admin, sql).await.unwrap();
    testbed::postgres::query(&admin, "create database house owner landlord").await.unwrap();
    let owner = format!("postgres://landlord:secret@127.0.0.1:{}/house?sslmode=disable", postgres.port());
    roles(&owner, &Passwords::all(ROLE_PASSWORD)).await.unwrap();
    roles(&owner, &Passwords::all(ROLE_PASSWORD)).await.unwrap();
    up(&owner).await.unwrap();
    let sql = "create view seen as select epoch from installation; alter view seen owner to argosy_views";
    let grant = "grant create on schema public to argosy_views";
    testbed::postgres::query(&owner, grant).await.unwrap();
    testbed::postgres::query(&owner, sql).await.unwrap();
}

#[test]
fn passwords_are_made_once_and_only_we_read_them() {
    use std::os::unix::fs::PermissionsExt;

    let folder = tempfile::tempdir().unwrap();
    let secrets = folder.path().join("secrets");
    let shown = format!("{:?}", Passwords::in_folder(&secrets).unwrap());
    let file = secrets.join("argosy_backend.password");
    let made = std::fs::read_to_string(&file).unwrap();
    assert!(made.len() >= 32 && !shown.contains(&made));
    assert_eq!(std::fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    assert!(!secrets.join("argosy_views.password").exists(), "it does not log in");

    Passwords::in_folder(&secrets).unwrap();
    assert_eq!(std::fs::read_to_string(&file).unwrap(), made);
    std::fs::write(&file, "\n").unwrap();
    assert!(Passwords::in_folder(&secrets).unwrap_err().to_string().contains("is empty"));
}
