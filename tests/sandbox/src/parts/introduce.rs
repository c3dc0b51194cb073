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
            let operator = Operator { url, key, client: http::plain()? };
            if own {
                operator.introduce_engines().await?;
            }
            let owner = json!({"owner": people::principal(), "displayName": "The sandbox's tenant"});
            operator.put(&format!("tenants/{TENANT}"), owner).await
        }
    });
    Ok(part.after(&["backend"]))
}

struct Operator {
    url: String,
    key: String,
    client: reqwest::Client,
}

impl Operator {
    async fn introduce_engines(&self) -> Result<()> {
        self.put("engine-clusters/hub", json!({})).await?;
        for names in engine::ENGINES {
            let instance = json!({"engineCluster": "hub", "namespace": names.namespace});
            self.put(&format!("engine-instances/{}", names.namespace), instance).await?;
        }
        Ok(())
    }

    /// Makes it unless it is there.
    async fn put(&self, path: &str, body: Value) -> Result<()> {
        let url = format!("{}/v1/{path}", self.url);
        let request = self.client.put(&url).bearer_auth(&self.key).header("If-None-Match", "*");
        let request = request.header("Content-Type", "application/json").body(body.to_string());
        let answer = request.send().await.with_context(|| format!("PUT {url}"))?;
        let status = answer.status();
        let there = status == reqwest::StatusCode::PRECONDITION_FAILED;
        ensure!(
            status.is_success() || there,
            "PUT {url}: {status}: {}",
            answer.text().await.unwrap_or_default()
        );
        Ok(())
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
