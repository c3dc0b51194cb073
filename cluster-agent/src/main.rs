//! `argosy-agent`: the cluster agent. Parse, build, supervise; what it does is in the rooms.

mod cluster;
mod settings;

use std::process::ExitCode;

use anyhow::{Context, Result};
use clap::Parser;
use runtime::metrics::{self, Build, Metrics};
use runtime::probe::{self, Cadence};
use runtime::signals::Signals;
use runtime::telemetry::Filter;
use runtime::{Health, Stage, Supervisor, admin, listen, process};

use cluster::Api;
use settings::{Cli, Command, Settings};

const PROGRAM: &str = "argosy-agent";

fn main() -> ExitCode {
    let Cli { command, settings } = Cli::parse();
    match command.unwrap_or(Command::Serve) {
        Command::Serve => process::run(&settings.logs.clone(), |filter| serve(settings, filter)),
        Command::CheckConfig => process::answer(settings.describe()),
    }
}

async fn serve(settings: Settings, filter: Filter) -> Result<()> {
    let signals = Signals::catch().context("cannot catch signals")?;
    let Settings { metrics_listen, database, clusters, process, operator, logs: _ } = settings;
    let store = database.open(PROGRAM)?;
    let token = operator.token()?;
    let apis = clusters.apis()?;

    let health = Health::default();
    let build = Build::new(PROGRAM, env!("CARGO_PKG_VERSION"), option_env!("ARGOSY_COMMIT"));
    let mut registry = metrics::registry("argosy", build);
    health.register(&mut registry);
    let admin = admin::Admin { metrics: Metrics::seal(registry), health: health.clone(), filter, token };

    let private = listen::bind("metrics", metrics_listen).await?;
    tracing::info!(
        version = env!("CARGO_PKG_VERSION"),
        metrics = %private.local_addr()?,
        database = %database.url()?,
        schema = store::SCHEMA_VERSION,
        engine_clusters = %clusters,
        "argosy-agent watches over its engine clusters, and is ready when the database has the schema it needs and \
         every engine cluster answers"
    );

    let mut supervisor = Supervisor::default();
    let drain = process.shutdown_deadline / 8;
    supervisor.spawn(Stage::Tend, "metrics", |stop| listen::serve(private, admin.routes(), stop, drain));
    let (check, asked) = (health.check("database"), store.clone());
    supervisor.spawn(Stage::Tend, "database probe", |stop| {
        probe::repeat(check, Cadence::DATABASE, stop, async move || asked.fits().await)
    });
    for api in apis {
        let name = format!("engine cluster {}", api.name());
        let check = health.check(&name);
        supervisor.spawn(Stage::Tend, format!("{name} probe"), |stop| {
            probe::repeat(check, Api::CADENCE, stop, async move || api.answers().await)
        });
    }
    supervisor.at_the_end("the database pool", async move { store.close().await });
    Ok(supervisor.run(signals, &health, process.shutdown_deadline).await?)
}
