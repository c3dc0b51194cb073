//! A tenant, somebody who may deploy there, and the use cases.

use std::path::Path;
use std::time::Duration;

use backend::app::{App, Call, Deployer, Reference, Refused, WishRefused};
use domain::access::Principal;
use domain::egress::Policy;
use domain::field::{FieldError, Shape};
use domain::intent::Unverified;
use domain::secret::Secret;
use domain::text::Name;
use migrations::{Passwords, roles, up};
use schemars::JsonSchema;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};
use store::seal::{self, KeyId};
use store::{Access, Caller, DigestKey};
use tempfile::TempDir;
use testbed::{Database, Postgres};

const PASSWORD: &str = testbed::postgres::ROLE_PASSWORD;

pub(crate) struct Ground {
    pub(crate) app: App,
    pub(crate) access: Access<Deployer>,
    pub(crate) database: Database,
    pub(crate) keys: seal::Args,
    _home: TempDir,
    _postgres: Postgres,
}

pub(crate) fn args(database: &Database, role: &str) -> store::Args {
    store::Args {
        database_url: Some(database.url_as(role, PASSWORD).into()),
        direct_database_url: None,
        database_password_file: None,
        database_connections: 4,
        database_acquire_timeout: Duration::from_secs(5),
    }
}

pub(crate) fn id(raw: &str) -> KeyId {
    raw.parse().unwrap()
}

pub(crate) fn folder(path: &Path) -> seal::Args {
    seal::Args { sealing_keys_dir: Some(path.to_owned()), sealing_primary: None }
}

pub(crate) fn named(name: &str) -> Reference {
    Reference::Name(Name::parse(name).unwrap())
}

pub(crate) fn call() -> Call {
    Call { request_id: "a-request".to_owned(), ..Call::default() }
}

/// As a door reads it.
pub(crate) fn body<T: JsonSchema + DeserializeOwned>(body: Value) -> T {
    Shape::new().read(body).unwrap()
}

pub(crate) fn patch(patch: Value) -> Map<String, Value> {
    let Value::Object(patch) = patch else { panic!("a patch is an object: {patch}") };
    patch
}

/// What is wrong, and where.
pub(crate) fn fields(refused: Refused) -> Vec<(String, String)> {
    let Refused::Wish(WishRefused::Fields(errors)) = refused else { panic!("{refused:?}") };
    let place = |error: FieldError| (error.pointer.as_str().to_owned(), error.code.name().to_owned());
    errors.into_iter().map(place).collect()
}

impl Ground {
    pub(crate) async fn new() -> Self {
        let postgres = Postgres::shared().await.unwrap();
        let database = postgres
            .database_from("backend-app", async |url: String| {
                roles(&url, &Passwords::all(PASSWORD)).await?;
                up(&url).await.map(drop)
            })
            .await
            .unwrap();
        let tenant = "018f2b5e-7c1d-7a4e-9b3a-5d0c1e2f3a4b";
        for sql in [
            format!("insert into tenants (id, name, door) values ('{tenant}', 'acme', 'rest')"),
            format!(
                "insert into members (tenant_id, principal, role, made_by)
                 values ('{tenant}', 'corp:ada', 'deployer', 'corp:root')"
            ),
        ] {
            database.query(&sql).await.unwrap();
        }
        let home = tempfile::tempdir().unwrap();
        let keys = folder(&home.path().join("keys"));
        backend::app::keys::generate(&keys, &id("one")).unwrap();
        let store = keys.onto(args(&database, "argosy_backend").open("backend-app").unwrap()).unwrap();
        let ada = Caller::of_token(Principal::parse("corp:ada").unwrap(), Vec::new());
        let access = store.admit(&ada, &named("acme")).await.unwrap().unwrap().deployer().unwrap();
        let digest = DigestKey(Secret::new(vec![7; 32]));
        let app = App::new(store, Policy::default(), Unverified::Refused, digest);
        Self { app, access, database, keys, _home: home, _postgres: postgres }
    }

    pub(crate) async fn one(&self, sql: &str) -> String {
        let rows = self.database.query(sql).await.unwrap();
        let row = rows.into_iter().next().unwrap_or_default();
        row.into_iter().map(Option::unwrap_or_default).collect::<Vec<_>>().join(" ")
    }
}
