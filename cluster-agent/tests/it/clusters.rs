//! Ready when every engine cluster accepts the agent's identity: with a real API server.

use testbed::cluster::Credential;
use testbed::{Cluster, Postgres, Proxy};

use crate::support::{PASSWORD, start, with_hub};

#[tokio::test]
async fn it_is_ready_while_its_engine_cluster_answers_and_accepts_it() {
    let postgres = Postgres::shared().await.unwrap();
    let database = with_hub(&postgres).await;
    let mut agent = start(&database.url_as("argosy_agent", PASSWORD), &["--egress-profile", "loopback-only"]);
    agent.until(503, "hub.kubeconfig cannot be used").await;

    let cluster = Cluster::hub().await.unwrap();
    let access = cluster.admin().unwrap();
    let server = access.server.trim_start_matches("https://").parse().unwrap();
    let proxy = Proxy::to(server).unwrap();
    access.clone().through(proxy.port()).write(&agent.kubeconfig()).unwrap();
    agent.until(200, "true").await;

    proxy.cut();
    agent.until(503, "the API server does not answer").await;
    proxy.heal();
    agent.until(200, "true").await;
    proxy.black_hole();
    agent.until(503, "engine cluster hub").await;
    proxy.heal();
    agent.until(200, "true").await;

    let stranger = access.through(proxy.port()).with(Credential::Token("nobody".to_owned()));
    stranger.write(&agent.kubeconfig()).unwrap();
    // The kubeconfig is only read again when the cluster stops answering.
    proxy.cut();
    agent.until(503, "does not answer").await;
    proxy.heal();
    agent.until(503, "does not accept the identity").await;
}
