//! Argosy's own programs, started by settings as any operator would.

use std::process::Command;

use testbed::postgres::ROLE_PASSWORD;
use testbed::{Cluster, Database, Folder, GitHost, Issuer, Launch, Port, Process, cache, wait};

use super::SOON;

pub(crate) const AUDIENCE: &str = "argosy";

/// The issuer's name in the settings, and so the first word of its people's names.
pub(super) const ISSUER: &str = "corp";

const PASSWORDS: &str = "passwords";

pub(crate) struct Programs {
    // In the order they end.
    pub(crate) agent: Process,
    pub(crate) backend: Process,
    api: Port,
    database_url: String,
    _folder: Folder,
    _metrics: [Port; 2],
}

/// How a person of the issuer is called.
pub(crate) fn principal(name: &str) -> String {
    format!("{ISSUER}:{name}")
}

impl Programs {
    /// Both, on a database that is migrated first.
    pub(crate) async fn start(database: &Database, hub: &Cluster, issuer: &Issuer, git: &GitHost) -> Self {
        let folder = Folder::in_target("world").unwrap();
        migrate(database, &folder);
        hub.admin().unwrap().write(&folder.join("hub.kubeconfig")).unwrap();
        let keys = folder.join("keys").display().to_string();
        run("argosy-backend", &["keys", "generate"], &[("ARGOSY_SEALING_KEYS", keys.clone())]);

        let (api, metrics) = (Port::free().unwrap(), [Port::free().unwrap(), Port::free().unwrap()]);
        let database_url = database.url_as("argosy_backend", &password(&folder, "argosy_backend"));
        let backend = launch("argosy-backend", &folder, &database_url, &metrics[0])
            .env("ARGOSY_LISTEN", api.address().to_string())
            .env("ARGOSY_ISSUERS", format!("{ISSUER}={}", issuer.url()))
            .env("ARGOSY_AUDIENCES", AUDIENCE)
            .start()
            .unwrap();
        let file = |name: &str, text: &str| {
            std::fs::write(folder.join(name), text).unwrap();
            folder.join(name).display().to_string()
        };
        let (ca, known_hosts) =
            (file("git.pem", git.ca_pem()), file("known_hosts", &git.known_hosts().await.unwrap()));
        let agent_url = database.url_as("argosy_agent", &password(&folder, "argosy_agent"));
        let agent = launch("argosy-agent", &folder, &agent_url, &metrics[1])
            .env("ARGOSY_ENGINE_CLUSTERS", format!("hub={}", folder.join("hub.kubeconfig").display()))
            .env("ARGOSY_GIT_POLL", "2s")
            .env("ARGOSY_GIT_CA_FILE", ca)
            .env("ARGOSY_GIT_KNOWN_HOSTS", known_hosts)
            .start()
            .unwrap();
        let programs = Self { agent, backend, api, database_url, _folder: folder, _metrics: metrics };
        programs.until_ready().await;
        programs
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.api.address())
    }

    /// A new key of an operator, made on the database as `argosy-backend create-operator-key` does.
    pub(crate) fn operator_key(&self) -> String {
        let said = run(
            "argosy-backend",
            &["create-operator-key"],
            &[("ARGOSY_DATABASE_URL", self.database_url.clone())],
        );
        said.trim().to_owned()
    }

    pub(crate) async fn until_ready(&self) {
        let client = reqwest::Client::builder().no_proxy().build().unwrap();
        let ready = format!("{}/readyz", self.url());
        wait::until("the backend to be ready", SOON, async || {
            let answer = client.get(&ready).send().await.map_err(|error| format!("{error:?}"))?;
            if answer.status().is_success() { Ok(()) } else { Err(answer.text().await.unwrap_or_default()) }
        })
        .await
        .unwrap_or_else(|error| panic!("{error:#}\n{}", self.backend.log_end()));
    }
}

pub(super) fn launch(name: &str, folder: &Folder, database_url: &str, metrics: &Port) -> Launch {
    let program = cache::programs().unwrap().join(name);
    assert!(program.exists(), "{} is not built: cargo build --workspace --bins", program.display());
    Launch::new(name, program, folder.path())
        .env("ARGOSY_DATABASE_URL", database_url)
        .env("ARGOSY_METRICS_LISTEN", metrics.address().to_string())
        .env("ARGOSY_SEALING_KEYS", folder.join("keys").display().to_string())
        .env("ARGOSY_EGRESS_PROFILE", "loopback-only")
}

/// Gives the server its roles, and the database its tables.
pub(super) fn migrate(database: &Database, folder: &Folder) {
    let passwords = folder.join(PASSWORDS);
    std::fs::create_dir_all(&passwords).unwrap();
    // Roles belong to the server, which tests share: each sets what the others have set.
    for role in ["backend", "agent", "platform", "operator"] {
        std::fs::write(passwords.join(format!("argosy_{role}.password")), ROLE_PASSWORD).unwrap();
    }
    let passwords = passwords.display().to_string();
    for args in [["roles", "--passwords", &passwords].as_slice(), &["up"]] {
        run("argosy-migrate", args, &[("ARGOSY_OWNER_DATABASE_URL", database.url())]);
    }
}

pub(super) fn password(folder: &Folder, role: &str) -> String {
    std::fs::read_to_string(folder.join(PASSWORDS).join(format!("{role}.password")))
        .unwrap()
        .trim()
        .to_owned()
}

/// Runs a program to its end; what it printed.
pub(super) fn run(program: &str, args: &[&str], env: &[(&str, String)]) -> String {
    let path = cache::programs().unwrap().join(program);
    let mut command = Command::new(&path);
    command.args(args).env_clear().envs(env.iter().map(|(name, value)| (*name, value.as_str())));
    let output = command.output().unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{program} {args:?}: {errors}");
    String::from_utf8_lossy(&output.stdout).into_owned()
}
