//! A served backend with a tenant, the people of it, and how to ask it.

use std::process::Command;

use migrations::{Passwords, roles, up};
use reqwest::header::HeaderMap;
use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};
use testbed::{Database, Folder, Issuer, Postgres, Proxy};

use crate::support::{Backend, PASSWORD, client, program, start};

pub(crate) const AUDIENCE: &str = "argosy";
pub(crate) const TENANT: &str = "/v1/tenants/acme";

/// A served backend. Tenant `acme` belongs to ann, who let dan deploy and vic look; `globex` belongs to gus. Each has an
/// environment `prod`, and no engine is available.
pub(crate) struct Served {
    pub(crate) backend: Backend,
    /// What lies between it and the database.
    pub(crate) proxy: Proxy,
    pub(crate) issuer: Issuer,
    /// A key of an operator.
    pub(crate) operator: String,
    client: reqwest::Client,
    _database: Database,
    _keys: Folder,
    _postgres: Postgres,
}

/// What was answered.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) text: String,
    /// What the text says, if it is JSON.
    pub(crate) body: Value,
}

impl Served {
    pub(crate) async fn begin() -> Self {
        Self::begin_with(&[]).await
    }

    /// The same with other settings.
    pub(crate) async fn begin_with(more: &[&str]) -> Self {
        let served = Self::empty(more).await;
        for (name, owner) in [("acme", "corp:ann"), ("globex", "corp:gus")] {
            let body = json!({"name": name, "owner": owner});
            served.ask(Method::POST, "/v1/tenants", &served.operator).json(body).await.is(201);
            let (prod, owner) = (format!("/v1/tenants/{name}/environments/prod"), served.token(&owner[5..]));
            served.ask(Method::PUT, &prod, &owner).json(environment("t")).await.is(201);
        }
        for (name, role) in [("dan", "deployer"), ("vic", "viewer")] {
            let path = format!("{TENANT}/members/corp:{name}");
            served.as_ann(Method::PUT, &path).json(json!({"role": role})).await.is(201);
        }
        served
    }

    /// The same without tenants.
    pub(crate) async fn empty(more: &[&str]) -> Self {
        let postgres = Postgres::shared().await.unwrap();
        let database = postgres
            .database_from("backend-http", async |url: String| {
                roles(&url, &Passwords::all(PASSWORD)).await?;
                up(&url).await.map(drop)
            })
            .await
            .unwrap();
        let (issuer, keys) = (Issuer::start().unwrap(), Folder::in_target("backend-keys").unwrap());
        let proxy = Proxy::to(postgres.address()).unwrap();
        let url = database.url_through(proxy.port(), "argosy_backend", PASSWORD);
        let (folder, people) = (keys.join("keys").display().to_string(), format!("corp={}", issuer.url()));
        run(&["keys", "generate", "--sealing-keys-dir", &folder]);
        let operator = run(&["create-operator-key", "--database-url", &url]).trim().to_owned();
        let mut args = vec!["--issuers", &people, "--sealing-keys-dir", &folder];
        args.extend(["--egress-profile", "loopback-only", "--audiences", AUDIENCE]);
        args.extend(more);
        let mut backend = start(&url, &args);
        backend.until(200, "true").await;
        Self {
            backend,
            proxy,
            issuer,
            operator,
            client: client(),
            _database: database,
            _keys: keys,
            _postgres: postgres,
        }
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.backend.api.address())
    }

    /// A person's token.
    pub(crate) fn token(&self, name: &str) -> String {
        self.issuer.token_for(name, AUDIENCE).sign().unwrap()
    }

    pub(crate) fn ask(&self, method: Method, path: &str, token: &str) -> Ask {
        Ask(self.client.request(method, self.url(path)).bearer_auth(token))
    }

    /// As nobody.
    pub(crate) fn unsigned(&self, method: Method, path: &str) -> Ask {
        Ask(self.client.request(method, self.url(path)))
    }

    /// As the owner of acme.
    pub(crate) fn as_ann(&self, method: Method, path: &str) -> Ask {
        self.ask(method, path, &self.token("ann"))
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.as_ann(Method::GET, path).await_it().await
    }

    pub(crate) async fn put(&self, path: &str, body: Value) -> Answer {
        self.as_ann(Method::PUT, path).json(body).await
    }

    pub(crate) async fn delete(&self, path: &str) -> Answer {
        self.as_ann(Method::DELETE, path).await_it().await
    }

    pub(crate) async fn patch(&self, path: &str, body: Value) -> Answer {
        self.as_ann(Method::PATCH, path).patch(body).await
    }
}

/// A request that is being written.
pub(crate) struct Ask(RequestBuilder);

impl Ask {
    pub(crate) fn header(self, name: &str, value: &str) -> Self {
        Self(self.0.header(name, value))
    }

    pub(crate) async fn json(self, body: Value) -> Answer {
        self.raw("application/json", body.to_string()).await
    }

    pub(crate) async fn patch(self, body: Value) -> Answer {
        self.raw("application/merge-patch+json", body.to_string()).await
    }

    pub(crate) async fn raw(self, media: &str, body: impl Into<reqwest::Body>) -> Answer {
        Self(self.0.header("content-type", media).body(body)).await_it().await
    }

    pub(crate) async fn await_it(self) -> Answer {
        let response = self.0.send().await.unwrap();
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let text = response.text().await.unwrap();
        let body = serde_json::from_str(&text).unwrap_or(Value::Null);
        Answer { status, headers, text, body }
    }

    /// The answer as it comes in.
    pub(crate) async fn stream(self) -> reqwest::Response {
        self.0.send().await.unwrap()
    }
}

impl Answer {
    #[track_caller]
    pub(crate) fn is(self, status: u16) -> Self {
        assert_eq!(self.status, status, "{self:?}");
        self
    }

    /// It is a problem with this status and code.
    #[track_caller]
    pub(crate) fn problem(self, status: u16, code: &str) -> Self {
        assert_eq!((self.status, self.body["code"].as_str()), (status, Some(code)), "{self:?}");
        assert_eq!(self.header("content-type"), "application/problem+json", "{self:?}");
        assert_eq!(self.body["status"], status, "{self:?}");
        assert!(self.body["detail"].as_str().is_some_and(|detail| !detail.is_empty()), "{self:?}");
        self
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    /// Where the errors are, and what kind each is.
    pub(crate) fn errors(&self) -> Vec<(String, String)> {
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let place = |error: &Value| {
            let place = if error["pointer"].is_null() { &error["parameter"] } else { &error["pointer"] };
            (text(place), text(&error["code"]))
        };
        self.body["errors"].as_array().into_iter().flatten().map(place).collect()
    }
}

/// A body of a deployment.
pub(crate) fn deployment(path: &str) -> Value {
    json!({
        "source": {"repository": "https://127.0.0.1:8443/acme/shop.git", "path": path, "revision": "main"},
        "destination": {"environment": "prod", "namespace": "shop"},
        "policy": {"mode": "automated"},
    })
}

pub(crate) fn environment(token: &str) -> Value {
    json!({"server": "https://127.0.0.1:6443", "token": token, "namespaces": ["shop"]})
}

fn run(args: &[&str]) -> String {
    let output = Command::new(program()).args(args).env_clear().output().unwrap();
    assert!(output.status.success(), "{args:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

impl Served {
    pub(crate) async fn put_deployment(&self, name: &str) -> Answer {
        self.put(&format!("{TENANT}/deployments/{name}"), deployment("a")).await
    }
}
