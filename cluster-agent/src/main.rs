//! `argosy-agent`: the cluster agent. Parse, build, supervise; what it does is in the rooms.

use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result};
use clap::Parser;
use runtime::metrics::{self, Build, Metrics};
use runtime::probe::{self, Cadence};
use runtime::signals::Signals;
use runtime::telemetry::Filter;
use runtime::{Health, Stage, Supervisor, admin, listen, process};
use store::Store;
use tokio::sync::watch;

use cluster_agent::cluster::{Engine, Targets};
use cluster_agent::git::Git;
use cluster_agent::report::{self, Mirroring};
use cluster_agent::settings::{Cli, Command, Settings};
use cluster_agent::wake::{self, Waking};
use cluster_agent::work::{self, Finisher, Hand, Session};

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
    let Settings { metrics_listen, database, seals, clusters, git, work, process, operator, logs: _ } =
        settings;
    let store = seals.onto(database.open(PROGRAM)?)?;
    let token = operator.token()?;
    let engines: Vec<_> = clusters.engines()?.into_iter().map(Arc::new).collect();
    let asking = Arc::new(Git::new(&git, &clusters.policy())?);

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
        agent = work.agent_name,
        "argosy-agent watches over its engine clusters, and is ready when the database has the schema it needs and \
         every engine cluster is known and answers"
    );

    let mut supervisor = Supervisor::default();
    let drain = process.shutdown_deadline / 8;
    supervisor.spawn(Stage::Tend, "metrics", |stop| listen::serve(private, admin.routes(), stop, drain));
    tend_database(&mut supervisor, &health, &store);
    for engine in &engines {
        let name = format!("engine cluster {}", engine.name());
        let (check, asked) = (health.check(&name), engine.clone());
        supervisor.spawn(Stage::Tend, format!("{name} probe"), |stop| {
            probe::repeat(check, Engine::CADENCE, stop, async move || asked.answers().await)
        });
    }
    let hands = hands(&mut supervisor, &store, (engines, Arc::new(clusters.targets())), &work);
    for hand in hands {
        serve_engine_cluster(&mut supervisor, &health, (&store, hand), (asking.clone(), git.git_poll));
    }
    supervisor.at_the_end("the database pool", async move { store.close().await });
    Ok(supervisor.run(signals, &health, process.shutdown_deadline).await?)
}

fn tend_database(supervisor: &mut Supervisor, health: &Health, store: &Store) {
    let (check, asked) = (health.check("database"), store.clone());
    supervisor.spawn(Stage::Tend, "database probe", |stop| {
        probe::repeat(check, Cadence::DATABASE, stop, async move || asked.fits().await)
    });
    let bell = store.doorbell().clone();
    supervisor.spawn(Stage::Tend, "doorbell", |stop| async move {
        bell.ring(stop.cancelled()).await;
        Ok(())
    });
    let bell = store.doorbell().clone();
    supervisor.spawn(Stage::Tend, "doorbell listener", |stop| async move {
        bell.listen(stop.cancelled()).await;
        Ok(())
    });
}

/// What all engine clusters share: one session, one desk where attempts are finished, one recovery.
fn hands(
    supervisor: &mut Supervisor,
    store: &Store,
    (engines, targets): (Vec<Arc<Engine>>, Arc<Targets>),
    work: &work::Args,
) -> Vec<Hand> {
    let access = store.agent_access();
    let session = Session::new(store.clone(), access.clone(), work.agent_name.clone());
    let (finisher, desk) = Finisher::new();
    let hand = |engine: Arc<Engine>| {
        Hand::new(session.clone(), finisher.clone(), work.clone(), (engine, targets.clone()))
    };
    let hands: Vec<Hand> = engines.into_iter().map(hand).collect();
    let known = hands.iter().map(Hand::known).collect();
    let (recovering, args, may) = (store.clone(), work.clone(), access.clone());
    supervisor.spawn(Stage::Claim, "recovery", |stop| work::recover(recovering, may, args, stop));
    let finishing = store.clone();
    supervisor.spawn(Stage::Work, "finisher", |stop| desk.run(finishing, access, stop));
    supervisor.spawn(Stage::Tend, "session", |stop| session.keep(known, stop));
    hands
}

fn serve_engine_cluster(
    supervisor: &mut Supervisor,
    health: &Health,
    (store, hand): (&Store, Hand),
    (git, every): (Arc<Git>, Duration),
) {
    let name = format!("engine cluster {}", hand.name());
    let (check, finding) = (health.check(&format!("{name} is known")), hand.clone());
    supervisor.spawn(Stage::Tend, format!("{name} registration"), |stop| finding.find(check, stop));
    let working = hand.clone();
    supervisor.spawn(Stage::Claim, format!("{name} claims"), |stop| working.work(stop));
    let turn = watch::Sender::new(false);
    let (store, access, engine) = (store.clone(), store.agent_access(), hand.engine());
    let waking = (store.clone(), access.clone(), engine.clone(), turn.subscribe(), hand.clone());
    supervisor.spawn(Stage::Work, format!("{name} mirror"), |stop| async move {
        let Some(cluster) = hand.wait_until_known(&stop).await else { return Ok(()) };
        let session = uuid::Uuid::new_v4();
        report::run(Mirroring { store, access, engine, cluster, session, turn }, stop).await
    });
    let (store, access, engine, turn, hand) = waking;
    supervisor.spawn(Stage::Work, format!("{name} git poll"), |stop| async move {
        let Some(cluster) = hand.wait_until_known(&stop).await else { return Ok(()) };
        wake::run(Waking { store, access, engine, cluster, git, every, turn }, stop).await
    });
}
