//! Argosy itself: its database, its two programs. They are started as any operator would, by settings.

use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context, Result, ensure};
use testbed::{Launch, cache, http};

use super::{Plan, clusters, people, postgres};
use crate::state::{self, Engines};
use crate::supervisor::Part;

const DATABASE: &str = "argosy";

/// What the engine cluster is called: the sandbox's own, and that of a person who has one.
pub(super) const OWN: &str = "hub";
pub(super) const EXISTING: &str = "existing";

/// The roles that Argosy's programs log in as, and the secrets they have here.
pub(super) const ROLES: [(&str, &str); 2] = [("argosy_backend", "backend"), ("argosy_agent", "agent")];

/// As one of the roles.
pub(super) fn database_url(plan: &Plan, role: &str, secret: &str) -> Result<String> {
    Ok(postgres::site(plan)?.url_as(role, plan.secrets.of(secret)?, DATABASE))
}

/// The database, its roles and its schema.
pub(super) fn migrate(plan: &Plan) -> Result<Part> {
    let site = postgres::site(plan)?;
    let passwords = plan.folder.path().join("passwords");
    let roles: Vec<_> = ROLES
        .iter()
        .map(|(role, secret)| Ok((*role, plan.secrets.of(secret)?.to_owned())))
        .collect::<Result<_>>()?;
    let part = Part::once("migrate", move || {
        let (site, passwords, roles) = (site.clone(), passwords.clone(), roles.clone());
        async move {
            let exists = format!("select 1 from pg_database where datname = '{DATABASE}'");
            let postgres = site.url("postgres");
            if testbed::postgres::query(&postgres, &exists).await?.is_empty() {
                testbed::postgres::query(&postgres, &format!("create database {DATABASE}")).await?;
            }
            std::fs::create_dir_all(&passwords).context("make the folder of passwords")?;
            for (role, password) in roles {
                state::write_secretly(&passwords.join(format!("{role}.password")), &password)?;
            }
            let owner = site.url(DATABASE);
            super::unhurried(move || {
                run_migrate(&owner, &["roles", "--passwords", &passwords.display().to_string()])?;
                run_migrate(&owner, &["up"])
            })
            .await
        }
    });
    Ok(part.after(&["postgres"]))
}

fn run_migrate(owner: &str, args: &[&str]) -> Result<()> {
    run("argosy-migrate", args, &[("ARGOSY_OWNER_DATABASE_URL", owner.to_owned())]).map(drop)
}

/// Runs one of Argosy's programs to its end; what it printed.
pub(super) fn run(name: &str, args: &[&str], env: &[(&str, String)]) -> Result<String> {
    let program = program(name)?;
    let env = env.iter().map(|(name, value)| (*name, value.as_str()));
    let output = Command::new(&program).args(args).env_clear().envs(env).output();
    let output = output.with_context(|| format!("run {}", program.display()))?;
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    ensure!(output.status.success(), "{name} {}: {}", args[0], said.trim());
    String::from_utf8(output.stdout).context("what a program prints is text")
}

fn sealing_keys(plan: &Plan) -> PathBuf {
    plan.folder.path().join("sealing-keys")
}

/// The keys that seal what users entrust to Argosy; made once.
pub(super) fn keys(plan: &Plan) -> Result<Part> {
    let folder = sealing_keys(plan);
    Ok(Part::once("keys", move || {
        let folder = folder.clone();
        super::unhurried(move || {
            if folder.exists() {
                return Ok(());
            }
            let folder = folder.display().to_string();
            run("argosy-backend", &["keys", "generate"], &[("ARGOSY_SEALING_KEYS", folder)]).map(drop)
        })
    }))
}

pub(super) fn backend(plan: &Plan) -> Result<Part> {
    let port = plan.ports.of("backend")?;
    let launch = started(plan, "backend", ROLES[0])?
        .env("ARGOSY_LISTEN", format!("127.0.0.1:{port}"))
        .env("ARGOSY_ISSUERS", format!("{}={}", people::NAME, people::ISSUER))
        .env("ARGOSY_ISSUER_KEYS", format!("{}={}", people::NAME, people::keys(plan)?.display()))
        .env("ARGOSY_AUDIENCES", people::AUDIENCE);
    Ok(kept("backend", launch, port).after(&["migrate", "keys"]))
}

pub(super) fn agent(plan: &Plan) -> Result<Part> {
    let (cluster, needed): (String, &[&str]) = match &plan.engines {
        Engines::Own => {
            let hub = clusters::site(plan, "hub")?.kubeconfig();
            (format!("{}={}", OWN, hub.display()), &["migrate", "keys", clusters::HUB.node])
        }
        Engines::Existing(kubeconfig) => {
            (format!("{}={}", EXISTING, kubeconfig.display()), &["migrate", "keys"])
        }
    };
    let launch = started(plan, "agent", ROLES[1])?.env("ARGOSY_ENGINE_CLUSTERS", cluster);
    Ok(kept("agent", launch, plan.ports.of("agent-metrics")?).after(needed))
}

fn started(plan: &Plan, name: &str, (role, secret): (&str, &str)) -> Result<Launch> {
    let metrics = plan.ports.of(&format!("{name}-metrics"))?;
    let program = cache::programs()?.join(format!("argosy-{name}"));
    let mut launch = Launch::new(name, program, plan.folder.part(name))
        .env("ARGOSY_DATABASE_URL", database_url(plan, role, secret)?)
        .env("ARGOSY_METRICS_LISTEN", format!("127.0.0.1:{metrics}"))
        .env("ARGOSY_OPERATOR_TOKEN_FILE", operator_token_file(plan)?)
        .env("ARGOSY_SEALING_KEYS", sealing_keys(plan).display().to_string())
        // When all is killed at once, they wait in vain for a database to say goodbye to; a person does not.
        .env("ARGOSY_SHUTDOWN_DEADLINE", "4s")
        .env("ARGOSY_LOG_FORMAT", "human");
    if plan.engines == Engines::Own {
        // Its own policy; no guard is needed besides (and its Kubernetes client takes no proxy, as it is built).
        launch = launch.env("ARGOSY_EGRESS_PROFILE", "loopback-only");
    }
    Ok(launch)
}

fn kept(name: &'static str, launch: Launch, port: u16) -> Part {
    let ready = format!("http://127.0.0.1:{port}/readyz");
    let probe = move || {
        let ready = ready.clone();
        async move { http::healthy(&http::plain()?, &ready).await }
    };
    Part::keep(name, move || std::future::ready(Ok(launch.clone())), probe).at(port)
}

fn operator_token_file(plan: &Plan) -> Result<String> {
    let file = plan.folder.path().join("operator-token");
    state::write_secretly(&file, plan.secrets.of("operator")?)?;
    Ok(file.display().to_string())
}

fn program(name: &str) -> Result<PathBuf> {
    let path = cache::programs()?.join(name);
    ensure!(path.exists(), "{} is not built: make build", path.display());
    Ok(path)
}
