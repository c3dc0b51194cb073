//! How it starts, what it serves, and how it ends.

use std::process::Command;
use std::time::{Duration, Instant};

use rustix::process::Signal;
use testbed::Postgres;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::support::{Backend, PASSWORD, SOON, TOKEN, answer, client, get, migrated, program, start};

async fn ready(args: &[&str]) -> (testbed::Database, Backend) {
    let postgres = Postgres::shared().await.unwrap();
    let database = migrated(&postgres).await;
    let mut backend = start(&database.url_as("argosy_backend", PASSWORD), args);
    backend.until(200, "true").await;
    (database, backend)
}

#[tokio::test]
async fn it_says_once_what_it_will_do_and_never_a_password() {
    let (_database, backend) = ready(&[]).await;
    let log = backend.log();
    let lines: Vec<_> =
        log.lines().filter(|line| line.contains("argosy-backend serves the REST API")).collect();
    assert_eq!(lines.len(), 1, "{log}");
    assert!(lines[0].contains(&backend.api.address().to_string()), "{log}");
    assert!(log.lines().all(|line| line.starts_with('{')), "not on a terminal, logs are JSON: {log}");
    assert!(!log.contains(PASSWORD) && !log.contains(TOKEN), "{log}");
}

#[tokio::test]
async fn it_stops_cleanly_when_told_to() {
    let (_database, mut backend) = ready(&[]).await;
    let begun = Instant::now();
    backend.process.signal(Signal::TERM).unwrap();
    assert!(backend.process.wait(SOON));
    assert_eq!(backend.process.exit().and_then(|status| status.code()), Some(0), "{}", backend.log());
    assert!(begun.elapsed() < Duration::from_secs(3), "{:?}", begun.elapsed());
    assert!(backend.log().contains("SIGTERM"));
}

/// A client that neither goes on nor hangs up, in the middle of a request that is being answered.
async fn rude_client(backend: &Backend) -> tokio::net::TcpStream {
    let mut rude = tokio::net::TcpStream::connect(backend.metrics.address()).await.unwrap();
    let request = format!(
        "PUT /log-filter HTTP/1.1\r\nhost: argosy\r\nauthorization: Bearer {TOKEN}\r\n\
         content-length: 100\r\nexpect: 100-continue\r\n\r\n"
    );
    rude.write_all(request.as_bytes()).await.unwrap();
    let mut go_on = [0; 12];
    rude.read_exact(&mut go_on).await.unwrap();
    assert_eq!(&go_on, b"HTTP/1.1 100", "the body is waited for");
    rude
}

#[tokio::test]
async fn a_client_that_does_not_hang_up_is_cut_off_within_the_deadline() {
    let (_database, mut backend) = ready(&["--shutdown-deadline", "4s"]).await;
    let _rude = rude_client(&backend).await;
    let begun = Instant::now();
    backend.process.signal(Signal::TERM).unwrap();
    assert!(backend.process.wait(SOON));
    assert_eq!(backend.process.exit().and_then(|status| status.code()), Some(0), "{}", backend.log());
    assert!(begun.elapsed() < Duration::from_secs(5), "{:?}", begun.elapsed());
    assert!(backend.log().contains("are cut off"), "{}", backend.log());
}

#[tokio::test]
async fn a_second_signal_does_not_wait() {
    let (_database, mut backend) = ready(&["--shutdown-deadline", "10m"]).await;
    let _rude = rude_client(&backend).await;
    backend.process.signal(Signal::TERM).unwrap();
    backend.until_log("SIGTERM").await;
    backend.process.signal(Signal::INT).unwrap();
    assert!(backend.process.wait(SOON));
    assert_eq!(backend.process.exit().and_then(|status| status.code()), Some(130), "{}", backend.log());
}

