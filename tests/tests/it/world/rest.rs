//! Speaking to the REST door as somebody.

use std::time::Duration;

use reqwest::{Method, RequestBuilder, StatusCode};
use serde_json::Value;
use testbed::wait;

use super::SOON;

/// One caller, at one place.
#[derive(Clone)]
pub(crate) struct Rest {
    base: String,
    token: String,
    client: reqwest::Client,
}

/// What was answered.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: reqwest::header::HeaderMap,
    pub(crate) body: Value,
    asked: String,
}

impl Rest {
    pub(crate) fn new(base: String, token: &str) -> Self {
        // Nothing here speaks TLS, but reqwest wants to know how it would.
        let _first = rustls::crypto::ring::default_provider().install_default();
        let client = reqwest::Client::builder().no_proxy().timeout(Duration::from_secs(40)).build().unwrap();
        Self { base, token: token.to_owned(), client }
    }

    /// The same caller; paths are under this one.
    pub(crate) fn within(&self, path: &str) -> Self {
        Self { base: format!("{}{path}", self.base), ..self.clone() }
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.ask(Method::GET, path, None).await
    }

    pub(crate) async fn put(&self, path: &str, body: Value) -> Answer {
        self.ask(Method::PUT, path, Some(body)).await
    }

    pub(crate) async fn patch(&self, path: &str, body: Value) -> Answer {
        self.ask(Method::PATCH, path, Some(body)).await
    }

    pub(crate) async fn post(&self, path: &str, body: Value) -> Answer {
        self.ask(Method::POST, path, Some(body)).await
    }

    /// With no body at all.
    pub(crate) async fn press(&self, path: &str) -> Answer {
        self.ask(Method::POST, path, None).await
    }

    pub(crate) async fn delete(&self, path: &str) -> Answer {
        self.ask(Method::DELETE, path, None).await
    }

    /// A request to be changed before it is sent.
    pub(crate) fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.client.request(method, format!("{}{path}", self.base)).bearer_auth(&self.token)
    }

    async fn ask(&self, method: Method, path: &str, body: Option<Value>) -> Answer {
        let asked = format!("{method} {path}");
        let request = self.request(method.clone(), path);
        let request = match body {
            Some(body) if method == Method::PATCH => {
                request.header("content-type", "application/merge-patch+json").body(body.to_string())
            }
            Some(body) => request.json(&body),
            None => request,
        };
        Answer::read(asked, request).await.unwrap()
    }

    /// Until what is at this path is as wanted.
    pub(crate) async fn until(&self, path: &str, wanted: impl Fn(&Value) -> bool) -> Value {
        wait::until(&format!("{path} to be as wanted"), SOON, async || {
            let answer = self.get(path).await;
            if answer.status == 200 && wanted(&answer.body) {
                Ok(answer.body)
            } else {
                Err(format!("{answer:?}"))
            }
        })
        .await
        .unwrap()
    }

    /// Until what is at this path is answered with this status; the body.
    pub(crate) async fn until_status(&self, path: &str, status: u16) -> Value {
        wait::until(&format!("{path} to be {status}"), SOON, async || {
            let answer = self.get(path).await;
            if answer.status == status { Ok(answer.body) } else { Err(format!("{answer:?}")) }
        })
        .await
        .unwrap()
    }

    /// Until this deployment is so.
    pub(crate) async fn until_deployed(&self, name: &str, sync: &str, health: &str) -> Value {
        let so = |shown: &Value| {
            shown.pointer("/status/sync") == Some(&Value::from(sync))
                && shown.pointer("/status/health") == Some(&Value::from(health))
        };
        self.until(&format!("/deployments/{name}"), so).await
    }

    /// Until this deployment explains itself so.
    pub(crate) async fn until_explained(&self, name: &str, code: &str) -> Value {
        let so = |shown: &Value| shown.pointer("/status/explanation/code") == Some(&Value::from(code));
        self.until(&format!("/deployments/{name}"), so).await
    }
}

impl Answer {
    pub(crate) async fn read(asked: String, request: RequestBuilder) -> Result<Self, reqwest::Error> {
        let response = request.send().await?;
        let (status, headers) = (response.status(), response.headers().clone());
        let text = response.text().await?;
        let body = serde_json::from_str(&text).unwrap_or(Value::String(text));
        Ok(Self { status: status.as_u16(), headers, body, asked })
    }

    /// It must have this status; its body.
    #[track_caller]
    pub(crate) fn ok(self, status: u16) -> Value {
        assert_eq!(self.status, status, "{self:?}");
        self.body
    }

    /// It must have been done; its body.
    #[track_caller]
    pub(crate) fn accepted(self) -> Value {
        let done = StatusCode::from_u16(self.status).is_ok_and(|status| status.is_success());
        assert!(done, "{self:?}");
        self.body
    }

    /// It must have been refused with this status and code; its body.
    #[track_caller]
    pub(crate) fn refused(self, status: u16, code: &str) -> Value {
        assert_eq!((self.status, self.body["code"].as_str()), (status, Some(code)), "{self:?}");
        self.body
    }

    /// Where the operation is that this started.
    #[track_caller]
    pub(crate) fn header(&self, name: &str) -> &str {
        let value = self.headers.get(name).and_then(|value| value.to_str().ok());
        value.unwrap_or_else(|| panic!("no {name} in the answer to {}: {self:?}", self.asked))
    }
}
