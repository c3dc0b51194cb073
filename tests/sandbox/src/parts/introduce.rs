//! What an operator does once: make a key, introduce the engines to Argosy, make the first tenant. Over REST, as anybody.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};
use testbed::http;

use super::{Plan, argosy, engine, people};
use crate::state::{self, Engines};
use crate::supervisor::Part;

/// The tenant that is there from the start.
pub(super) const TENANT: &str = "demo";

/// Where the operator's key is kept: it is made on the database and shown once.
pub(super) fn key_file(plan: &Plan) -> PathBuf {
    plan.folder.path().join("operator-key")
}

/// Nothing that is there already is changed.
pub(super) fn part(plan: &Plan) -> Result<Part> {
    let url = format!("http://127.0.0.1:{}", plan.ports.of("backend")?);
    let database = argosy::database_url(plan, "argosy_backend", "backend")?;
    let (file, own) = (key_file(plan), plan.engines == Engines::Own);
    let part = Part::once("introduce", move || {
        let (url, database, file) = (url.clone(), database.clone(), file.clone());
        async move {
            let key = super::unhurried(move || operator_key(&file, &database)).await?;
            let operator = Operator { base: url, key, client: http::plain()? };
            if own {
                operator.introduce_engines().await?;
            } else {
                // Its instances, only the person knows whose it is.
                operator.have("engine-clusters", argosy::EXISTING, json!({"name": argosy::EXISTING})).await?;
            }
            let tenant =
                json!({"name": TENANT, "owner": people::principal(), "displayName": "The sandbox's tenant"});
            operator.have("tenants", TENANT, tenant).await.map(drop)
        }
    });
    Ok(part.after(&["backend"]))
}

struct Operator {
    base: String,
    key: String,
    client: reqwest::Client,
}

impl Operator {
    async fn introduce_engines(&self) -> Result<()> {
        let cluster = self.have("engine-clusters", argosy::OWN, json!({"name": argosy::OWN})).await?;
        for names in engine::ENGINES {
            let name = names.namespace;
            let instance = json!({
                "engineCluster": cluster, "name": name, "namespace": name, "repoServer": name, "capacity": 500,
            });
            self.have("engine-instances", name, instance).await?;
        }
        Ok(())
    }

    /// The id of the thing with this name; it is made if it is not there.
    async fn have(&self, all: &str, name: &str, body: Value) -> Result<Value> {
        let listed = self.ask(self.client.get(self.list(all, name))).await?;
        let there = listed["items"].as_array().and_then(|all| all.iter().find(|one| one["name"] == name));
        if let Some(there) = there {
            return Ok(there["id"].clone());
        }
        let request = self.client.post(self.url(all)).header("Content-Type", "application/json");
        Ok(self.ask(request.body(body.to_string())).await?["id"].clone())
    }

    async fn ask(&self, request: reqwest::RequestBuilder) -> Result<Value> {
        let answer = request.bearer_auth(&self.key).send().await.context("ask Argosy")?;
        let (status, url) = (answer.status(), answer.url().clone());
        let text = answer.text().await.context("read Argosy's answer")?;
        ensure!(status.is_success(), "{url}: {status}: {text}");
        serde_json::from_str(&text).with_context(|| format!("{url} answers with JSON"))
    }

    /// What may have this name. Of tenants there may be more than a page holds, and the operator is a member of none.
    fn list(&self, all: &str, name: &str) -> String {
        let asked =
            if all == "tenants" { format!("?all=true&limit=200&prefix={name}") } else { String::new() };
        format!("{}{asked}", self.url(all))
    }

    fn url(&self, all: &str) -> String {
        format!("{}/v1/{all}", self.base)
    }
}

fn operator_key(file: &Path, database: &str) -> Result<String> {
    if let Some(kept) = state::read_if_there(file)? {
        return Ok(kept.trim().to_owned());
    }
    let made = argosy::run(
        "argosy-backend",
        &["create-operator-key", "--name", "sandbox"],
        &[("ARGOSY_DATABASE_URL", database.to_owned())],
    )?;
    state::write_secretly(file, made.trim())?;
    Ok(made.trim().to_owned())
}
