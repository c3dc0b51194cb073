//! A running `argosy-agent`, and how to ask it.

use std::path::PathBuf;
use std::time::Duration;

use migrations::{Passwords, roles, up};
use testbed::{Database, Folder, Launch, Port, Postgres, Process, wait};

pub(crate) use testbed::postgres::ROLE_PASSWORD as PASSWORD;
pub(crate) const SOON: Duration = Duration::from_secs(30);

pub(crate) struct Agent {
    pub(crate) process: Process,
    pub(crate) metrics: Port,
    pub(crate) folder: Folder,
}

pub(crate) async fn migrated(postgres: &Postgres) -> Database {
    postgres
        .database_from("cluster-agent", async |url: String| {
            roles(&url, &Passwords::all(PASSWORD)).await?;
            up(&url).await.map(drop)
        })
        .await
        .unwrap()
}

/// With an engine cluster that is called `hub`, as agents here call theirs.
pub(crate) async fn with_hub(postgres: &Postgres) -> Database {
    let database = migrated(postgres).await;
    database.query("insert into engine_clusters (id, name) values (gen_random_uuid(), 'hub')").await.unwrap();
    database
}

pub(crate) fn program() -> &'static str {
    env!("CARGO_BIN_EXE_argosy-agent")
}

/// With one engine cluster, `hub`, whose kubeconfig is [`Agent::kubeconfig`] and may come later.
pub(crate) fn start(database_url: &str, args: &[&str]) -> Agent {
    let metrics = Port::free().unwrap();
    let folder = Folder::in_target("agent").unwrap();
    let launch = Launch::new("argosy-agent", program(), folder.path())
        .env("ARGOSY_DATABASE_URL", database_url)
        .env("ARGOSY_METRICS_LISTEN", metrics.address().to_string())
        // Engine clusters are dialled directly, whatever proxy the surroundings name.
        .env("HTTPS_PROXY", "http://127.0.0.1:1")
        .env("ARGOSY_ENGINE_CLUSTERS", format!("hub={}", folder.join("hub.kubeconfig").display()))
        .args(args.iter().copied());
    Agent { process: launch.start().unwrap(), metrics, folder }
}

impl Agent {
    pub(crate) fn kubeconfig(&self) -> PathBuf {
        self.folder.join("hub.kubeconfig")
    }

    pub(crate) fn log(&self) -> String {
        std::fs::read_to_string(self.process.log()).unwrap()
    }

    pub(crate) async fn get(&self, path: &str) -> Result<(u16, String), String> {
        // Nothing here speaks TLS, but reqwest wants to know how it would.
        let _first = rustls::crypto::ring::default_provider().install_default();
        let client = reqwest::Client::builder().no_proxy().timeout(Duration::from_secs(10)).build().unwrap();
        let request = client.get(format!("http://{}{path}", self.metrics.address()));
        let response = request.send().await.map_err(|error| format!("{error:?}"))?;
        let status = response.status().as_u16();
        Ok((status, response.text().await.map_err(|error| error.to_string())?))
    }

    /// Until it is ready, or until it is not and says this.
    pub(crate) async fn until(&mut self, status: u16, words: &str) {
        wait::until(&format!("{status} with {words:?}"), SOON, async || {
            let seen = self.get("/readyz").await?;
            if seen.0 == status && seen.1.contains(words) { Ok(()) } else { Err(format!("{seen:?}")) }
        })
        .await
        .unwrap_or_else(|error| panic!("{error:#}\n{}", self.process.log_end()));
    }
}
