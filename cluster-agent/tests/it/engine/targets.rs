//! Environments asked directly: real ones, and servers that mean no good.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use cluster_agent::cluster::{Checked, Targets};
use cluster_agent::reconcile::{Report, connection_check};
use domain::egress::{Policy, Profile};
use domain::intent::environment::{Environment, RawEnvironment};
use domain::intent::{Door, Terms, Unverified};
use serde_json::{Value, json};
use testbed::Cluster;
use testbed::cluster::{Access, Credential};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;

use super::scene::{deployer, environment_body, loopback};

#[tokio::test]
async fn a_check_says_who_we_are_what_we_may_and_which_version_it_is() {
    let target = Cluster::target().await.unwrap();
    let namespace = target.namespace("apps").await.unwrap();
    let access = deployer(&target, &namespace, &["*"]).await;

    let Checked { report, problem } = check(environment_body(&access, &[&namespace])).await;
    assert_eq!(problem, None);
    assert!(report.passed());
    assert_eq!(report.user, Some(format!("system:serviceaccount:{namespace}:deployer")));
    assert!(report.version.unwrap().starts_with("v1."));
    assert_eq!(report.permissions[0].what, format!("get namespace {namespace}"));

    // All of the cluster is more than it may.
    let Checked { report, .. } = check(environment_body(&access, &[])).await;
    assert!(!report.passed() && format!("{report:?}").contains("may not list namespaces"), "{report:?}");
}

#[tokio::test]
async fn a_client_certificate_is_shown() {
    let target = Cluster::target().await.unwrap();
    let access = target.user("ann", &["system:masters"]).unwrap();
    let Checked { report, problem } = check(environment_body(&access, &[])).await;
    assert_eq!((problem, report.user), (None, Some("ann".to_owned())));
}

#[tokio::test]
async fn whom_to_trust_is_what_was_said() {
    let target = Cluster::target().await.unwrap();
    let hub = Cluster::hub().await.unwrap();
    let mut access = target.admin().unwrap();

    let mut unverified = environment_body(&access, &[]);
    unverified["ca"] = Value::Null;
    unverified["skipTlsVerify"] = json!(true);
    assert_eq!(check(unverified).await.problem, None);

    access.ca_pem = hub.admin().unwrap().ca_pem;
    if access.ca_pem != target.admin().unwrap().ca_pem {
        let Checked { problem, .. } = check(environment_body(&access, &[])).await;
        let said = problem.unwrap().to_string();
        assert!(said.contains("an authority that is not known; give the CA"), "{said}");
    }
    let mut public = environment_body(&target.admin().unwrap(), &[]);
    public["ca"] = Value::Null;
    let said = check(public).await.problem.unwrap().to_string();
    assert!(said.contains("an authority that is not known"), "{said}");
}

#[tokio::test]
async fn what_the_operator_does_not_allow_is_not_dialled() {
    let target = Cluster::target().await.unwrap();
    let Environment { spec, secret } = environment(environment_body(&target.admin().unwrap(), &[]));
    let secret = secret.unwrap();
    for profile in [Profile::Public, Profile::ListedOnly] {
        let targets = Targets::new(Policy { profile, ..Policy::default() });
        let denied = targets.target(&spec, &secret).unwrap_err().to_string();
        assert!(denied.contains("127.0.0.1"), "{denied}");
    }
    // A name is judged again by what it leads to.
    let mut named = environment_body(&target.admin().unwrap(), &[]);
    named["server"] = json!("https://localhost:1");
    let Environment { spec, secret } = environment(named);
    let targets = Targets::new(Policy {
        profile: Profile::ListedOnly,
        allow: vec!["localhost".parse().unwrap()],
        ..Policy::default()
    });
    let Checked { problem, .. } = targets.target(&spec, &secret.unwrap()).unwrap().check().await;
    assert!(format!("{problem:?}").contains("Denied"), "{problem:?}");
}

#[tokio::test]
async fn a_server_that_never_ends_its_answer_leads_elsewhere_or_says_nothing_does_no_harm() {
    let endless =
        Stranger::answering("HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n\r\n", true).await;
    let said = endless.checked().await;
    assert!(said.contains("too long for an API server"), "{said}");

    let victim = Stranger::answering("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}", false).await;
    let elsewhere = format!(
        "HTTP/1.1 302 Found\r\nlocation: https://127.0.0.1:{}/\r\ncontent-length: 0\r\n\r\n",
        victim.port
    );
    let leading = Stranger::answering(&elsewhere, false).await;
    let said = leading.checked().await;
    assert!(said.contains("leads elsewhere"), "{said}");
    assert_eq!(victim.asked(), 0, "nobody followed");

    let silent = Stranger::answering("", false).await;
    let said = silent.checked().await;
    assert!(said.contains("takes too long"), "{said}");

    let page = Stranger::answering("HTTP/1.1 200 OK\r\ncontent-length: 6\r\n\r\n<html>", false).await;
    let said = page.checked().await;
    assert!(said.contains("no API server of Kubernetes"), "{said}");
}

