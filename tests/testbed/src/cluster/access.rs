//! A way into a cluster: where it is, whom to trust, who one is. Becomes a kubeconfig, a file, or a client.

use std::path::Path;

use anyhow::{Context, Result};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::certificates::Identity;

#[derive(Clone, Debug)]
pub struct Access {
    pub server: String,
    pub ca_pem: String,
    pub credential: Credential,
}

#[derive(Clone, Debug)]
pub enum Credential {
    Token(String),
    Certificate(Identity),
    Nobody,
}

impl Access {
    /// The same way in, through something that listens on another port (a [`crate::Proxy`]).
    #[must_use]
    pub fn through(mut self, port: u16) -> Self {
        self.server = format!("https://127.0.0.1:{port}");
        self
    }

    /// The same cluster, another credential.
    #[must_use]
    pub fn with(mut self, credential: Credential) -> Self {
        self.credential = credential;
        self
    }

    /// JSON, which is YAML.
    pub fn kubeconfig(&self) -> Value {
        let user = match &self.credential {
            Credential::Token(token) => json!({"token": token}),
            Credential::Certificate(identity) => json!({
                "client-certificate-data": STANDARD.encode(&identity.certificate),
                "client-key-data": STANDARD.encode(&identity.key),
            }),
            Credential::Nobody => json!({}),
        };
        json!({
            "apiVersion": "v1", "kind": "Config", "current-context": "testbed",
            "contexts": [{"name": "testbed", "context": {"cluster": "testbed", "user": "testbed"}}],
            "users": [{"name": "testbed", "user": user}],
            "clusters": [{"name": "testbed", "cluster": {
                "server": self.server,
                "certificate-authority-data": STANDARD.encode(&self.ca_pem),
            }}],
        })
    }

    /// Only for the owner's eyes.
    pub fn write(&self, path: &Path) -> Result<()> {
        use std::io::Write;
        use std::os::unix::fs::OpenOptionsExt;
        let mut file =
            std::fs::OpenOptions::new().create(true).write(true).truncate(true).mode(0o600).open(path)?;
        let text = serde_json::to_string_pretty(&self.kubeconfig())?;
        file.write_all(text.as_bytes()).with_context(|| format!("write {}", path.display()))
    }

    pub async fn client(&self) -> Result<kube::Client> {
        let kubeconfig = kube::config::Kubeconfig::from_yaml(&self.kubeconfig().to_string())?;
        let mut config =
            kube::Config::from_custom_kubeconfig(kubeconfig, &kube::config::KubeConfigOptions::default())
                .await
                .context("make a client configuration")?;
        // Whatever proxy this machine uses, it is not for loopback.
        config.proxy_url = None;
        kube::Client::try_from(config).context("make a client")
    }
}
