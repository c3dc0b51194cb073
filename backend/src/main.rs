//! `argosy-backend`: the front doors. Parse, build, supervise; what is behind the doors is in the rooms.

use std::process::ExitCode;
use std::sync::Arc;

use anyhow::{Context, Result};
use clap::Parser;
use runtime::metrics::{self, Build, Metrics};
use runtime::probe::{self, Cadence};
use runtime::signals::Signals;
use runtime::telemetry::Filter;
use runtime::{Health, Stage, Supervisor, admin, listen, process};
use store::Store;
use tokio_util::sync::CancellationToken;

use backend::access::Authenticator;
use backend::app::App;
use backend::settings::{Cli, Command, KeysCommand, Settings};
use backend::{access, app, http};

const PROGRAM: &str = "argosy-backend";

fn main() -> ExitCode {
    let Cli { command, settings } = Cli::parse();
    let (database, keys) = (settings.database.clone(), settings.sealing.clone());
    match command.unwrap_or(Command::Serve) {
        Command::Serve => process::run(&settings.logs.clone(), |filter| serve(settings, filter)),
        Command::CheckConfig => process::answer(settings.describe()),
        Command::OpenApi => process::answer(Ok(http::yaml())),
        Command::Keys { command: KeysCommand::Generate { id } } => {
            process::answer(app::keys::generate(&keys, &id))
        }
        Command::Keys { command: KeysCommand::Status } => {
            process::answer_soon(app::keys::status(&database, &keys))
        }
        Command::Keys { command: KeysCommand::Rotate } => {
            process::answer_soon(app::keys::rotate(&database, &keys))
        }
        Command::CreateOperatorKey(wanted) => process::answer_soon(async move {
            let store = database.open(PROGRAM)?;
            let key =
                access::create_operator_key(&store, &wanted.name, (wanted.role, wanted.expires)).await?;
            store.close().await;
            Ok(format!("{}\n", key.expose()))
        }),
    }
}

/// What the parts of a serving process share.
struct House {
    store: Store,
    app: Arc<App>,
    authenticator: Arc<Authenticator>,
    /// Cancelled first of all: who waits is sent elsewhere.
    closing: CancellationToken,
}

async fn serve(settings: Settings, filter: Filter) -> Result<()> {
    let signals = Signals::catch().context("cannot catch signals")?;
    let house = build(&settings)?;
    let Settings { listen, metrics_listen, rest, process, operator, .. } = settings;
    let token = operator.token()?;

    let health = Health::default();
    let build = Build::new(PROGRAM, env!("CARGO_PKG_VERSION"), option_env!("ARGOSY_COMMIT"));
    let mut registry = metrics::registry("argosy", build);
    health.register(&mut registry);
    let seen = http::Seen::register(&mut registry);
    let admin = admin::Admin { metrics: Metrics::seal(registry), health: health.clone(), filter, token };

    let public = listen::bind("the API", listen).await?;
    let private = listen::bind("metrics", metrics_listen).await?;
    tracing::info!(
        version = env!("CARGO_PKG_VERSION"),
        listen = %public.local_addr()?,
        metrics = %private.local_addr()?,
        database = %settings.database.url()?,
        schema = store::SCHEMA_VERSION,
        "argosy-backend serves the REST API, and is ready when the database has the schema it needs"
    );

    let mut supervisor = Supervisor::default();
    let front =
        http::Front::new(house.app.clone(), house.authenticator.clone(), &rest, house.closing.clone());
    let router = http::router(front, &health, &rest.origins()?, seen);
    let (drain, closing) = (process.shutdown_deadline / 2, house.closing.clone());
    supervisor.spawn(Stage::Listen, "API", |stop| listen::serve(public, router, stop, drain));
    supervisor.spawn(Stage::Listen, "closing of streams", async move |stop| {
        stop.cancelled().await;
        closing.cancel();
        Ok(())
    });
    supervisor.spawn(Stage::Tend, "metrics", |stop| listen::serve(private, admin.routes(), stop, drain / 4));
    tend(&mut supervisor, house, &health);
    Ok(supervisor.run(signals, &health, process.shutdown_deadline).await?)
}

fn build(settings: &Settings) -> Result<House> {
    let ring = settings.sealing.ring()?;
    let digest = settings.digest_key(ring.as_ref());
    let store = settings.database.open(PROGRAM)?;
    let store = match ring {
        Some(ring) => store.with_seals(ring),
        None => {
            tracing::warn!("there are no sealing keys: credentials cannot be stored (--sealing-keys-dir)");
            store
        }
    };
    let authenticator = Arc::new(settings.tokens.open(store.clone())?);
    let (egress, unverified) = (settings.egress.policy(), settings.egress.unverified());
    let app = Arc::new(App::new(store.clone(), egress, unverified, digest));
    Ok(House { store, app, authenticator, closing: CancellationToken::new() })
}

/// What goes on behind the doors.
fn tend(supervisor: &mut Supervisor, house: House, health: &Health) {
    let House { store, app, authenticator, closing: _ } = house;
    let (check, asked) = (health.check("database"), store.clone());
    supervisor.spawn(Stage::Tend, "database probe", |stop| {
        probe::repeat(check, Cadence::DATABASE, stop, async move || asked.fits().await)
    });
    supervisor.spawn(Stage::Tend, "issuers", async move |stop| authenticator.tend(stop).await);
    let (ringing, listening, following) = (store.clone(), store.clone(), store.clone());
    supervisor.spawn(Stage::Tend, "doorbell", async move |stop| {
        ringing.doorbell().ring(stop.cancelled_owned()).await;
        Ok(())
    });
    supervisor.spawn(Stage::Tend, "listener", async move |stop| {
        listening.doorbell().listen(stop.cancelled_owned()).await;
        Ok(())
    });
    supervisor.spawn(Stage::Tend, "changes of access", async move |stop| {
        following.follow_access(stop.cancelled_owned()).await;
        Ok(())
    });
    let job = store.platform_access();
    supervisor.spawn(Stage::Work, "jobs", async move |stop| app.tend(job, stop).await);
    supervisor.at_the_end("the database pool", async move { store.close().await });
}