#[tokio::test]
async fn a_check_that_fails_is_a_result_and_one_without_an_answer_is_made_again() {
    let scene = super::scene::Scene::set().await;
    let told = connection_check::apply(&scene.targets, &scene.environment_facts(3)).await;
    assert_eq!(told.outcome, super::scene::done(3));
    assert!(matches!(told.report, Some(Report::Check(report)) if report.passed()));

    let stranger = scene.access.clone().with(Credential::Token("nobody".to_owned()));
    let told = connection_check::apply(&scene.targets, &scene.environment_with(3, &stranger)).await;
    assert_eq!(told.outcome, super::scene::done(3));
    assert!(matches!(told.report, Some(Report::Check(report)) if !report.passed()));

    let away = scene.access.clone().through(1);
    let told = connection_check::apply(&scene.targets, &scene.environment_with(3, &away)).await;
    assert!(super::scene::obstacle(&told).contains("did not answer"), "{told:?}");
    assert!(matches!(told.report, Some(Report::Check(report)) if !report.passed()));
}

fn environment(body: Value) -> Environment {
    let egress = loopback();
    let terms = Terms { door: Door::Rest, egress: &egress, unverified: Unverified::Allowed };
    let raw: RawEnvironment = serde_json::from_value(body).unwrap();
    domain::intent::environment::parse(raw, &terms).unwrap()
}

async fn check(body: Value) -> Checked {
    let Environment { spec, secret } = environment(body);
    let targets = Targets::new(loopback());
    let secret = secret.unwrap();
    targets.target(&spec, &secret).unwrap().check().await
}

/// A server that answers everybody the same, over TLS.
struct Stranger {
    port: u16,
    asked: Arc<AtomicUsize>,
    _serving: JoinSet<()>,
}

impl Stranger {
    async fn answering(answer: &str, endless: bool) -> Self {
        let certificate = rcgen::generate_simple_self_signed(vec!["127.0.0.1".to_owned()]).unwrap();
        let key =
            rustls::pki_types::PrivateKeyDer::try_from(certificate.signing_key.serialize_der()).unwrap();
        let ring = Arc::new(rustls::crypto::ring::default_provider());
        let config = rustls::ServerConfig::builder_with_provider(ring)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![certificate.cert.der().clone()], key)
            .unwrap();
        let acceptor = tokio_rustls::TlsAcceptor::from(Arc::new(config));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let asked = Arc::new(AtomicUsize::new(0));
        let (count, answer) = (Arc::clone(&asked), answer.to_owned());
        let mut serving = JoinSet::new();
        serving.spawn(async move {
            let mut connections = JoinSet::new();
            while let Ok((stream, _)) = listener.accept().await {
                let (answer, count) = (answer.clone(), Arc::clone(&count));
                connections.spawn(answered(acceptor.accept(stream), answer, endless, count));
            }
        });
        Self { port, asked, _serving: serving }
    }

    fn asked(&self) -> usize {
        self.asked.load(Ordering::SeqCst)
    }

    /// What is said about it in the end.
    async fn checked(&self) -> String {
        let access = Access {
            server: format!("https://127.0.0.1:{}", self.port),
            ca_pem: String::new(),
            credential: Credential::Token("a-token".to_owned()),
        };
        let mut body = environment_body(&access, &[]);
        body["ca"] = Value::Null;
        body["skipTlsVerify"] = json!(true);
        let Environment { spec, secret } = environment(body);
        let targets = Targets::new(loopback()).answering_within(Duration::from_secs(2));
        let secret = secret.unwrap();
        let Checked { report, problem } = targets.target(&spec, &secret).unwrap().check().await;
        assert!(!report.passed());
        problem.unwrap().to_string()
    }
}

async fn answered(
    shaken: tokio_rustls::Accept<TcpStream>,
    answer: String,
    endless: bool,
    count: Arc<AtomicUsize>,
) {
    let Ok(mut stream) = shaken.await else { return };
    let mut question = [0; 4096];
    while stream.read(&mut question).await.is_ok_and(|read| read > 0) {
        count.fetch_add(1, Ordering::SeqCst);
        let _ = stream.write_all(answer.as_bytes()).await;
        while endless && stream.write_all(&[b' '; 4096]).await.is_ok() {}
    }
}
