//! An OCI registry: Debian's `docker-registry` as a process, with a folder of its own and, if asked, a password.
//!
//! Tests push Helm charts and plain manifests to it over its HTTP API, without further tools; engines pull from it.

use std::time::Duration;

use anyhow::{Context, Result, ensure};
use reqwest::{Client, RequestBuilder, header};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::Port;
use crate::cache::Folder;
use crate::process::{Launch, Process};
use crate::{archive, helm_repository, http, wait};

const PROGRAM: &str = "/usr/bin/docker-registry";
const MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";
const LAYER: &str = "application/vnd.oci.image.layer.v1.tar+gzip";
const CHART: &str = "application/vnd.cncf.helm.chart.content.v1.tar+gzip";
const CHART_CONFIG: &str = "application/vnd.cncf.helm.config.v1+json";

#[derive(Debug)]
pub struct OciRegistry {
    process: Process,
    client: Client,
    password: Option<(String, String)>,
    port: Port,
    _folder: Folder,
}

impl OciRegistry {
    /// Open to everybody.
    pub async fn start() -> Result<Self> {
        Self::start_for(None).await
    }

    /// Only for this user, who reads and pushes.
    pub async fn start_with_password(username: &str, password: &str) -> Result<Self> {
        Self::start_for(Some((username.to_owned(), password.to_owned()))).await
    }

    async fn start_for(password: Option<(String, String)>) -> Result<Self> {
        ensure!(
            std::path::Path::new(PROGRAM).exists(),
            "{PROGRAM} is missing: install the Debian package docker-registry"
        );
        let folder = Folder::in_target("oci-registry")?;
        let port = Port::free()?;
        let mut config = json!({
            "version": 0.1,
            "log": { "level": "warn", "accesslog": { "disabled": true } },
            "storage": { "filesystem": { "rootdirectory": folder.join("data") }, "delete": { "enabled": true } },
            "http": { "addr": port.address().to_string() },
        });
        if let Some((username, password)) = &password {
            let file = folder.join("htpasswd");
            // The cheapest cost there is: the registry checks it for every request.
            let hash = bcrypt::hash(password, 4).context("hash a password")?;
            std::fs::write(&file, format!("{username}:{hash}\n")).context("write htpasswd")?;
            config["auth"] = json!({ "htpasswd": { "realm": "testbed", "path": file } });
        }
        let file = folder.join("config.yml");
        let text = serde_yaml_ng::to_string(&config).context("write the registry's config")?;
        std::fs::write(&file, text).context("write the registry's config")?;
        let launch = Launch::new("docker-registry", PROGRAM, folder.path())
            .args(["serve".to_owned(), file.display().to_string()])
            .env("OTEL_TRACES_EXPORTER", "none");
        let process = launch.start()?;
        let mut registry = Self { process, client: http::plain()?, password, port, _folder: folder };
        registry.wait_until_ready().await?;
        Ok(registry)
    }

    async fn wait_until_ready(&mut self) -> Result<()> {
        let url = format!("{}/v2/", self.url());
        let ready = wait::until("docker-registry answers", Duration::from_secs(20), || {
            let still_runs = self.process.must_run();
            let asked = self.allowed(self.client.get(&url)).send();
            async move {
                if let Err(error) = still_runs {
                    // It will not come back: no reason to wait on.
                    return Ok(Err(error));
                }
                let status = asked.await.map_err(|error| error.to_string())?.status();
                if status.is_success() { Ok(Ok(())) } else { Err(status.to_string()) }
            }
        });
        ready.await?
    }

    /// `127.0.0.1:PORT`, as it stands in an image's name.
    pub fn host(&self) -> String {
        self.port.address().to_string()
    }

    pub fn url(&self) -> String {
        format!("http://{}", self.port.address())
    }

    /// Push a chart as `helm push` would, to `repository/<name>:<version>`. Returns the manifest's digest.
    pub async fn push_chart(
        &self,
        repository: &str,
        name: &str,
        version: &str,
        files: &[(&str, &str)],
    ) -> Result<String> {
        let config = helm_repository::chart_yaml(name, version).to_string();
        let chart = helm_repository::pack(name, version, files)?;
        let repository = format!("{repository}/{name}");
        self.push(&repository, version, (CHART_CONFIG, config.into_bytes()), (CHART, chart)).await
    }

    /// Push plain manifests as one layer, to `repository:tag`. Returns the manifest's digest.
    pub async fn push_manifests(
        &self,
        repository: &str,
        tag: &str,
        files: &[(&str, &str)],
    ) -> Result<String> {
        let config = ("application/vnd.oci.empty.v1+json", b"{}".to_vec());
        self.push(repository, tag, config, (LAYER, archive::tgz("", files)?)).await
    }

    async fn push(
        &self,
        repository: &str,
        tag: &str,
        config: (&str, Vec<u8>),
        layer: (&str, Vec<u8>),
    ) -> Result<String> {
        let config = self.push_blob(repository, config.0, config.1).await?;
        let layer = self.push_blob(repository, layer.0, layer.1).await?;
        let manifest =
            json!({ "schemaVersion": 2, "mediaType": MANIFEST, "config": config, "layers": [layer] });
        let manifest = manifest.to_string();
        let digest = digest(manifest.as_bytes());
        let url = format!("{}/v2/{repository}/manifests/{tag}", self.url());
        let request = self.client.put(url).header(header::CONTENT_TYPE, MANIFEST).body(manifest);
        self.send(request).await.context("push a manifest")?;
        Ok(digest)
    }

    /// Returns the blob's descriptor.
    async fn push_blob(&self, repository: &str, media_type: &str, content: Vec<u8>) -> Result<Value> {
        let begin = self.client.post(format!("{}/v2/{repository}/blobs/uploads/", self.url()));
        let begun = self.send(begin).await.context("begin to push a blob")?;
        let place = begun.headers().get(header::LOCATION).context("the registry says where to push")?;
        let mut place =
            begun.url().join(place.to_str().context("a location is text")?).context("a location")?;
        let (digest, size) = (digest(&content), content.len());
        place.query_pairs_mut().append_pair("digest", &digest);
        let put =
            self.client.put(place).header(header::CONTENT_TYPE, "application/octet-stream").body(content);
        self.send(put).await.context("push a blob")?;
        Ok(json!({ "mediaType": media_type, "digest": digest, "size": size }))
    }

    async fn send(&self, request: RequestBuilder) -> Result<reqwest::Response> {
        let answer = self.allowed(request).send().await.context("ask the registry")?;
        let status = answer.status();
        ensure!(
            status.is_success(),
            "the registry said {status}: {}",
            answer.text().await.unwrap_or_default()
        );
        Ok(answer)
    }

    fn allowed(&self, request: RequestBuilder) -> RequestBuilder {
        match &self.password {
            Some((username, password)) => request.basic_auth(username, Some(password)),
            None => request,
        }
    }
}

fn digest(content: &[u8]) -> String {
    format!("sha256:{}", hex::encode(Sha256::digest(content)))
}
