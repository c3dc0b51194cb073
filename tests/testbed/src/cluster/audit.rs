//! What was written to a cluster, as its API server saw it: the oracle of "nothing twice".
//!
//! Only what engines and their keepers write is logged (Argo CD's objects with what was sent, Secrets without), so that
//! it costs the other tests nothing.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use serde_json::Value;

use super::Cluster;

/// Rotated at 200 MB, which no run of tests reaches and no sandbox goes beyond.
pub(super) const LIMITS: [&str; 2] = ["--audit-log-maxsize=200", "--audit-log-maxbackup=1"];

pub(super) const POLICY: &str = r#"{
  "apiVersion": "audit.k8s.io/v1", "kind": "Policy",
  "omitStages": ["RequestReceived", "ResponseStarted"],
  "rules": [
    {"level": "Request", "verbs": ["create", "update", "patch", "delete"], "resources": [{"group": "argoproj.io"}]},
    {"level": "Metadata", "verbs": ["create", "update", "patch", "delete"], "resources": [{"group": "", "resources": ["secrets"]}]},
    {"level": "None"}
  ]
}"#;

/// One request that was to change something.
#[derive(Clone, Debug)]
pub struct Write {
    pub verb: String,
    /// As in the address: `applications`.
    pub resource: String,
    pub namespace: String,
    pub name: String,
    /// Who it was for, by `?fieldManager=`; empty when nobody was named.
    pub manager: String,
    pub status: u64,
    /// What was sent, where it is logged; null for Secrets.
    pub body: Value,
}

/// Where the policy lies, of a cluster in this folder.
pub(super) fn policy_file(folder: &Path) -> PathBuf {
    folder.join("audit-policy.json")
}

/// Where the record is written, of a cluster in this folder.
pub(super) fn log_file(folder: &Path) -> PathBuf {
    folder.join("audit.log")
}

impl Cluster {
    /// Every write so far in this namespace, oldest first; refused ones too.
    pub fn writes(&self, namespace: &str) -> Result<Vec<Write>> {
        let log = std::fs::read_to_string(log_file(&self.facts().folder)).context("read the audit log")?;
        // The last line may still be being written.
        let whole = log.rfind('\n').map_or("", |end| &log[..end]);
        let events =
            whole.lines().map(|line| serde_json::from_str(line).context("read a line of the audit log"));
        let writes: Result<Vec<Option<Write>>> = events.map(|event| Ok(Write::read(&event?))).collect();
        Ok(writes?.into_iter().flatten().filter(|write| write.namespace == namespace).collect())
    }
}

impl Write {
    fn read(event: &Value) -> Option<Self> {
        let text =
            |pointer: &str| event.pointer(pointer).and_then(Value::as_str).unwrap_or_default().to_owned();
        let uri = text("/requestURI");
        let query = uri.split_once('?').map_or("", |(_, query)| query);
        let manager =
            query.split('&').find_map(|pair| pair.strip_prefix("fieldManager=")).unwrap_or_default();
        // A created object has its name in the body only.
        let named = Some(text("/objectRef/name")).filter(|name| !name.is_empty());
        Some(Self {
            verb: text("/verb"),
            resource: event.pointer("/objectRef/resource")?.as_str()?.to_owned(),
            namespace: text("/objectRef/namespace"),
            name: named.unwrap_or_else(|| text("/requestObject/metadata/name")),
            manager: manager.to_owned(),
            status: event.pointer("/responseStatus/code").and_then(Value::as_u64).unwrap_or_default(),
            body: event.get("requestObject").cloned().unwrap_or_default(),
        })
    }
}
