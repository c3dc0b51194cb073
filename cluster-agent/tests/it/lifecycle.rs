//! How it starts and ends, without any cluster.

use std::process::Command;

use rustix::process::Signal;
use testbed::Postgres;

use crate::support::{PASSWORD, SOON, migrated, program, start};

#[tokio::test]
async fn it_says_once_what_it_will_do_and_stops_cleanly() {
    let postgres = Postgres::shared().await.unwrap();
    let database = migrated(&postgres).await;
    let mut agent = start(&database.url_as("argosy_agent", PASSWORD), &["--shutdown-deadline", "4s"]);
    agent.until(503, "engine cluster hub").await;

    let log = agent.log();
    let lines: Vec<_> =
        log.lines().filter(|line| line.contains("watches over its engine clusters")).collect();
    assert_eq!(lines.len(), 1, "{log}");
    assert!(lines[0].contains("hub=") && !log.contains(PASSWORD), "{log}");
    let (_, metrics) = agent.get("/metrics").await.unwrap();
    assert!(metrics.contains("argosy_build_info{program=\"argosy-agent\""), "{metrics}");

    agent.process.signal(Signal::TERM).unwrap();
    assert!(agent.process.wait(SOON));
    assert_eq!(agent.process.exit().and_then(|status| status.code()), Some(0), "{}", agent.log());
}

#[tokio::test]
async fn without_engine_clusters_it_is_ready_when_the_schema_is_its_own() {
    let postgres = Postgres::shared().await.unwrap();
    let database = migrated(&postgres).await;
    let mut agent = start(&database.url_as("argosy_agent", PASSWORD), &["--engine-clusters="]);
    let (status, said) = {
        let _ended = agent.process.wait(SOON);
        (agent.process.exit().and_then(|status| status.code()), agent.log())
    };
    assert!(status != Some(0) && said.contains("NAME=KUBECONFIG"), "an empty name is a mistake: {said}");

    let older = format!("delete from refinery_schema_history where version = {}", store::SCHEMA_VERSION);
    database.query(&older).await.unwrap();
    let mut agent = start(&database.url_as("argosy_agent", PASSWORD), &[]);
    agent.until(503, "run `argosy-migrate` of this release").await;
}

#[tokio::test]
async fn a_cluster_that_is_not_on_this_machine_is_not_dialled_in_the_sandbox() {
    let postgres = Postgres::shared().await.unwrap();
    let database = migrated(&postgres).await;
    let args = ["--egress-profile", "loopback-only"];
    let mut agent = start(&database.url_as("argosy_agent", PASSWORD), &args);
    agent.until(503, "hub.kubeconfig cannot be used").await;
    let kubeconfig = serde_json::json!({
        "apiVersion": "v1", "kind": "Config", "current-context": "c",
        "clusters": [{ "name": "c", "cluster": { "server": "https://cluster.example.com:6443" } }],
        "users": [{ "name": "u", "user": { "token": "t" } }],
        "contexts": [{ "name": "c", "context": { "cluster": "c", "user": "u" } }],
    });
    std::fs::write(agent.kubeconfig(), kubeconfig.to_string()).unwrap();
    agent.until(503, "not dialled: cluster.example.com is not this machine").await;
}

#[tokio::test]
async fn settings_can_be_shown_without_secrets() {
    let shown = Command::new(program())
        .args(["--database-url", "postgres://me:hunter2@db/argosy", "--engine-clusters", "a=/a,b=/b"])
        .args(["--egress-deny", "10.0.0.1/8,*.corp", "check-config"])
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&shown.stdout);
    assert!(shown.status.success(), "{}", String::from_utf8_lossy(&shown.stderr));
    for line in
        ["engine-clusters = a=/a,b=/b\n", "egress-deny = 10.0.0.0/8,*.corp\n", "egress-profile = public\n"]
    {
        assert!(text.contains(line), "{line}: {text}");
    }
    assert!(!text.contains("hunter2"), "{text}");

    let twice = Command::new(program())
        .args(["--database-url", "postgres://me@db/argosy", "--engine-clusters", "a=/a,a=/b", "check-config"])
        .output()
        .unwrap();
    assert!(String::from_utf8_lossy(&twice.stderr).contains("two engine clusters have the same name"));
}
