//! Smart HTTP by the real `git http-backend`, run as a CGI program for every request.
//!
//! Requests and answers are held in memory: a test's repositories are small. The backend needs no parent-death signal:
//! it ends when its pipes close, and they close with us.

use std::process::Stdio;
use std::sync::Arc;

use anyhow::{Context, Result, ensure};
use axum::body::{Body, Bytes, to_bytes};
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use tokio::io::AsyncWriteExt;

use super::Grounds;
use super::bare::hermetic_git;
use super::repository::is_plain;
use crate::web::{Access, Credential, refusal, repository_in};

const LARGEST_PUSH: usize = 512 * 1024 * 1024;

pub(super) async fn answer(State(grounds): State<Arc<Grounds>>, request: Request) -> Response {
    let name = repository_in(request.uri());
    if !is_plain(name) {
        return refusal(StatusCode::NOT_FOUND, &Access::Public);
    }
    let shown = Credential::shown_in(request.headers());
    let access = grounds.gate.access(name);
    if !may(&grounds, &access, &shown, pushes(request.uri())) {
        return refusal(StatusCode::UNAUTHORIZED, &access);
    }
    let (parts, body) = request.into_parts();
    let Ok(body) = to_bytes(body, LARGEST_PUSH).await else {
        return refusal(StatusCode::PAYLOAD_TOO_LARGE, &access);
    };
    match run(&grounds, &parts.method, &parts.uri, &parts.headers, body).await {
        Ok(response) => response,
        Err(error) => (StatusCode::INTERNAL_SERVER_ERROR, format!("{error:#}\n")).into_response(),
    }
}

/// Everybody reads a public repository; only the owner pushes to it. Who knows a repository's credential may do both.
fn may(grounds: &Grounds, access: &Access, shown: &Credential, pushing: bool) -> bool {
    grounds.is_owner(shown) || (access.admits(shown) && !(pushing && *access == Access::Public))
}

fn pushes(uri: &Uri) -> bool {
    uri.path().ends_with("/git-receive-pack")
        || uri.query().is_some_and(|query| query.contains("git-receive-pack"))
}

async fn run(
    grounds: &Grounds,
    method: &Method,
    uri: &Uri,
    headers: &HeaderMap,
    body: Bytes,
) -> Result<Response> {
    let mut backend = tokio::process::Command::from(hermetic_git());
    backend
        .arg("http-backend")
        .env("GIT_PROJECT_ROOT", grounds.repositories())
        .env("GIT_HTTP_EXPORT_ALL", "1")
        .env("REQUEST_METHOD", method.as_str())
        .env("PATH_INFO", uri.path())
        .env("QUERY_STRING", uri.query().unwrap_or_default())
        .env("CONTENT_LENGTH", body.len().to_string())
        .env("REMOTE_ADDR", "127.0.0.1")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true);
    let passed_on = [
        (header::CONTENT_TYPE, "CONTENT_TYPE"),
        (header::CONTENT_ENCODING, "HTTP_CONTENT_ENCODING"),
        (HeaderName::from_static("git-protocol"), "GIT_PROTOCOL"),
    ];
    for (name, variable) in passed_on {
        if let Some(value) = headers.get(name).and_then(|value| value.to_str().ok()) {
            backend.env(variable, value);
        }
    }
    let mut backend = backend.spawn().context("run git http-backend (Debian package git)")?;
    let mut stdin = backend.stdin.take().context("speak to git http-backend")?;
    let (_, output) = tokio::join!(
        async move {
            // If it does not want it all, its answer says so.
            let _ = stdin.write_all(&body).await;
            drop(stdin);
        },
        backend.wait_with_output()
    );
    let output = output.context("wait for git http-backend")?;
    ensure!(
        !output.stdout.is_empty(),
        "git http-backend said nothing ({}): {}",
        output.status,
        String::from_utf8_lossy(&output.stderr).trim()
    );
    from_cgi(output.stdout)
}

/// A CGI answer: headers, one of which may be `Status`, an empty line, the body.
fn from_cgi(mut output: Vec<u8>) -> Result<Response> {
    let end = output
        .windows(4)
        .position(|window| window == b"\r\n\r\n")
        .context("git http-backend's headers end")?;
    let body = output.split_off(end + 4);
    let head = std::str::from_utf8(&output[..end]).context("git http-backend's headers are text")?;
    let mut response = Response::new(Body::from(body));
    for line in head.split("\r\n") {
        let (name, value) = line.split_once(':').context("a header of git http-backend has a value")?;
        let value = value.trim();
        if name.eq_ignore_ascii_case("status") {
            let code = value.split(' ').next().unwrap_or_default();
            *response.status_mut() = code.parse().context("git http-backend's status")?;
        } else {
            response.headers_mut().append(HeaderName::try_from(name)?, HeaderValue::try_from(value)?);
        }
    }
    Ok(response)
}
