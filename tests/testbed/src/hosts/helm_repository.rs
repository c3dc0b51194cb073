//! A Helm chart repository on loopback: an `index.yaml` and the charts, with basic authentication, a request log and a
//! fault switch. Tests publish charts to it; engines and `helm` pull from it.

use std::sync::{Arc, Mutex, PoisonError};

use anyhow::{Context, Result};
use axum::Router;
use axum::extract::{Request as HttpRequest, State};
use axum::http::{StatusCode, header};
use axum::middleware::from_fn_with_state;
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::Port;
use crate::archive;
use crate::web::{Access, Credential, Endpoint, Fault, Gate, HttpServer, Request, refusal};

/// The whole repository is one thing to the gate.
const WHOLE: &str = "";

#[derive(Debug)]
pub struct HelmRepository {
    server: HttpServer,
    shelf: Arc<Shelf>,
    port: Port,
}

#[derive(Debug, Default)]
struct Shelf {
    gate: Arc<Gate>,
    charts: Mutex<Vec<Chart>>,
}

#[derive(Debug)]
struct Chart {
    file: String,
    metadata: Value,
    archive: Vec<u8>,
}

impl HelmRepository {
    pub fn start() -> Result<Self> {
        let port = Port::free()?;
        let shelf = Arc::new(Shelf::default());
        let router = Router::new()
            .fallback(answer)
            .with_state(Arc::clone(&shelf))
            .layer(from_fn_with_state(Arc::clone(&shelf.gate), Gate::keep));
        let server = HttpServer::start("testbed-helm", vec![Endpoint::plain(port.address())], router)?;
        Ok(Self { server, shelf, port })
    }

    pub fn url(&self) -> String {
        format!("http://{}", self.port.address())
    }

    /// Publish a chart: `Chart.yaml` is written here, the other files (`values.yaml`, `templates/…`) are given. The same
    /// name and version again replaces the chart.
    pub fn publish(&self, name: &str, version: &str, files: &[(&str, &str)]) -> Result<()> {
        let chart = Chart {
            file: format!("{name}-{version}.tgz"),
            metadata: chart_yaml(name, version),
            archive: pack(name, version, files)?,
        };
        let mut charts = self.shelf.charts.lock().unwrap_or_else(PoisonError::into_inner);
        charts.retain(|other| other.file != chart.file);
        charts.push(chart);
        Ok(())
    }

    pub fn set_access(&self, access: Access) {
        self.shelf.gate.set_access(WHOLE, access);
    }

    pub fn set_fault(&self, fault: Fault) {
        self.shelf.gate.set_host_fault(fault);
    }

    /// Refuse connections, and end those there are.
    pub fn down(&self) {
        self.server.down();
    }

    pub fn up(&self) -> Result<()> {
        self.server.up()
    }

    pub fn requests(&self) -> Vec<Request> {
        self.shelf.gate.requests()
    }
}

/// A chart as `helm package` makes it.
pub(crate) fn pack(name: &str, version: &str, files: &[(&str, &str)]) -> Result<Vec<u8>> {
    let chart = serde_yaml_ng::to_string(&chart_yaml(name, version)).context("write Chart.yaml")?;
    let mut all = vec![("Chart.yaml", chart.as_str())];
    all.extend_from_slice(files);
    archive::tgz(name, &all)
}

pub(crate) fn chart_yaml(name: &str, version: &str) -> Value {
    json!({ "apiVersion": "v2", "name": name, "version": version, "type": "application" })
}

async fn answer(State(shelf): State<Arc<Shelf>>, request: HttpRequest) -> Response {
    let access = shelf.gate.access(WHOLE);
    if !access.admits(&Credential::shown_in(request.headers())) {
        return refusal(StatusCode::UNAUTHORIZED, &access);
    }
    let file = request.uri().path().trim_start_matches('/');
    let charts = shelf.charts.lock().unwrap_or_else(PoisonError::into_inner);
    if file == "index.yaml" {
        return match serde_yaml_ng::to_string(&index(&charts)) {
            Ok(text) => ([(header::CONTENT_TYPE, "application/yaml")], text).into_response(),
            Err(error) => (StatusCode::INTERNAL_SERVER_ERROR, error.to_string()).into_response(),
        };
    }
    match charts.iter().find(|chart| chart.file == file) {
        Some(chart) => ([(header::CONTENT_TYPE, "application/gzip")], chart.archive.clone()).into_response(),
        None => refusal(StatusCode::NOT_FOUND, &access),
    }
}

fn index(charts: &[Chart]) -> Value {
    let mut entries = json!({});
    for chart in charts {
        let mut entry = chart.metadata.clone();
        entry["urls"] = json!([chart.file]);
        entry["digest"] = json!(hex::encode(Sha256::digest(&chart.archive)));
        entry["created"] = json!("2023-11-14T22:13:20Z");
        let name = entry["name"].as_str().unwrap_or_default().to_owned();
        match entries[&name].as_array_mut() {
            Some(versions) => versions.push(entry),
            None => entries[&name] = json!([entry]),
        }
    }
    json!({ "apiVersion": "v1", "entries": entries, "generated": "2023-11-14T22:13:20Z" })
}
