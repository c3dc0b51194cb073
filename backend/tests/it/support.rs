//! A running `argosy-backend`, and how to ask it.

use std::time::Duration;

use migrations::{Passwords, roles, up};
use testbed::{Database, Folder, Launch, Port, Postgres, Process, wait};

pub(crate) use testbed::postgres::ROLE_PASSWORD as PASSWORD;
pub(crate) const TOKEN: &str = "0123456789abcdef0123";
pub(crate) const SOON: Duration = Duration::from_secs(30);

pub(crate) struct Backend {
    pub(crate) process: Process,
    pub(crate) api: Port,
    pub(crate) metrics: Port,
    _folder: Folder,
}

pub(crate) async fn migrated(postgres: &Postgres) -> Database {
    postgres
        .database_from("backend", async |url: String| {
            roles(&url, &Passwords::all(PASSWORD)).await?;
            up(&url).await.map(drop)
        })
        .await
        .unwrap()
}

pub(crate) fn program() -> &'static str {
    env!("CARGO_BIN_EXE_argosy-backend")
}

pub(crate) fn start(database_url: &str, args: &[&str]) -> Backend {
    let (api, metrics) = (Port::free().unwrap(), Port::free().unwrap());
    let folder = Folder::in_target("backend").unwrap();
    std::fs::write(folder.join("token"), TOKEN).unwrap();
    let launch = Launch::new("argosy-backend", program(), folder.path())
        .env("ARGOSY_DATABASE_URL", database_url)
        .env("ARGOSY_LISTEN", api.address().to_string())
        .env("ARGOSY_METRICS_LISTEN", metrics.address().to_string())
        .env("ARGOSY_OPERATOR_TOKEN_FILE", folder.join("token").display().to_string())
        .args(args.iter().copied());
    Backend { process: launch.start().unwrap(), api, metrics, _folder: folder }
}

impl Backend {
    pub(crate) fn log(&self) -> String {
        std::fs::read_to_string(self.process.log()).unwrap()
    }

    pub(crate) async fn until_log(&self, text: &str) {
        wait::until(&format!("the log to say {text:?}"), SOON, async || {
            let log = self.log();
            if log.contains(text) { Ok(()) } else { Err(log) }
        })
        .await
        .unwrap();
    }

    pub(crate) async fn readiness(&self) -> Result<(u16, String), String> {
        get(&format!("http://{}/readyz", self.api.address())).await
    }

    /// Until it is ready, or until it is not and says this.
    pub(crate) async fn until(&mut self, status: u16, words: &str) {
        wait::until(&format!("{status} with {words:?}"), SOON, async || {
            let seen = self.readiness().await?;
            if seen.0 == status && seen.1.contains(words) { Ok(()) } else { Err(format!("{seen:?}")) }
        })
        .await
        .unwrap_or_else(|error| panic!("{error:#}\n{}", self.process.log_end()));
    }
}

pub(crate) async fn get(url: &str) -> Result<(u16, String), String> {
    answer(client().get(url)).await
}

pub(crate) async fn answer(request: reqwest::RequestBuilder) -> Result<(u16, String), String> {
    let response = request.send().await.map_err(|error| format!("{error:?}"))?;
    let status = response.status().as_u16();
    Ok((status, response.text().await.map_err(|error| error.to_string())?))
}

pub(crate) fn client() -> reqwest::Client {
    // Nothing here speaks TLS, but reqwest wants to know how it would.
    let _first = rustls::crypto::ring::default_provider().install_default();
    reqwest::Client::builder().no_proxy().timeout(Duration::from_secs(10)).build().unwrap()
}
