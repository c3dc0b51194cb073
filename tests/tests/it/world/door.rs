//! The front door alone: a database and the backend, with an engine that is introduced and an agent that never comes.
//!
//! For what is between a client and the rows. Operations are made and stay: whoever counts them finds them all.

use std::io::Write;
use std::time::Duration;

use serde_json::json;
use testbed::{Database, Folder, Issuer, Launch, Port, Postgres, Process, Proxy, http};

use super::programs::{self, AUDIENCE, ISSUER, principal};
use super::{Rest, SOON};

/// How long a request may take: much can be asked at once on a slow machine.
const PATIENT: Duration = Duration::from_secs(10);
/// Where the database is to be away.
const HURRIED: Duration = Duration::from_secs(5);

/// The environment of [`Door::tenant`]. Nobody dials it.
const SERVER: &str = "https://127.0.0.1:6443";

pub(crate) struct Door {
    // In the order they end.
    pub(crate) backend: Process,
    pub(crate) issuer: Issuer,
    pub(crate) database: Database,
    /// How long a request may take here.
    pub(crate) deadline: Duration,
    operator: String,
    api: Port,
    _metrics: Port,
    _folder: Folder,
}

impl Door {
    /// On a database of its own.
    pub(crate) async fn on(postgres: &Postgres) -> Self {
        Self::begin(postgres, None, PATIENT).await
    }

    /// The same, where requests may take only so long.
    pub(crate) async fn in_a_hurry(postgres: &Postgres, deadline: Duration) -> Self {
        Self::begin(postgres, None, deadline).await
    }

    /// The same, with the backend's way to the database through a proxy.
    pub(crate) async fn through(postgres: &Postgres, proxy: &Proxy) -> Self {
        Self::begin(postgres, Some(proxy), HURRIED).await
    }

    async fn begin(postgres: &Postgres, proxy: Option<&Proxy>, deadline: Duration) -> Self {
        let database = postgres.database().await.unwrap();
        let (folder, issuer) = (Folder::in_target("door").unwrap(), Issuer::start().unwrap());
        programs::migrate(&database, &folder);
        let keys = folder.join("keys").display().to_string();
        programs::run("argosy-backend", &["keys", "generate"], &[("ARGOSY_SEALING_KEYS", keys)]);
        let (role, password) = ("argosy_backend", programs::password(&folder, "argosy_backend"));
        let direct = database.url_as(role, &password);
        let operator = programs::run(
            "argosy-backend",
            &["create-operator-key"],
            &[("ARGOSY_DATABASE_URL", direct.clone())],
        );
        let url = proxy.map_or(direct, |proxy| database.url_through(proxy.port(), role, &password));

        let (api, metrics) = (Port::free().unwrap(), Port::free().unwrap());
        let launch = settings(programs::launch("argosy-backend", &folder, &url, &metrics), &api, &issuer);
        let backend =
            launch.env("ARGOSY_REQUEST_DEADLINE", format!("{}ms", deadline.as_millis())).start().unwrap();
        let operator = operator.trim().to_owned();
        let mut door =
            Self { backend, issuer, database, deadline, operator, api, _metrics: metrics, _folder: folder };
        door.until_ready().await;
        door.introduce_engine().await;
        door
    }

    /// Until it says that it can serve.
    pub(crate) async fn until_ready(&mut self) {
        let (client, ready) = (http::plain().unwrap(), format!("{}/readyz", self.url()));
        self.backend.ready(SOON, || http::healthy(&client, &ready)).await.unwrap();
    }

    /// The same program again, after it ended.
    pub(crate) async fn start_again(&mut self) {
        assert!(!self.backend.running(), "it still runs");
        self.backend = self.backend.launch().start().unwrap();
        self.until_ready().await;
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.api.address())
    }

    pub(crate) fn operator(&self) -> Rest {
        Rest::new(self.url(), &self.operator)
    }

    pub(crate) fn person(&self, name: &str) -> Rest {
        let token = self.issuer.token_for(name, AUDIENCE).sign().unwrap();
        Rest::new(self.url(), &token)
    }

    /// A tenant with room for much, and with the environment `prod`.
    pub(crate) async fn tenant(&self, name: &str, owner: &str) -> Rest {
        let operator = self.operator();
        operator.post("/v1/tenants", json!({"name": name, "owner": principal(owner)})).await.ok(201);
        let limits = json!({"deployments": 100_000, "openOperations": 100_000, "environments": 100});
        operator.put(&format!("/v1/tenants/{name}/limits"), limits).await.accepted();
        let tenant = self.person(owner).within(&format!("/v1/tenants/{name}"));
        let environment = json!({"server": SERVER, "token": "t0ken", "namespaces": ["apps"]});
        tenant.put("/environments/prod", environment).await.accepted();
        tenant
    }

    async fn introduce_engine(&self) {
        let operator = self.operator();
        let cluster = operator.post("/v1/engine-clusters", json!({"name": "hub"})).await.ok(201);
        let instance = json!({
            "engineCluster": cluster["id"], "name": "first", "namespace": "argocd",
            "repoServer": "first", "capacity": 100_000,
        });
        operator.post("/v1/engine-instances", instance).await.ok(201);
    }

    /// What a question about numbers or words is answered with: each row as its columns.
    pub(crate) async fn asked(&self, sql: &str) -> Vec<Vec<String>> {
        let rows = self.database.query(sql).await.unwrap_or_else(|error| panic!("{sql}: {error:#}"));
        rows.into_iter().map(|row| row.into_iter().map(Option::unwrap_or_default).collect()).collect()
    }

    /// Each of these questions has no row for an answer.
    pub(crate) async fn finds_nothing(&self, questions: &[(&str, &str)]) {
        for (what, sql) in questions {
            let found = self.asked(sql).await;
            assert!(found.is_empty(), "{what}: {found:?}\n{sql}");
        }
    }
}

fn settings(launch: Launch, api: &Port, issuer: &Issuer) -> Launch {
    launch
        .env("ARGOSY_LISTEN", api.address().to_string())
        .env("ARGOSY_ISSUERS", format!("{ISSUER}={}", issuer.url()))
        .env("ARGOSY_AUDIENCES", AUDIENCE)
        .env("ARGOSY_DATABASE_ACQUIRE_TIMEOUT", "8s")
        .env("ARGOSY_RATE_LIMITS_OFF", "true")
}

/// What went wrong inside, when something did.
impl Drop for Door {
    fn drop(&mut self) {
        if std::thread::panicking() {
            let log = std::fs::read_to_string(self.backend.log()).unwrap_or_default();
            for line in log.lines().filter(|line| line.contains("\"ERROR\"")).take(20) {
                let _nobody_reads = writeln!(std::io::stderr(), "{line}");
            }
        }
    }
}