#[tokio::test]
async fn what_is_not_there_is_a_problem() {
    let (_database, backend) = ready(&[]).await;
    let response = client().get(format!("http://{}/nowhere", backend.api.address())).send().await.unwrap();
    assert_eq!(response.status(), 404);
    assert_eq!(response.headers()["content-type"], "application/problem+json");
    let body: serde_json::Value = serde_json::from_str(&response.text().await.unwrap()).unwrap();
    let expected = serde_json::json!({
        "type": "about:blank", "title": "Not Found", "status": 404, "code": "not_found",
        "detail": "there is nothing at /nowhere",
    });
    assert_eq!(body, expected);
    let (status, body) =
        answer(client().delete(format!("http://{}/livez", backend.api.address()))).await.unwrap();
    assert!(status == 405 && body.contains("method_not_allowed"), "{status} {body}");
}

#[tokio::test]
async fn metrics_and_the_log_filter_are_on_a_port_of_their_own() {
    let (_database, backend) = ready(&[]).await;
    let (status, metrics) = get(&format!("http://{}/metrics", backend.metrics.address())).await.unwrap();
    assert_eq!(status, 200);
    assert!(metrics.contains("argosy_build_info{program=\"argosy-backend\""), "{metrics}");
    assert!(metrics.contains("argosy_ready{check=\"database\"} 1"), "{metrics}");
    for path in ["metrics", "log-filter"] {
        let (status, _) = get(&format!("http://{}/{path}", backend.api.address())).await.unwrap();
        assert_eq!(status, 404, "{path} is not for users");
    }

    let filter = format!("http://{}/log-filter", backend.metrics.address());
    assert_eq!(answer(client().put(&filter).body("debug")).await.unwrap().0, 401);
    assert!(!backend.log().contains(r#""level":"DEBUG""#));
    let told = answer(client().put(&filter).bearer_auth(TOKEN).body("debug")).await.unwrap();
    assert_eq!(told, (200, "debug\n".to_owned()));
    backend.until_log(r#""level":"DEBUG""#).await;
}

#[tokio::test]
async fn settings_can_be_shown_without_secrets() {
    let shown = Command::new(program())
        .args([
            "check-config",
            "--database-url",
            "postgres://me:hunter2@db:5432/argosy",
            "--listen",
            "[::1]:9",
        ])
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&shown.stdout);
    assert!(shown.status.success(), "{}", String::from_utf8_lossy(&shown.stderr));
    assert!(text.contains("listen = [::1]:9\n"), "{text}");
    assert!(text.contains("database-url = postgres://me:***@db:5432/argosy\n"), "{text}");
    assert!(text.contains("shutdown-deadline = 20s\n") && !text.contains("hunter2"), "{text}");
}

#[tokio::test]
async fn wrong_settings_are_refused_without_repeating_secrets() {
    for (args, words) in [
        (&["--database-url", "hunter2"][..], "not a URL"),
        (&[][..], "ARGOSY_DATABASE_URL"),
        (
            &["--database-url", "postgres://me:hunter2@db/a", "--log-filter", "store=loud"][..],
            "is no log filter",
        ),
        (
            &["--database-url", "postgres://me:hunter2@db/a", "--operator-token-file", "/nowhere"][..],
            "/nowhere",
        ),
    ] {
        for command in ["serve", "check-config"] {
            let output = Command::new(program()).arg(command).args(args).output().unwrap();
            let said = String::from_utf8_lossy(&output.stderr);
            assert!(!output.status.success() && said.contains(words), "{command} {args:?}: {said}");
            assert!(!said.contains("hunter2"), "{said}");
        }
    }
}

#[tokio::test]
async fn help_is_complete_and_does_not_show_the_environment() {
    let output = Command::new(program())
        .arg("--help")
        .env("ARGOSY_DATABASE_URL", "postgres://me:hunter2@db/argosy")
        .output()
        .unwrap();
    let help = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success() && !help.contains("hunter2"), "{help}");
    for word in ["ARGOSY_DATABASE_URL", "ARGOSY_LISTEN", "Examples:", "127.0.0.1:8080", "check-config"] {
        assert!(help.contains(word), "{word}: {help}");
    }
}
