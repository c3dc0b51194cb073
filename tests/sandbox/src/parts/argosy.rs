//! Argosy itself: its database, its two programs. They are started as any operator would, by settings.

use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context, Result, ensure};
use testbed::{Launch, cache, http};

use super::{Plan, clusters, git, postgres};
use crate::state::{self, Engines};
use crate::supervisor::Part;

const DATABASE: &str = "argosy";

/// The roles that Argosy's programs log in as, and the secrets they have here.
const ROLES: [(&str, &str); 2] = [("argosy_backend", "backend"), ("argosy_agent", "agent")];

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
    let program = program("argosy-migrate")?;
    let output = Command::new(&program)
        .args(args)
        .env_clear()
        .env("ARGOSY_OWNER_DATABASE_URL", owner)
        .output()
        .with_context(|| format!("run {}", program.display()))?;
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    ensure!(output.status.success(), "argosy-migrate {}: {}", args[0], said.trim());
    Ok(())
}

pub(super) fn backend(plan: &Plan) -> Result<Part> {
    let port = plan.ports.of("backend")?;
    let launch = started(plan, "backend", ROLES[0])?.env("ARGOSY_LISTEN", format!("127.0.0.1:{port}"));
    Ok(kept("backend", launch, port).after(&["migrate"]))
}

pub(super) fn agent(plan: &Plan) -> Result<Part> {
    let (cluster, needed): (String, &[&str]) = match &plan.engines {
        Engines::Own => {
            let hub = clusters::site(plan, "hub")?.kubeconfig();
            (format!("hub={}", hub.display()), &["migrate", clusters::HUB.node])
        }
        Engines::Existing(kubeconfig) => (format!("existing={}", kubeconfig.display()), &["migrate"]),
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

/// What a shell needs to know about this sandbox.
pub(super) fn env(plan: &Plan) -> Result<Vec<(&'static str, String)>> {
    let local = |name: &str| -> Result<String> { Ok(format!("http://127.0.0.1:{}", plan.ports.of(name)?)) };
    let mut env = vec![
        ("ARGOSY_URL", local("backend")?),
        ("ARGOSY_OPERATOR_TOKEN", plan.secrets.of("operator")?.to_owned()),
        ("ARGOSY_DATABASE_URL", database_url(plan, ROLES[0].0, ROLES[0].1)?),
        (
            "ARGOSY_METRICS_URLS",
            format!("{}/metrics,{}/metrics", local("backend-metrics")?, local("agent-metrics")?),
        ),
    ];
    match &plan.engines {
        Engines::Own => {
            let kubeconfig = |name| -> Result<String> {
                Ok(clusters::site(plan, name)?.kubeconfig().display().to_string())
            };
            let git = git::addresses(plan)?;
            env.extend([
                ("ARGOSY_HUB_KUBECONFIG", kubeconfig("hub")?),
                ("ARGOSY_TARGET_KUBECONFIG", kubeconfig("target")?),
                ("ARGOSY_GIT_URL", git.read),
                ("ARGOSY_GIT_PUSH_URL", git.push),
            ]);
        }
        Engines::Existing(kubeconfig) => {
            env.push(("ARGOSY_HUB_KUBECONFIG", kubeconfig.display().to_string()));
        }
    }
    Ok(env)
}
