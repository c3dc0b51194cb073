//! The operator's port, asked over HTTP.

use std::path::Path;

use axum::body::{Body, to_bytes};
use axum::http::{Request, StatusCode};
use runtime::admin::{Admin, Args};
use runtime::metrics::{self, Build, Metrics};
use runtime::{Health, telemetry};
use tower::ServiceExt;

const TOKEN: &str = "0123456789abcdef";

fn admin(token_file: Option<&Path>) -> (Admin, impl Drop) {
    let (layer, filter) = telemetry::filter("info").unwrap();
    let guard = tracing::subscriber::set_default(tracing_subscriber::layer::SubscriberExt::with(
        tracing_subscriber::registry(),
        layer,
    ));
    let health = Health::default();
    health.started();
    let mut registry = metrics::registry("argosy", Build::new("argosy-test", "1", None));
    health.register(&mut registry);
    let token = Args { operator_token_file: token_file.map(Path::to_owned) }.token().unwrap();
    (Admin { metrics: Metrics::seal(registry), health, filter, token }, guard)
}

async fn ask(
    admin: &Admin,
    method: &str,
    path: &str,
    token: Option<&str>,
    body: &str,
) -> (StatusCode, String) {
    let mut request = Request::builder().method(method).uri(path);
    if let Some(token) = token {
        request = request.header("authorization", format!("Bearer {token}"));
    }
    let request = request.body(Body::from(body.to_owned())).unwrap();
    let response = admin.clone().routes().oneshot(request).await.unwrap();
    let status = response.status();
    let body = to_bytes(response.into_body(), 1 << 20).await.unwrap();
    (status, String::from_utf8(body.to_vec()).unwrap())
}

fn token_file() -> tempfile::NamedTempFile {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), format!("{TOKEN}\n")).unwrap();
    file
}

#[tokio::test]
async fn readiness_lists_what_fails_and_why() {
    let (admin, _guard) = admin(None);
    let check = admin.health.check("database");
    check.fail("connection refused");
    let (status, body) = ask(&admin, "GET", "/readyz", None, "").await;
    assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE);
    let body: serde_json::Value = serde_json::from_str(&body).unwrap();
    let expected = serde_json::json!({
        "ready": false, "failing": [{ "check": "database", "reason": "connection refused" }],
    });
    assert_eq!(body, expected);
    assert_eq!(ask(&admin, "GET", "/livez", None, "").await.0, StatusCode::OK);

    check.pass();
    assert_eq!(ask(&admin, "GET", "/readyz", None, "").await.0, StatusCode::OK);
    let (_, metrics) = ask(&admin, "GET", "/metrics", None, "").await;
    assert!(metrics.contains(r#"argosy_ready{check="database"} 1"#), "{metrics}");
}

#[tokio::test]
async fn without_an_operator_token_the_filter_can_be_read_but_not_changed() {
    let (admin, _guard) = admin(None);
    assert_eq!(ask(&admin, "GET", "/log-filter", None, "").await, (StatusCode::OK, "info\n".to_owned()));
    let (status, why) = ask(&admin, "PUT", "/log-filter", None, "debug").await;
    assert_eq!(status, StatusCode::FORBIDDEN);
    assert!(why.contains("--operator-token-file"), "{why}");
    assert_eq!(admin.filter.current(), "info");
}

#[tokio::test]
async fn the_operator_changes_the_filter_while_the_process_runs() {
    let file = token_file();
    let (admin, _guard) = admin(Some(file.path()));
    for wrong in [None, Some("guess"), Some("0123456789abcdee")] {
        assert_eq!(ask(&admin, "PUT", "/log-filter", wrong, "debug").await.0, StatusCode::UNAUTHORIZED);
        assert_eq!(ask(&admin, "GET", "/log-filter", wrong, "").await.0, StatusCode::UNAUTHORIZED);
    }
    let (status, why) = ask(&admin, "PUT", "/log-filter", Some(TOKEN), "store=loud").await;
    assert_eq!(status, StatusCode::BAD_REQUEST, "{why}");
    assert!(!tracing::enabled!(tracing::Level::DEBUG));
    let changed = ask(&admin, "PUT", "/log-filter", Some(TOKEN), "debug\n").await;
    assert_eq!(changed, (StatusCode::OK, "debug\n".to_owned()));
    assert!(tracing::enabled!(tracing::Level::DEBUG));
}
