//! Which Go modules there are, what is built from each, and the hash that names the result.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};
use sha2::{Digest, Sha256};
use walkdir::WalkDir;

use crate::cache;

pub(super) struct Module {
    /// Under `tests/testbed/go/`.
    pub(super) folder: &'static str,
    pub(super) programs: &'static [Program],
    /// `-X` settings. Argo CD and helm read the Kubernetes version from them; without they would be v0.0.0.
    pub(super) versions: &'static [&'static str],
    /// Folders of a dependency whose files are wanted beside the programs: (module path, folder in it, name here).
    pub(super) files: &'static [(&'static str, &'static str, &'static str)],
}

pub(super) struct Program {
    pub(super) name: &'static str,
    pub(super) package: &'static str,
}

pub(super) const MODULES: &[Module] = &[
    Module {
        folder: "kube",
        programs: &[
            Program { name: "kube", package: "." },
            // Its own binary: inside the multi-call one its --version flag collides with Kubernetes'.
            Program { name: "kwok", package: "sigs.k8s.io/kwok/cmd/kwok" },
            Program { name: "kubectl", package: "k8s.io/kubernetes/cmd/kubectl" },
        ],
        versions: &[
            "k8s.io/component-base/version.gitVersion=v1.36.1",
            "k8s.io/component-base/version.gitMajor=1",
            "k8s.io/component-base/version.gitMinor=36",
            "k8s.io/client-go/pkg/version.gitVersion=v1.36.1",
        ],
        files: &[],
    },
    Module {
        folder: "argocd",
        programs: &[Program { name: "argocd", package: "." }],
        versions: &[
            "k8s.io/client-go/pkg/version.gitVersion=v1.34.0",
            "github.com/argoproj/argo-cd/v3/common.version=3.2.11",
        ],
        files: &[("github.com/argoproj/argo-cd/v3", "manifests/crds", "crds")],
    },
    Module {
        folder: "tools",
        programs: &[
            Program { name: "helm", package: "helm.sh/helm/v3/cmd/helm" },
            Program { name: "kustomize", package: "sigs.k8s.io/kustomize/kustomize/v5" },
            // compose-spec's own parser, for the check of docker-compose.yml.
            Program { name: "compose-check", package: "github.com/compose-spec/compose-go/v2/cmd" },
        ],
        versions: &[],
        files: &[],
    },
];

impl Module {
    pub(super) fn source(&self) -> PathBuf {
        Path::new(env!("CARGO_MANIFEST_DIR")).join("go").join(self.folder)
    }

    /// Where the finished programs of exactly these sources lie, or will.
    pub(super) fn home(&self) -> Result<PathBuf> {
        Ok(cache::folder()?.join("go").join(format!("{}-{}", self.folder, self.key()?)))
    }

    fn key(&self) -> Result<String> {
        let mut hash = Sha256::new();
        hash.update(toolchain()?);
        hash.update(self.versions.join(" "));
        for program in self.programs {
            hash.update(format!("{}={}\n", program.name, program.package));
        }
        let source = self.source();
        for entry in WalkDir::new(&source).sort_by_file_name() {
            let entry = entry.with_context(|| format!("read {}", source.display()))?;
            if entry.file_type().is_file() {
                hash.update(entry.path().strip_prefix(&source)?.as_os_str().as_encoded_bytes());
                hash.update(std::fs::read(entry.path())?);
            }
        }
        Ok(hex::encode(&hash.finalize()[..8]))
    }
}

/// The Go toolchain is part of what a program is built from.
fn toolchain() -> Result<String> {
    let output = Command::new("go")
        .args(["env", "GOVERSION", "GOOS", "GOARCH"])
        .env("GOTOOLCHAIN", "local")
        .output()
        .context("run `go`: install Go 1.26 or later and put it on PATH")?;
    ensure!(output.status.success(), "go env failed: {}", String::from_utf8_lossy(&output.stderr));
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}
