//! `argosy-backend`: the front doors. Parse, build, supervise; what is behind the doors is in the rooms.

mod http;
mod settings;

use std::process::ExitCode;

use anyhow::{Context, Result};
use clap::Parser;
use runtime::metrics::{self, Build, Metrics};
use runtime::probe::{self, Cadence};
use runtime::signals::Signals;
use runtime::telemetry::Filter;
use runtime::{Health, Stage, Supervisor, admin, listen, process};

use settings::{Cli, Command, Settings};

const PROGRAM: &str = "argosy-backend";

fn main() -> ExitCode {
    let Cli { command, settings } = Cli::parse();
    match command.unwrap_or(Command::Serve) {
        Command::Serve => process::run(&settings.logs.clone(), |filter| serve(settings, filter)),
        Command::CheckConfig => process::answer(settings.describe()),
    }
}

async fn serve(settings: Settings, filter: Filter) -> Result<()> {
    let signals = Signals::catch().context("cannot catch signals")?;
    let Settings { listen, metrics_listen, database, process, operator, logs: _ } = settings;
    let store = database.open(PROGRAM)?;
    let token = operator.token()?;

    let health = Health::default();
    let build = Build::new(PROGRAM, env!("CARGO_PKG_VERSION"), option_env!("ARGOSY_COMMIT"));
    let mut registry = metrics::registry("argosy", build);
    health.register(&mut registry);
    let admin = admin::Admin { metrics: Metrics::seal(registry), health: health.clone(), filter, token };

    let public = listen::bind("the API", listen).await?;
    let private = listen::bind("metrics", metrics_listen).await?;
    tracing::info!(
        version = env!("CARGO_PKG_VERSION"),
        listen = %public.local_addr()?,
        metrics = %private.local_addr()?,
        database = %database.url()?,
        schema = store::SCHEMA_VERSION,
        "argosy-backend serves the REST API, and is ready when the database has the schema it needs"
    );

    let mut supervisor = Supervisor::default();
    let (router, drain) = (http::router(&health), process.shutdown_deadline / 2);
    supervisor.spawn(Stage::Listen, "API", |stop| listen::serve(public, router, stop, drain));
    supervisor.spawn(Stage::Tend, "metrics", |stop| listen::serve(private, admin.routes(), stop, drain / 4));
    let (check, asked) = (health.check("database"), store.clone());
    supervisor.spawn(Stage::Tend, "database probe", |stop| {
        probe::repeat(check, Cadence::DATABASE, stop, async move || asked.fits().await)
    });
    supervisor.at_the_end("the database pool", async move { store.close().await });
    Ok(supervisor.run(signals, &health, process.shutdown_deadline).await?)
}
