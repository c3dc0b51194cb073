//! Named tasks: who ends by himself is named, and the end comes in order.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use runtime::signals::Signals;
use runtime::{Failure, Health, Stage, Supervisor};
use tokio_util::sync::CancellationToken;

const DEADLINE: Duration = Duration::from_secs(20);

async fn until_stopped(stop: CancellationToken) -> anyhow::Result<()> {
    stop.cancelled().await;
    Ok(())
}

async fn run(supervisor: Supervisor, deadline: Duration) -> Result<(), Failure> {
    supervisor.run(Signals::catch().unwrap(), &Health::default(), deadline).await
}

fn died(result: Result<(), Failure>) -> (String, String) {
    match result {
        Err(Failure::Died { task, how }) => (task, how),
        other => panic!("expected a death, got {other:?}"),
    }
}

#[tokio::test]
async fn a_task_that_fails_is_named() {
    let mut supervisor = Supervisor::default();
    supervisor.spawn(Stage::Work, "good", until_stopped);
    supervisor
        .spawn(Stage::Work, "bad", |_| async { Err(anyhow::anyhow!("no luck").context("cannot work")) });
    assert_eq!(died(run(supervisor, DEADLINE).await), ("bad".to_owned(), "cannot work: no luck".to_owned()));
}

#[tokio::test]
async fn a_task_that_returns_is_fatal_even_if_it_says_ok() {
    let mut supervisor = Supervisor::default();
    supervisor.spawn(Stage::Tend, "good", until_stopped);
    supervisor.spawn(Stage::Claim, "early", |_| async { Ok(()) });
    assert_eq!(died(run(supervisor, DEADLINE).await).0, "early");
}

#[tokio::test]
async fn a_task_that_panics_is_named_with_its_last_words() {
    let mut supervisor = Supervisor::default();
    supervisor.spawn(Stage::Listen, "clumsy", |_| async { panic!("dropped {}", "it") });
    assert_eq!(
        died(run(supervisor, DEADLINE).await),
        ("clumsy".to_owned(), "it panicked: dropped it".to_owned())
    );
}

#[tokio::test]
async fn stages_end_in_order_and_closings_come_last() {
    let order = Arc::new(Mutex::new(Vec::new()));
    let note = |name: &'static str| {
        let order = Arc::clone(&order);
        move || order.lock().unwrap().push(name)
    };
    let mut supervisor = Supervisor::default();
    for (stage, name) in
        [(Stage::Tend, "tend"), (Stage::Work, "work"), (Stage::Listen, "listen"), (Stage::Claim, "claim")]
    {
        let note = note(name);
        supervisor.spawn(stage, name, |stop| async move {
            stop.cancelled().await;
            // Whoever would start before its turn would be seen here, ahead of the others.
            tokio::task::yield_now().await;
            note();
            Ok(())
        });
    }
    supervisor.spawn(Stage::Work, "spark", |_| async { anyhow::bail!("end") });
    let close = note("pool");
    supervisor.at_the_end("pool", async move { close() });
    assert_eq!(died(run(supervisor, DEADLINE).await).0, "spark");
    assert_eq!(*order.lock().unwrap(), ["listen", "claim", "work", "tend", "pool"]);
}

#[tokio::test(start_paused = true)]
async fn a_task_that_hangs_is_cut_off_at_the_deadline_and_the_others_still_end() {
    let mut supervisor = Supervisor::default();
    let ended = CancellationToken::new();
    let seen = ended.clone();
    supervisor.spawn(Stage::Listen, "deaf", |_| std::future::pending());
    supervisor.spawn(Stage::Tend, "good", |stop| async move {
        stop.cancelled().await;
        ended.cancel();
        Ok(())
    });
    let begun = tokio::time::Instant::now();
    let spark = CancellationToken::new();
    let lit = spark.clone();
    supervisor.spawn(Stage::Work, "spark", |_| async move {
        lit.cancelled().await;
        anyhow::bail!("end")
    });
    spark.cancel();
    // The first failure is the one that is reported; that "deaf" was cut off shows in the time it took.
    assert_eq!(died(run(supervisor, DEADLINE).await).0, "spark");
    assert!(seen.is_cancelled());
    assert_eq!(begun.elapsed().as_secs(), DEADLINE.as_secs());
}
